import { expect, onTestFinished, test, vi } from "vitest";
import { run } from "../../source/commands/get.ts";
import type { DisplayText, Reply } from "../../source/control/contract.ts";
import { sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";

const NAME = "new.iso";
const whole = transferRow(NAME, { state: "seeding", heldPieces: 24, summary: "new.iso: fast" as DisplayText });
const half = transferRow(NAME, { heldPieces: 12 });

function accept(infoHash: string) {
  return () => ({ ok: true as const, text: "new.iso: downloading." as DisplayText, infoHash });
}

test("it ends when the file is there, also when the answer comes before the snapshot", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  engine.answer = () => {
    setImmediate(() => engine.show({ ...sampleSnapshot(), transfers: [half] }));
    setTimeout(() => engine.show({ ...sampleSnapshot(), transfers: [whole] }), 20);
    return accept(whole.infoHash)();
  };
  expect(await run([NAME], optionsOf(home))).toBe(0);
  expect(heard.out).toBe("new.iso: fast\n");
  expect(engine.commands).toEqual([{ method: "download", target: NAME }]);
});

test("--json has one line at the end with what came", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine({ ...sampleSnapshot(), transfers: [whole] });
  engine.answer = accept(whole.infoHash);
  expect(await run([NAME], optionsOf(home, { json: true, peer: ["10.0.0.1:6881"] }))).toBe(0);
  expect(JSON.parse(heard.out.trim().split("\n").at(-1)!)).toEqual({
    event: "done",
    infoHash: whole.infoHash,
    name: NAME,
    bytes: whole.length,
    seconds: expect.any(Number) as number,
  });
  expect(engine.commands).toEqual([{ method: "download", target: NAME, peers: ["10.0.0.1:6881"] }]);
});

test("without a terminal, why nothing comes is said once", async () => {
  const waiting = { ...half, state: "waiting" as const, reason: "no peer is connected" as DisplayText };
  const heard = listen();
  const { home, engine } = await startScriptedEngine({ ...sampleSnapshot(), transfers: [half] });
  engine.answer = () => {
    engine.show({ ...sampleSnapshot(), transfers: [waiting] });
    setTimeout(() => engine.show({ ...sampleSnapshot(), transfers: [{ ...waiting, downloadedBytes: 1 }] }), 1_100);
    setTimeout(() => engine.show({ ...sampleSnapshot(), transfers: [whole] }), 1_200);
    return accept(half.infoHash)();
  };
  expect(await run([NAME], optionsOf(home))).toBe(0);
  expect(heard.err).toBe("new.iso: downloading.\nnew.iso: waiting: no peer is connected\n");
});

test("a refusal is told and exits 1", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  engine.answer = () => ({ ok: false, code: "not-found", text: "File does not exist in the swarm: x" as DisplayText });
  expect(await run(["x"], optionsOf(home))).toBe(1);
  expect(heard).toEqual({ out: "", err: "sta: File does not exist in the swarm: x\n" });
});

test("a fault of the transfer is told and exits 1", async () => {
  const heard = listen();
  const failed = { ...half, state: "error" as const, reason: "the disk is full" as DisplayText };
  const { home, engine } = await startScriptedEngine({ ...sampleSnapshot(), transfers: [failed] });
  engine.answer = accept(failed.infoHash);
  expect(await run([NAME], optionsOf(home))).toBe(1);
  expect(heard.err).toContain("new.iso: the disk is full");
});

test("an engine that goes meanwhile is told and exits 1", async () => {
  const heard = listen();
  const { home, engine, server } = await startScriptedEngine({ ...sampleSnapshot(), transfers: [half] });
  engine.answer = () => {
    setTimeout(() => void server.close(), 20);
    return accept(half.infoHash)();
  };
  expect(await run([NAME], optionsOf(home))).toBe(1);
  expect(heard.err).toContain("The engine has gone");
});

test("a transfer that is removed meanwhile is told and exits 1", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine({ ...sampleSnapshot(), transfers: [half] });
  engine.answer = () => {
    setTimeout(() => engine.show({ ...sampleSnapshot(), transfers: [] }), 20);
    return accept(half.infoHash)();
  };
  expect(await run([NAME], optionsOf(home))).toBe(1);
  expect(heard.err).toContain("new.iso was removed");
});

test("who waits for the answer is told for what, once, and not when it comes at once", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  let answer: (reply: Reply) => void = () => undefined;
  engine.answer = () => new Promise((resolve) => (answer = resolve));
  const getting = run(["magnet:?xt=urn:btih:" + "a".repeat(40)], optionsOf(home));
  await vi.waitUntil(() => engine.commands.length > 0);
  expect(heard.err).toBe("");
  vi.advanceTimersByTime(60_000);
  expect(heard.err).toBe("Looking for what this is; that takes a minute at most.\n");
  answer({ ok: false, code: "no-holder", text: "No peer told what it is." as DisplayText });
  expect(await getting).toBe(1);
});
