// A router that is asked by datagrams, over loopback: one that speaks PCP, one of before, a stranger, and none.
import { createSocket } from "node:dgram";
import { expect, onTestFinished, test, vi } from "vitest";
import { PcpRouter } from "../../../source/discovery/port-mapping/pcp-router.ts";
import type { WantedPort } from "../../../source/discovery/port-mapping/router.ts";
import { GATEWAY, hearing } from "./support.ts";

const TCP: WantedPort = { protocol: "TCP", port: 6_881 };
const { signal } = new AbortController();

/** A NAT-PMP router's answer: to PCP that it does not speak it. */
const natPmp = (bytes: Uint8Array, changed: Partial<{ result: number; external: number }> = {}): Uint8Array => {
  const out = Buffer.alloc(16);
  out[1] = 0x80 | bytes[1]!;
  if (bytes[0] !== 0) out.writeUInt16BE(1, 2);
  else {
    out.writeUInt16BE(changed.result ?? 0, 2);
    bytes.subarray(4, 8).forEach((byte, at) => (out[8 + at] = byte));
    if (changed.external !== undefined && out.readUInt16BE(10) !== 0) out.writeUInt16BE(changed.external, 10);
    bytes.subarray(8, 12).forEach((byte, at) => (out[12 + at] = byte));
  }
  return out;
};

/** A PCP router's answer: what it was asked. */
const pcp = (bytes: Uint8Array, result = 0): Uint8Array => {
  const out = Buffer.from(bytes);
  out[1]! |= 0x80;
  out[3] = result;
  return out;
};

const routerAt = (port: number, resendMs?: readonly number[]) =>
  new PcpRouter({ ...GATEWAY, nonce: new Uint8Array(12).fill(7), port, ...(resendMs && { resendMs }) });

test("a port is forwarded by PCP, asked for from our address, and ended with the same nonce", async () => {
  const { heard, from, port } = await hearing((bytes) => [pcp(bytes)]);
  const mapping = await routerAt(port).map(TCP, signal);
  expect(mapping).toMatchObject({ wanted: TCP, way: "PCP", lifetimeSeconds: 7_200 });
  await mapping.end(signal);
  expect(heard.map((bytes) => Buffer.from(bytes).readUInt32BE(4))).toEqual([7_200, 0]);
  expect(heard[1]!.subarray(24, 36)).toEqual(heard[0]!.subarray(24, 36));
  expect([...from]).toEqual([GATEWAY.localAddress]);
});

test("who does not speak PCP is asked by NAT-PMP at once", async () => {
  const { heard, port } = await hearing((bytes) => [natPmp(bytes)]);
  const mapping = await routerAt(port).map({ ...TCP, protocol: "UDP" }, signal);
  expect(mapping).toMatchObject({ way: "NAT-PMP", lifetimeSeconds: 7_200 });
  await mapping.end(signal);
  expect(heard.map(([version, operation]) => [version, operation])).toEqual([
    [2, 1],
    [0, 1],
    [0, 1],
  ]);
});

