import { expect, test } from "vitest";
import { MAX_PUBLISH_BYTES, publishableInfoHash } from "../../source/discovery/publishable.ts";
import { TrackerError } from "../../source/protocol/errors.ts";
import { torrentOf } from "../tracker/support.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

test("the info hash is of the bytes of info as they stand, whatever is around them", () => {
  const { bytes, infoHash } = torrentOf("x", 2);
  expect(publishableInfoHash(bytes)).toBe(infoHash);
  const around = Buffer.concat([bytesOf("d8:announce3:url"), bytes.subarray(1)]);
  expect(publishableInfoHash(new Uint8Array(around))).toBe(infoHash);
  // SHA-1 of "d1:b0:1:a0:e": its keys are unsorted, and stay so.
  expect(publishableInfoHash(bytesOf("d4:infod1:b0:1:a0:ee"))).toBe("f15245b5857add795effd9316e294d47fed97aae");
});

test.for([
  ["nothing", ""],
  ["no bencode", "x"],
  ["a number", "i1e"],
  ["a list", "le"],
  ["a dictionary without info", "d5:other0:e"],
  ["one that ends before info does", "d4:infod"],
  ["lists without end", "l".repeat(100_000)],
] as const)("%s is no torrent", ([, text]) => {
  expect(() => publishableInfoHash(bytesOf(text))).toThrow(TrackerError);
  expect(() => publishableInfoHash(bytesOf(text))).toThrow("These bytes are no torrent and cannot be published.");
});

test("one byte more than 10 MB is too big, before anything is read", () => {
  const error = (size: number) => {
    try {
      return publishableInfoHash(new Uint8Array(size));
    } catch (caught) {
      return (caught as TrackerError).code;
    }
  };
  expect(MAX_PUBLISH_BYTES).toBe(10_000_000);
  expect(error(MAX_PUBLISH_BYTES)).toBe("malformed");
  expect(error(MAX_PUBLISH_BYTES + 1)).toBe("too-big");
});
