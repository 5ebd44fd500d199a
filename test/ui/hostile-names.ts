// Names that command terminals, hide in them or are wider than they look, in every text that the viewer shows.
import type { Snapshot } from "../../source/control/contract.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import {
  announceRow,
  broadcastRow,
  catalogueRow,
  fileRow,
  logRow,
  peerRow,
  sampleSnapshot,
  transferRow,
} from "../helpers/scripted-client.ts";

export const HOSTILE_NAMES: readonly string[] = [
  "\u001b[2J\u001b[1;1Howned",
  "\u001b]0;title\u0007",
  "\u001b]8;;http://evil\u0007link\u001b]8;;\u0007",
  "\u001b]52;c;ZXZpbA==\u0007",
  "a\r\nb\u009b5mc\tend",
  "\u202egpj.exe\u2066",
  `z${"\u0301".repeat(50)}`,
  "\u001b[31mred",
  "e\u0007\u0008\u007f\u0000",
  "\ud83d\ude00\u200d\ud83d\udc69\ufe0f smile",
  "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67\u200d\ud83d\udc66 family",
  "\ud83d\udc4d\ud83c\udffd thumb, \u2764\ufe0f heart, 1\ufe0f\u20e3 key",
  "\ud83c\udde9\ud83c\uddea flag \ud83c\udff4\u200d\u2620\ufe0f",
  "写真集 2025 夏休み フルカラー版 高画質 完全収録 特典映像付き 第一巻 第二巻 第三巻 総集編.zip",
  "\uff26\uff55\uff4c\uff4c\uff57\uff49\uff44\uff54\uff48 \uff76\uff9e\uff77\uff9e",
  "한국어 \u1112\u1161\u11ab\u1100\u1173\u11af 자모",
  "שלום עולם.avi",
  "مرحبا بالعالم.mkv",
  "ไทย น้ำ กำ.mp3",
  "क्षत्रिय स्क्रीन.mkv বাংলা অক্ষর ភាសាខ្មែរ മലയാളം ക്ഷ",
  "e\u0301\u0302 o\u0308 combining \u0301first",
  "\ud83d\ude00".repeat(200),
  "\udc00lone\ud800",
];

/** The sample with a hostile name in each place that takes a text of strangers. */
export function hostileSnapshot(): Snapshot {
  const sample = sampleSnapshot();
  const names = HOSTILE_NAMES.map(displayText);
  return {
    ...sample,
    engine: { ...sample.engine, alerts: [names[0]!, names[1]!], folder: names[13]! },
    trackers: names.slice(0, 3).map((address) => ({ ...sample.trackers[0]!, address })),
    catalogue: HOSTILE_NAMES.map((name) => catalogueRow(name)),
    transfers: HOSTILE_NAMES.map((name, index) =>
      transferRow(name, {
        heldPieces: 3,
        state: index % 2 === 0 ? "error" : "downloading",
        downBytesPerSecond: index * 1e6,
        downHistory: [index, 2 * index, 3],
        reason: index % 2 === 0 ? displayText(name) : displayText(""),
        folder: displayText(name),
        summary: index % 3 === 0 ? displayText(`${name}: 1 MB`) : null,
        peers: names.map((text, peer) =>
          peerRow(`10.0.0.${peer}:1`, {
            address: peer % 2 === 0 ? text : displayText(`10.0.0.${peer}:1`),
            client: text,
            idle: text,
            piece: peer % 3 === 0 ? peer : null,
          }),
        ),
        fileCount: 2000,
        files: HOSTILE_NAMES.map((path, file) => fileRow(file, `folder/${path}/${path}`, 1000, 500)),
        trackers: names.map((text, tier) =>
          announceRow("", { address: text, tier, state: "failing", problem: text, nextAnnounceAt: 5 }),
        ),
        log: HOSTILE_NAMES.map((text, seq) => logRow(seq, text)),
      }),
    ),
    broadcasts: HOSTILE_NAMES.map((name, seq) => broadcastRow(seq, "notice", name)),
  };
}
