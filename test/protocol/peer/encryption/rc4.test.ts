import { expect, test } from "vitest";
import { Rc4 } from "../../../../source/protocol/peer/encryption/rc4.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// RFC 6229: key streams from offset 1024 on.
test.each([
  ["0102030405", "30abbcc7c20b01609f23ee2d5f6bb7df"],
  ["0102030405060708090a0b0c0d0e0f10", "bdf0324e6083dcc6d3cedd3ca8c53c16"],
])("the key %s gives the stream of RFC 6229 behind its first 1 024 bytes", (key, stream) => {
  expect(hex(new Rc4(Buffer.from(key, "hex")).apply(new Uint8Array(16)))).toBe(stream);
});

test("what was encrypted is decrypted, however it is cut", () => {
  const key = new Uint8Array(20).fill(9);
  const [one, other] = [new Rc4(key), new Rc4(key)];
  const text = Uint8Array.from({ length: 1_000 }, (_, i) => i & 0xff);
  const sealed = one.apply(Uint8Array.from(text));
  expect(hex(sealed)).not.toBe(hex(text));
  for (let at = 0; at < sealed.length; at += 37) other.apply(sealed.subarray(at, at + 37));
  expect(hex(sealed)).toBe(hex(text));
});
