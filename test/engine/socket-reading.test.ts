import { connect, createServer, type Server, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { takeOver } from "../../source/engine/socket-reading.ts";

/** A server, a socket that dialled it, and the one that it accepted. */
async function pair(): Promise<{ server: Server; dialled: Socket; accepted: Socket }> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server = createServer({ pauseOnConnect: true }, resolve);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const dialled = connect((server.address() as { port: number }).port, "127.0.0.1");
  dialled.on("error", () => undefined);
  onTestFinished(() => void dialled.destroy());
  return { server, dialled, accepted: await promise };
}

describe("an accepted socket that was taken over", () => {
  it("is read in order into one buffer, also what came before", async () => {
    const { server, dialled, accepted } = await pair();
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i & 0xff));
    dialled.end(sent);
    const received: Buffer[] = [];
    const buffers = new Set<ArrayBufferLike>();
    const receive = (chunk: Uint8Array) => {
      buffers.add(chunk.buffer);
      received.push(Buffer.from(chunk));
    };
    const raw = takeOver(accepted, () => ({ receive, mostReadBytes: Infinity }))!;
    await new Promise((resolve) => raw.once("close", resolve));
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(buffers.size).toBe(1);
    await new Promise((resolve) => server.close(resolve));
  });

  it("writes, stops reading and goes on, and knows who is at the other end", async () => {
    const { server, dialled, accepted } = await pair();
    const { remotePort } = accepted;
    let heard = Promise.withResolvers<string>();
    const raw = takeOver(accepted, () => ({
      receive: (chunk) => heard.resolve(Buffer.from(chunk).toString()),
      mostReadBytes: Infinity,
    }))!;
    expect([raw.remoteAddress, raw.remotePort]).toEqual(["127.0.0.1", remotePort]);
    dialled.write("one");
    expect(await heard.promise).toBe("one");
    heard = Promise.withResolvers();
    raw.pause();
    dialled.write("two");
    const answered = new Promise<string>((resolve) => dialled.once("data", (chunk) => resolve(chunk.toString())));
    raw.write("hello");
    expect(await answered).toBe("hello");
    raw.resume();
    expect(await heard.promise).toBe("two");
    raw.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it("is read no more at once than its reader wants, however that changes", async () => {
    const { server, dialled, accepted } = await pair();
    const most = [50_000, 5_000, 10, Infinity, 2_000];
    const reads: [most: number, bytes: number][] = [];
    let at = 0;
    const receive = ({ length }: Uint8Array) => reads.push([most[at % most.length]!, length]);
    const reader = {
      receive,
      get mostReadBytes() {
        return most[++at % most.length]!;
      },
    };
    dialled.end(new Uint8Array(400_000));
    const raw = takeOver(accepted, () => reader)!;
    await new Promise((resolve) => raw.once("close", resolve));
    expect(reads.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(400_000);
    for (const [wanted, bytes] of reads) expect(bytes).toBeLessThanOrEqual(Math.max(1_024, wanted));
    expect(reads.length).toBeGreaterThan(5);
    await new Promise((resolve) => server.close(resolve));
  });

  it("is none when the connection is over already, and its server can close", async () => {
    const { server, accepted } = await pair();
    accepted.destroy();
    expect(takeOver(accepted, () => undefined)).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
  });
});
