import { createDiffieHellman } from "node:crypto";
import { expect, test } from "vitest";
import { publicKey, sharedSecret } from "../../../../source/protocol/peer/encryption/diffie-hellman.ts";

const PRIME =
  "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563";

test("both sides come to the same, and to what OpenSSL comes to", () => {
  const mine = Uint8Array.from({ length: 20 }, (_, i) => 200 - i);
  const theirs = createDiffieHellman(PRIME, "hex", Uint8Array.of(2));
  theirs.generateKeys();
  const their = theirs.getPublicKey();
  const secret = sharedSecret(mine, Buffer.concat([Buffer.alloc(96 - their.length), their]));
  const padded = Buffer.concat([Buffer.alloc(96), theirs.computeSecret(publicKey(mine))]).subarray(-96);
  expect(Buffer.from(secret!).equals(padded)).toBe(true);
});

test("a public key has 96 bytes, however small it is", () => {
  const one = publicKey(Uint8Array.of(1));
  expect([one.length, one[95], one.findIndex((byte) => byte !== 0)]).toEqual([96, 2, 95]);
});
