import { expect, test } from "vitest";
import { AddressVotes } from "../../../source/discovery/dht/address-votes.ts";
import { MAX_VOTES, VOTES_NEEDED } from "../../../source/discovery/dht/limits.ts";

const voter = (n: number) => `80.0.${n}.1`;
const OURS = "198.51.100.7";

test("our address is what enough of different networks say", () => {
  const votes = new AddressVotes();
  for (let i = 1; i < VOTES_NEEDED; i++) expect(votes.add(voter(i), OURS)).toBeUndefined();
  expect(votes.add(voter(VOTES_NEEDED), OURS)).toBe(OURS);
});

test("one network has one vote, however many speak in it", () => {
  const votes = new AddressVotes();
  for (let i = 0; i < 3 * VOTES_NEEDED; i++) expect(votes.add(`80.0.0.${i}`, OURS)).toBeUndefined();
});

test("what half of them say is not clear, and later ones count", () => {
  const votes = new AddressVotes();
  for (let i = 0; i < VOTES_NEEDED; i++) votes.add(voter(100 + i), "203.0.113.1");
  for (let i = 0; i < VOTES_NEEDED; i++) expect(votes.add(voter(i), OURS)).toBeUndefined();
  expect(votes.add(voter(99), OURS)).toBe(OURS);
  for (let i = 0; i < MAX_VOTES; i++) votes.add(voter(200 + i), "203.0.113.2");
  expect(votes.add(voter(250), "203.0.113.2")).toBe("203.0.113.2");
});

test("nobody inside of a network of one's own votes, and none of its addresses is elected", () => {
  const votes = new AddressVotes();
  for (let i = 0; i < 30; i++) {
    expect(votes.add(`10.0.${i}.1`, OURS)).toBeUndefined();
    expect(votes.add(voter(i), "192.168.1.2")).toBeUndefined();
    expect(votes.add(voter(i), "127.0.0.1")).toBeUndefined();
  }
});
