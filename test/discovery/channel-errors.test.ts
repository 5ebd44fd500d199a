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

const of = (code: string | undefined, message = "", opened = true) =>
  connectionProblem(Object.assign(new Error(message), code && { code }), "::1", "[::1]:5000", opened);

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

test("a connection that is closed before it stands is no lost one", () => {
  expect(of("ECONNRESET", "", false)).toMatch(/^\[::1\]:5000 closes connections at once: .*https:/);
});

test.for([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_HAS_EXPIRED",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
])("%s is told as a certificate that is not trusted, and what helps", (code) => {
  expect(of(code, "why")).toMatch(/^the certificate of \[::1\]:5000 is not trusted \(why\); NODE_EXTRA_CA_CERTS /);
});

test("TLS with who does not speak it is told as that", () => {
  expect(of("EPROTO", "wrong version number")).toBe("[::1]:5000 does not speak TLS: name it without https://");
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
