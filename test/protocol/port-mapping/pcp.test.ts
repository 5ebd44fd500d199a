// PCP and NAT-PMP: requests and answers as they are on the wire, and what a router or a stranger may send instead.
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  encodeMapRequest,
  type MapAnswer,
  type MapRequest,
  NAT_PMP,
  parseMapAnswer,
  PCP,
  type PcpVersion,
} from "../../../source/protocol/port-mapping/pcp.ts";

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const NONCE = "000102030405060708090a0b";
const TCP: MapRequest = {
  protocol: "TCP",
  port: 6_881,
  client: "192.168.1.7",
  lifetimeSeconds: 7_200,
  nonce: bytesOf(NONCE),
};
const UDP: MapRequest = { ...TCP, protocol: "UDP", port: 65_535 };
const END: MapRequest = { ...TCP, lifetimeSeconds: 0 };

/** ::ffff:0.0.0.0, and twelve zeros. */
const [ANY, ZEROS] = ["00000000000000000000ffff00000000", "0".repeat(24)];

const REQUESTS: readonly (readonly [name: string, version: PcpVersion, request: MapRequest, hex: string])[] = [
  ["TCP by NAT-PMP (RFC 6886, 3.3)", NAT_PMP, TCP, "00 02 0000 1ae1 1ae1 00001c20"],
  ["UDP by NAT-PMP", NAT_PMP, UDP, "00 01 0000 ffff ffff 00001c20"],
  ["the end by NAT-PMP, of no port outside (RFC 6886, 3.4)", NAT_PMP, END, "00 02 0000 1ae1 0000 00000000"],
  [
    "TCP by PCP (RFC 6887, 7.1 and 11.1)",
    PCP,
    TCP,
    `02 01 0000 00001c20 00000000000000000000ffffc0a80107 ${NONCE} 06 000000 1ae1 1ae1 ${ANY}`,
  ],
  ["UDP by PCP", PCP, UDP, `02 01 0000 00001c20 00000000000000000000ffffc0a80107 ${NONCE} 11 000000 ffff ffff ${ANY}`],
  [
    "the end by PCP",
    PCP,
    END,
    `02 01 0000 00000000 00000000000000000000ffffc0a80107 ${NONCE} 06 000000 1ae1 1ae1 ${ANY}`,
  ],
];

test.for(REQUESTS)("%s is asked for so", ([, version, request, hex]) => {
  expect(hexOf(encodeMapRequest(version, request))).toBe(hex.replaceAll(" ", ""));
});

test.for([
  ["an IPv6 address", { ...TCP, client: "fe80::1" }],
  ["no address", { ...TCP, client: "router" }],
  ["a short nonce", { ...TCP, nonce: new Uint8Array(11) }],
] as const)("nothing is asked for %s", ([, request]) => {
  expect(() => encodeMapRequest(PCP, request)).toThrow(RangeError);
});

const PCP_TCP = `02 81 00 00 00001c20 00000009 ${ZEROS} ${NONCE} 06 000000 1ae1 1ae1 00000000000000000000ffff08080808`;

const ANSWERS: readonly (readonly [
  name: string,
  version: PcpVersion,
  request: MapRequest,
  hex: string,
  answer: MapAnswer,
  /** It is read from so many bytes on. */
  least: number,
])[] = [
  [
    "TCP by NAT-PMP",
    NAT_PMP,
    TCP,
    "00 82 0000 00000009 1ae1 1ae1 00001c20",
    { type: "mapped", version: NAT_PMP, port: 6_881, lifetimeSeconds: 7_200 },
    16,
  ],
  [
    "another port, for ever, by NAT-PMP",
    NAT_PMP,
    UDP,
    "00 81 0000 00000009 ffff 0001 ffffffff",
    { type: "mapped", version: NAT_PMP, port: 1, lifetimeSeconds: 0xffff_ffff },
    16,
  ],
  ["a refusal by NAT-PMP", NAT_PMP, TCP, "00 82 0002 00000009", { type: "refused", version: NAT_PMP, result: 2 }, 8],
  [
    "a router without PCP (RFC 6886, 3.5)",
    PCP,
    TCP,
    "00 81 0001 00000009",
    { type: "refused", version: NAT_PMP, result: 1 },
    8,
  ],
  ["TCP by PCP", PCP, TCP, PCP_TCP, { type: "mapped", version: PCP, port: 6_881, lifetimeSeconds: 7_200 }, 60],
  [
    "a router without NAT-PMP (RFC 6887, 9)",
    NAT_PMP,
    TCP,
    `02 82 00 01 00000000 00000009 ${ZEROS}`,
    { type: "refused", version: PCP, result: 1 },
    8,
  ],
];

