import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { type TLSSocket, connect } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { run } from "../../tracker/cli.ts";
import { makeCertificate } from "./certificate.ts";
import { startTracker, temporaryFolder } from "./support.ts";

/** Name in the certificate that the tracker shows. */
async function shownBy(port: number): Promise<string> {
  const socket: TLSSocket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return String(socket.getPeerCertificate().subject.CN);
}

test("HTTP and the channel work over TLS, plain text gets no answer, and a new certificate is for those to come", async () => {
  const { pem } = await makeCertificate("first");
  const tracker = await startTracker({ tls: pem });
  const { port } = tracker;
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path: "/health", ca: pem.cert, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject).end();
  });
  expect(status).toBe(200);

  const channel = new WebSocket(`wss://127.0.0.1:${port}/swarm`, ["sta.1"], { ca: pem.cert });
  onTestFinished(() => channel.terminate());
  await once(channel, "open");
  channel.send(JSON.stringify({ type: "hello", peerId: "0".repeat(40), port: 1, agent: "" }));
  expect(JSON.parse(String((await once(channel, "message"))[0]))).toMatchObject({ type: "welcome" });

  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  expect(await shownBy(port)).toBe("first");
  tracker.setCertificate((await makeCertificate("second")).pem);
  expect(await shownBy(port)).toBe("second");
  expect(channel.readyState).toBe(WebSocket.OPEN);
});

test("an address that flooded does not even shake hands", async () => {
  const { pem } = await makeCertificate("first");
  const { port } = await startTracker({ tls: pem, now: () => 0 });
  const from = { localAddress: "127.0.0.66", ca: pem.cert };
  const bad = new WebSocket(`wss://127.0.0.1:${port}/swarm`, ["sta.1"], from);
  onTestFinished(() => bad.terminate());
  await once(bad, "open");
  for (let n = 0; n < 1_000; n++) bad.ping();
  await once(bad, "close");
  const again = connect({ port, host: "127.0.0.1", ...from });
  let shaken = false;
  again.on("secureConnect", () => (shaken = true)).on("error", () => undefined);
  await new Promise((closed) => again.on("close", closed));
  expect(shaken).toBe(false);
  expect(await shownBy(port)).toBe("first");
});

test("SIGHUP reads the files anew, and a certificate that is none is said and not taken", async () => {
  const { cert, key } = await makeCertificate("first");
  let reload = () => undefined as void;
  let end = () => undefined as void;
  const out: string[] = [];
  const err: string[] = [];
  const heard: (() => void)[] = [];
  const io = {
    env: { STA_HOME: await temporaryFolder() },
    out: (line: string) => {
      out.push(line);
      heard.shift()?.();
    },
    err: (line: string) => {
      err.push(line);
      heard.shift()?.();
    },
    isTerminal: true,
    onHangup: (callback: () => void) => void (reload = callback),
    ended: () => new Promise<void>((resolve) => (end = resolve)),
  };
  const until = async (text: string) => {
    while (![...out, ...err].some((line) => line.includes(text))) await new Promise<void>((next) => heard.push(next));
  };
  const ended = run(["--host", "127.0.0.1", "--port", "0", "--cert", cert, "--key", key], io);
  await until("listening");
  const port = Number(/:(\d+)$/.exec(out[0]!)![1]);
  const second = await makeCertificate("second");
  await writeFile(cert, second.pem.cert);
  reload();
  await until("the old certificate stays");
  expect(await shownBy(port)).toBe("first");
  await writeFile(key, second.pem.key);
  reload();
  await until("was read anew");
  expect(await shownBy(port)).toBe("second");
  end();
  expect(await ended).toBe(0);
});

test("a certificate that cannot be used stops the start, in a sentence", async () => {
  const { key } = await makeCertificate("x");
  const err: string[] = [];
  const io = {
    env: { STA_HOME: await temporaryFolder() },
    out: () => undefined,
    err: (line: string) => err.push(line),
    isTerminal: true,
    onHangup: () => undefined,
    ended: () => Promise.resolve(),
  };
  expect(await run(["--port", "0", "--cert", "/no/such", "--key", key], io)).toBe(1);
  expect(await run(["--port", "0", "--cert", key, "--key", key], io)).toBe(1);
  expect(err).toEqual([
    expect.stringMatching(/^sta-tracker: \/no\/such with .* is no certificate that can be used: ENOENT/),
    expect.stringContaining("is no certificate that can be used"),
  ]);
});
