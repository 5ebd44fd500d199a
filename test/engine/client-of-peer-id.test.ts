import { describe, expect, it } from "vitest";
import { clientOfPeerId } from "../../source/engine/client-of-peer-id.ts";
import { toPeerId } from "../../source/protocol/ids.ts";

const nameOf = (id: string) => clientOfPeerId(toPeerId(Buffer.from(id.padEnd(20, "\xff"), "latin1")));

describe("a peer id", () => {
  it.each([
    ["-TR3000-", "Transmission 3.0.0"],
    ["-SA0100-", "sta 0.1.0"],
    ["-qB4520-", "qBittorrent 4.5.2"],
    ["-ZZ12A0-", "ZZ 1.2.A"],
    ["A2-1-36-0-", "aria2 1.36.0"],
  ])("%s names %s", (id, client) => expect(nameOf(id)).toBe(client));

  it.each(["", "-TR30", "TR3000--", "-T\x1b3000-", "A2-1-36-", "-tr300!-", "\0\0\0\0\0\0\0\0"])("%j names none", (id) =>
    expect(nameOf(id)).toBeUndefined(),
  );
});
