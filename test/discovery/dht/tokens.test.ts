import { expect, test } from "vitest";
import { SECRET_MS } from "../../../source/discovery/dht/limits.ts";
import { Tokens } from "../../../source/discovery/dht/tokens.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";

const [ONE, OTHER] = [toInfoHash(new Uint8Array(20).fill(1)), toInfoHash(new Uint8Array(20).fill(2))];
const HERE = "192.0.2.1";

test("a token is good for its address and torrent alone", () => {
  const tokens = new Tokens(0);
  const token = tokens.for(HERE, ONE, 0);
  expect(tokens.isValid(token, HERE, ONE, 0)).toBe(true);
  expect(tokens.isValid(token, "192.0.2.2", ONE, 0)).toBe(false);
  expect(tokens.isValid(token, HERE, OTHER, 0)).toBe(false);
  expect(
    tokens.isValid(
      token.map((byte) => byte ^ 1),
      HERE,
      ONE,
      0,
    ),
  ).toBe(false);
  for (const length of [0, 1, 7, 9, 64]) expect(tokens.isValid(new Uint8Array(length), HERE, ONE, 0)).toBe(false);
  expect(new Tokens(0).isValid(token, HERE, ONE, 0)).toBe(false);
});

test("a token is good while its secret is used and as long again, whenever it was given", () => {
  const tokens = new Tokens(0);
  const [early, late] = [tokens.for(HERE, ONE, 0), tokens.for(HERE, ONE, SECRET_MS - 1)];
  expect(early).toEqual(late);
  expect(tokens.for(HERE, ONE, SECRET_MS)).not.toEqual(early);
  expect(tokens.isValid(early, HERE, ONE, 2 * SECRET_MS - 1)).toBe(true);
  expect(tokens.isValid(early, HERE, ONE, 2 * SECRET_MS)).toBe(false);
});

test("after a long silence no old token is good", () => {
  const tokens = new Tokens(0);
  const token = tokens.for(HERE, ONE, 0);
  expect(tokens.isValid(token, HERE, ONE, 3 * SECRET_MS)).toBe(false);
});