describe.each(ANSWERS)("the answer of %s", (_, version, request, hex, answer, least) => {
  const bytes = bytesOf(hex);

  it("is read so, whatever stands behind it", () => {
    expect(parseMapAnswer(bytes, version, request)).toEqual(answer);
    expect(parseMapAnswer(Buffer.concat([bytes, new Uint8Array(40)]), version, request)).toEqual(answer);
  });

  it("is none while it is not whole, and none that is longer than any", () => {
    for (let length = 0; length < least; length++)
      expect(parseMapAnswer(bytes.subarray(0, length), version, request)).toBeUndefined();
    expect(parseMapAnswer(Buffer.concat([bytes, new Uint8Array(1_101)]), version, request)).toBeUndefined();
  });

  it("is read wherever it stands in its buffer", () => {
    const shifted = Buffer.concat([new Uint8Array(3).fill(0xff), bytes]).subarray(3);
    expect(parseMapAnswer(shifted, version, request)).toEqual(answer);
  });
});

test.for([
  ["a request by NAT-PMP", NAT_PMP, "00 02 0000 1ae1 1ae1 00001c20 00000000"],
  ["a request by PCP", PCP, `02 01 ${PCP_TCP.slice(6)}`],
  ["one of another protocol by NAT-PMP", NAT_PMP, "00 81 0000 00000009 1ae1 1ae1 00001c20"],
  ["one of another port by NAT-PMP", NAT_PMP, "00 82 0000 00000009 1ae2 1ae1 00001c20"],
  ["success by NAT-PMP for who asked by PCP", PCP, "00 82 0000 00000009 1ae1 1ae1 00001c20"],
  ["success by PCP for who asked by NAT-PMP", NAT_PMP, PCP_TCP],
  ["one of another protocol by PCP", PCP, PCP_TCP.replace("06 000000", "11 000000")],
  ["one of another port by PCP", PCP, PCP_TCP.replace("1ae1 1ae1", "1ae2 1ae1")],
  ["one of another nonce by PCP", PCP, PCP_TCP.replace(NONCE, "f".repeat(24))],
  ["another operation of PCP", PCP, PCP_TCP.replace("02 81", "02 82")],
  ["a version that nobody knows", PCP, "03 81 00 01 00000000 00000009"],
] as const)("%s is no answer", ([, version, hex]) => {
  expect(parseMapAnswer(bytesOf(hex), version, TCP)).toBeUndefined();
});

test("any bytes are an answer or none", () => {
  const datagrams = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    // Those that begin as an answer does.
    fc.uint8Array({ minLength: 60, maxLength: 80 }).map((bytes) => {
      bytes.set([PCP, 0x81, 0, 0]);
      return bytes;
    }),
  );
  fc.assert(
    fc.property(datagrams, fc.constantFrom(PCP, NAT_PMP), (bytes, version) => {
      const answer = parseMapAnswer(bytes, version, TCP);
      if (answer?.type === "refused") expect(answer.result).toBeGreaterThan(0);
      if (answer?.type === "mapped") expect(answer.version).toBe(version);
    }),
  );
});