test("what is lost is sent again, and who is silent for PCP is asked by NAT-PMP too", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { heard, untilHeard, port } = await hearing((bytes) => (heard.length > 4 ? [natPmp(bytes)] : []));
    const mapped = routerAt(port).map(TCP, signal);
    for (const [count, waitMs] of [250, 500, 1_000, 250].entries()) {
      await untilHeard(count + 1);
      await vi.advanceTimersByTimeAsync(waitMs - 1);
      expect(heard).toHaveLength(count + 1);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(await mapped).toMatchObject({ way: "NAT-PMP" });
    expect(heard.map(([version]) => version)).toEqual([2, 2, 2, 0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

test("who never answers is silent, and so is a port where nobody is", async () => {
  const { port } = await hearing(() => []);
  const silent = { name: "RouterError", code: "silent", message: "does not answer" };
  await expect(routerAt(port, [1, 1]).map(TCP, signal)).rejects.toMatchObject(silent);
  const gone = createSocket("udp4");
  await new Promise<void>((bound) => gone.bind(0, "127.0.0.1", bound));
  const { port: nobody } = gone.address();
  await new Promise<void>((closed) => gone.close(closed));
  await expect(routerAt(nobody, [60_000]).map(TCP, signal)).rejects.toMatchObject(silent);
});

test("an address that is not ours, and a gateway without a route, are silence", async () => {
  const { port } = await hearing((bytes) => [pcp(bytes)]);
  const options = { ...GATEWAY, nonce: new Uint8Array(12), port, resendMs: [60_000] };
  for (const wrong of [{ localAddress: "192.0.2.1" }, { host: "255.255.255.255" }])
    await expect(new PcpRouter({ ...options, ...wrong }).map(TCP, signal)).rejects.toMatchObject({ code: "silent" });
});

test.for([
  ["PCP", (bytes: Uint8Array) => pcp(bytes, 2), "does not want to forward it (PCP, result 2)"],
  ["NAT-PMP", (bytes: Uint8Array) => natPmp(bytes, { result: 4 }), "does not want to forward it (NAT-PMP, result 4)"],
] as const)("a refusal by %s is one, of whoever speaks that alone", async ([, answer, message]) => {
  const { heard, port } = await hearing((bytes) => [answer(bytes)]);
  await expect(routerAt(port, [5, 5]).map(TCP, signal)).rejects.toMatchObject({ code: "refused", message });
  expect(heard[0]).toHaveLength(60);
});

test("what PCP leaves to nobody else is had by NAT-PMP, and of two refusals the first is told", async () => {
  const kind = await hearing((bytes) => [bytes[0] === 2 ? pcp(bytes, 2) : natPmp(bytes)]);
  expect(await routerAt(kind.port).map(TCP, signal)).toMatchObject({ way: "NAT-PMP" });
  const unkind = await hearing((bytes) => [bytes[0] === 2 ? pcp(bytes, 8) : natPmp(bytes, { result: 2 })]);
  const message = "does not want to forward it (PCP, result 8)";
  await expect(routerAt(unkind.port).map(TCP, signal)).rejects.toMatchObject({ code: "refused", message });
});

test("another port than that is given back, and said", async () => {
  const { heard, port } = await hearing((bytes) => [natPmp(bytes, { external: 40_000 })]);
  await expect(routerAt(port).map(TCP, signal)).rejects.toMatchObject({
    code: "refused",
    message: "has given port 6881 to another machine, and offers 40000 (--port)",
  });
  expect(Buffer.from(heard.at(-1)!).readUInt32BE(8)).toBe(0);
});

test("nonsense, and answers to others, are passed over", async () => {
  const { port } = await hearing((bytes) => {
    const others = Buffer.from(pcp(bytes));
    others[24]! ^= 1;
    return [new Uint8Array(0), Buffer.from("x"), Buffer.alloc(1_200, 0x82), others, pcp(bytes)];
  });
  expect(await routerAt(port).map(TCP, signal)).toMatchObject({ way: "PCP" });
});

test("what a stranger answers is not heard", async () => {
  const stranger = createSocket("udp4");
  onTestFinished(() => void stranger.close());
  const { heard, port } = await hearing((bytes, to) => {
    stranger.send(pcp(bytes), to.port, to.host);
    return [];
  });
  await expect(routerAt(port, [20, 20]).map(TCP, signal)).rejects.toMatchObject({ code: "silent" });
  expect(heard).toHaveLength(4);
});

test("who gives up waits no longer", async () => {
  const { untilHeard, port } = await hearing(() => []);
  const ending = new AbortController();
  const mapped = routerAt(port, [60_000]).map(TCP, ending.signal);
  await untilHeard(1);
  ending.abort();
  await expect(mapped).rejects.toMatchObject({ code: "silent" });
  await expect(routerAt(port, [60_000]).map(TCP, ending.signal)).rejects.toMatchObject({ code: "silent" });
});
