// sta doctor: how the engine itself does, and what helps where it does badly.
import type { Doctor, TrackerStatus } from "../control/contract.ts";
import { countText } from "../protocol/count-text.ts";
import { bytesText } from "../engine/transfer-summary.ts";
import { withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";

export function run(_operands: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const reply = await engine.send({ method: "doctor" });
    if (!reply.ok) return fail(reply.text);
    if (options.json) printJson(reply.doctor!);
    else for (const line of lines(reply.doctor!, engine.getSnapshot().trackers)) print(line);
    return EXIT.done;
  });
}

function lines(doctor: Doctor, trackers: readonly TrackerStatus[]): string[] {
  const reached = trackers.filter(({ reachable }) => reachable).map(({ address }) => `, dialled by ${address}`);
  const { loopDelayMs, descriptors } = doctor;
  const limit = descriptors.limit === null ? "" : ` of ${descriptors.limit}`;
  const figures = [
    `engine       ${doctor.version}, process ${doctor.pid}, up for ${doctor.uptimeSeconds} s, ${doctor.cpuSeconds} s of CPU`,
    `loop delay   ${loopDelayMs.median} ms median, ${loopDelayMs.p99} ms 99th percentile, ${loopDelayMs.max} ms at most`,
    `memory       ${bytesText(doctor.rssBytes)} resident, ${bytesText(doctor.heapBytes)} heap, ${bytesText(doctor.bufferBytes)} buffers`,
    `descriptors  ${descriptors.open}${limit}`,
    `peers        ${doctor.peers} connected, ${doctor.dialing} being dialled, port ${doctor.port}${reached.join("")}`,
    `waiting      ${bytesText(doctor.pieceBytes)} of pieces, ${bytesText(doctor.socketBytes)} in sockets`,
    `transfers    ${doctor.transfers}`,
    `DHT          ${dhtText(doctor.dht)}`,
    `LAN          ${lanText(doctor.lan)}`,
    `router       ${routerText(doctor.portMapping)}`,
  ];
  return [...figures, ...(doctor.findings.length === 0 ? ["All is well."] : doctor.findings)];
}

function dhtText(dht: Doctor["dht"]): string {
  if (dht === null) return "not used (--no-dht)";
  if (dht.state === "idle") return "nothing is looked for";
  const { state, port, nodes, torrents, searches, storedPeers } = dht;
  const kept = `${countText(storedPeers, "peer")} kept for others`;
  return `${state}, UDP port ${port}, ${countText(nodes, "node")}, ${countText(torrents, "torrent")} (${searches} searched now), ${kept}`;
}

function lanText(lan: Doctor["lan"]): string {
  if (lan === null) return "not used (--no-lan, or --host of this machine alone)";
  if (lan.state === "idle") return "nothing is looked for";
  if (lan.state === "alone") return "this machine has no private address in a network";
  const { state, networks, torrents, heard } = lan;
  const where = networks.length > 0 ? ` on ${networks.join(", ")}` : "";
  return `${state}${where}, ${countText(torrents, "torrent")}, ${countText(heard, "peer")} heard`;
}

function routerText(mapping: Doctor["portMapping"]): string {
  if (mapping === null) return "not asked to forward the port (--no-port-mapping, or --host of this machine alone)";
  const { state, router, way, ports, problem } = mapping;
  const forwarded = ports.map(({ protocol, port }) => `${protocol} port ${port}`).join(" and ");
  switch (state) {
    case "idle":
      return "not asked yet, for no transfer goes on";
    case "asking":
      return "is asked to forward the port";
    case "needless":
      return "none stands before this machine";
    case "working":
      return `${router} forwards ${forwarded} (${way})${problem === null ? "" : `, but not all: ${problem}`}`;
    case "failed":
      return `forwards nothing: ${problem}`;
    default:
      return state satisfies never;
  }
}
