import { expect, test } from "vitest";
import { connectionProblem, trackerErrorOf } from "../../source/discovery/channel-errors.ts";
import { TrackerError } from "../../source/protocol/errors.ts";

test.for([
  ["not-found", "not-found"],
  ["not-published", "not-found"],
  ["no-holder", "no-holder"],
  ["ambiguous", "ambiguous"],
  ["full", "refused"],
  ["bad-torrent", "refused"],
  ["of a later version", "refused"],
])("the tracker's error %s is our %s, in the tracker's words", ([code, ours]) => {
  const error = trackerErrorOf({ type: "error", code: code!, text: "its\u001b words" });
  expect(error).toBeInstanceOf(TrackerError);
  expect(error).toMatchObject({ code: ours, message: "its\u001b words" });
});

const of = (code: string | undefined, message = "") =>
  connectionProblem(Object.assign(new Error(message), code && { code }), "::1", "[::1]:5000");

test.for([
  ["ECONNREFUSED", "no tracker answers at [::1]:5000"],
  ["ENOTFOUND", "the name ::1 is not known"],
  ["EAI_AGAIN", "the name ::1 is not known"],
  ["EHOSTUNREACH", "[::1]:5000 cannot be reached"],
  ["ENETUNREACH", "[::1]:5000 cannot be reached"],
  ["ETIMEDOUT", "[::1]:5000 cannot be reached"],
  ["ECONNRESET", "the connection to [::1]:5000 was lost"],
  ["EPIPE", "the connection to [::1]:5000 was lost"],
])("%s reads: %s", ([code, sentence]) => {
  expect(of(code)).toBe(sentence);
});

test("what answers but speaks something else is named so", () => {
  for (const message of [
    "Unexpected server response: 404",
    "Server sent no subprotocol",
    "Parse Error: Expected HTTP/",
  ])
    expect(of(undefined, message)).toBe(`[::1]:5000 answers, but is no sta-tracker (${message})`);
  expect(of("HPE_INVALID_CONSTANT", "Parse Error: x")).toContain("is no sta-tracker");
});

test("an error nobody thought of is told in its own words", () => {
  expect(of("EMFILE", "too many open files")).toBe("[::1]:5000 cannot be reached: too many open files");
});
