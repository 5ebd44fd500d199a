// An engine that says what a test tells it to: for frames, keys and pictures. Runs as plain TypeScript, without a build.
import type {
  AnnounceRow,
  BroadcastRow,
  CatalogueRow,
  Command,
  EngineClient,
  FilePriority,
  FileRow,
  LogRow,
  InspectedTorrent,
  PeerRow,
  Reply,
  Snapshot,
  TransferRow,
} from "../../source/control/contract.ts";
import { displayText } from "../../source/protocol/display-text.ts";

export class ScriptedClient implements EngineClient {
  /** What was asked for, oldest first. */
  readonly commands: Command[] = [];
  /** Answers each command; by default all is well. */
  answer: (command: Command) => Reply | Promise<Reply> = ({ method }) => ({
    ok: true,
    text: displayText(`${method}: done.`),
    ...(method === "inspect" && { torrent: inspectedTorrent() }),
  });
  closed = false;
  readonly #listeners = new Set<() => void>();
  #snapshot: Snapshot;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  getSnapshot(): Snapshot {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async send(command: Command): Promise<Reply> {
    this.commands.push(command);
    return this.answer(command);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The engine shows `snapshot` from now on. */
  show(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }

  /** The engine shows what `change` makes of what it showed. */
  change(change: (snapshot: Snapshot) => Snapshot): void {
    this.show(change(this.#snapshot));
  }
}

/** 14:02:00 UTC on a day in 2026. */
const SAMPLE_TIME = Date.UTC(2026, 4, 17, 14, 2, 0);

export function catalogueRow(name: string, row: Partial<CatalogueRow> = {}): CatalogueRow {
  const length = row.length ?? 12_100_000;
  const pieceCount = row.pieceCount ?? Math.ceil(length / 524_288);
  return {
    infoHash: hashOf(name),
    name: displayText(name),
    length,
    pieceLength: 524_288,
    pieceCount,
    availablePieces: pieceCount,
    holders: 2,
    seeds: 1,
    private: false,
    addedAt: SAMPLE_TIME,
    tracker: displayText("10.0.0.5:5000"),
    ours: "none",
    ...row,
  };
}

export function transferRow(name: string, row: Partial<TransferRow> = {}): TransferRow {
  const length = row.length ?? 12_100_000;
  const pieceCount = Math.ceil(length / 524_288);
  const heldPieces = row.heldPieces ?? 0;
  const pieceMap = row.pieceMap ?? "h".repeat(heldPieces) + "m".repeat(pieceCount - heldPieces);
  return {
    infoHash: hashOf(name),
    name: displayText(name),
    state: "downloading",
    reason: displayText(""),
    length,
    pieceLength: 524_288,
    pieceCount,
    heldPieces,
    heldBytes: Math.min(length, heldPieces * 524_288),
    folder: displayText("/srv/swarm"),
    fileCount: 1,
    files: [
      {
        index: 0,
        path: displayText(name),
        length,
        heldBytes: Math.min(length, heldPieces * 524_288),
        priority: "normal",
      },
    ],
    wantedBytes: length,
    wantedHeldBytes: Math.min(length, heldPieces * 524_288),
    private: false,
    downBytesPerSecond: 0,
    upBytesPerSecond: 0,
    meanDownBytesPerSecond: 0,
    meanUpBytesPerSecond: 0,
    downHistory: [],
    upHistory: [],
    downLimitBytesPerSecond: 0,
    upLimitBytesPerSecond: 0,
    ratioLimit: null,
    seedSecondsLimit: null,
    sequential: false,
    queuePosition: null,
    downloadedBytes: 0,
    uploadedBytes: 0,
    wastedBytes: 0,
    ratio: 0,
    secondsLeft: null,
    availabilityMap: pieceMap.replaceAll(/./g, "2"),
    availability: 2,
    peers: [],
    trackers: [],
    log: [],
    addedAt: SAMPLE_TIME,
    summary: null,
    ...row,
    pieceMap,
  };
}

export function peerRow(address: string, row: Partial<PeerRow> = {}): PeerRow {
  return {
    key: address,
    address: displayText(address),
    client: displayText("sta 0.1.0"),
    via: "tracker",
    progress: 1,
    downBytesPerSecond: 0,
    upBytesPerSecond: 0,
    piece: null,
    pieceFraction: 0,
    amChoking: false,
    amInterested: true,
    peerChoking: false,
    peerInterested: false,
    flags: "DFP",
    downloadedBytes: 0,
    uploadedBytes: 0,
    requestedBlocks: 0,
    idle: displayText(""),
    ...row,
  };
}

export function fileRow(
  index: number,
  path: string,
  length: number,
  heldBytes: number,
  priority: FilePriority = "normal",
): FileRow {
  return { index, path: displayText(path), length, heldBytes, priority };
}

export function announceRow(address: string, row: Partial<AnnounceRow> = {}): AnnounceRow {
  return {
    address: displayText(address),
    tier: 0,
    state: "unused",
    problem: null,
    nextAnnounceAt: null,
    seeds: null,
    leechers: null,
    ...row,
  };
}

export function logRow(seq: number, text: string): LogRow {
  return { seq, at: SAMPLE_TIME + seq * 7000, text: displayText(text) };
}

/** A torrent before it is added. */
export function inspectedTorrent(torrent: Partial<InspectedTorrent> = {}): InspectedTorrent {
  return {
    infoHash: "ab".repeat(20),
    name: "films",
    length: 9_000_000_000,
    pieceLength: 4_194_304,
    private: false,
    folder: "/srv/swarm",
    isNewFolder: false,
    freeBytes: 5_000_000_000,
    files: [
      { index: 0, path: "one.mkv", length: 4_000_000_000 },
      { index: 1, path: "two.mkv", length: 4_500_000_000 },
      { index: 2, path: "extras/notes.txt", length: 500_000_000 },
    ],
    ...torrent,
  };
}

export function broadcastRow(seq: number, kind: BroadcastRow["kind"], text: string): BroadcastRow {
  return { seq, at: SAMPLE_TIME + seq * 7000, kind, text: displayText(text) };
}

/** An engine with nothing to show, and a tracker. */
export function emptySnapshot(): Snapshot {
  return {
    engine: {
      state: "running",
      version: "0.1.0",
      pid: 4711,
      peerId: "2d5354303130302d".padEnd(40, "0"),
      port: 6881,
      folder: displayText("/srv/swarm"),
      freeBytes: 212_000_000_000,
      connectedPeers: 0,
      downBytesPerSecond: 0,
      upBytesPerSecond: 0,
      downHistory: [],
      upHistory: [],
      downLimitBytesPerSecond: 0,
      upLimitBytesPerSecond: 0,
      activeDownloads: 0,
      ratioLimit: null,
      seedSecondsLimit: null,
      trackerless: false,
      forwarding: null,
      alerts: [],
    },
    trackers: [
      {
        address: displayText("10.0.0.5:5000"),
        state: "connected",
        problem: null,
        retryInSeconds: null,
        peers: 1,
        files: 0,
      },
    ],
    catalogue: [],
    transfers: [],
    broadcasts: [],
  };
}

/** A swarm on an afternoon: something of every kind. */
export function sampleSnapshot(): Snapshot {
  const empty = emptySnapshot();
  return {
    ...empty,
    engine: {
      ...empty.engine,
      connectedPeers: 5,
      downBytesPerSecond: 84_200_000,
      upBytesPerSecond: 12_000_000,
      downHistory: [10, 20, 50, 90, 70, 80, 84, 75].map((value) => value * 1e6),
      upHistory: [1, 2, 2, 4, 9, 12, 11, 12].map((value) => value * 1e6),
    },
    trackers: [{ ...empty.trackers[0]!, peers: 12, files: 7 }],
    catalogue: [
      catalogueRow("video.mkv", { ours: "transferring" }),
      catalogueRow("backup.mkv", { length: 4_300_000_000, holders: 1, availablePieces: 5120 }),
      catalogueRow("test.pdf", { length: 830_000, holders: 1 }),
      catalogueRow("file1.txt", { length: 920_354, ours: "complete", holders: 3 }),
      catalogueRow("disk.img", { length: 64_000_000, ours: "transferring" }),
      catalogueRow("a.iso", { length: 700_000_000, holders: 0, availablePieces: 0, seeds: 0 }),
      catalogueRow("写真 2025 夏.zip", { length: 95_000_000, holders: 4, private: true }),
    ],
    transfers: [
      transferRow("video.mkv", {
        heldPieces: 15,
        pieceMap: "hhhhhhhhhhhhaammmhhhmmmm",
        availabilityMap: "222222222222333321112222",
        downBytesPerSecond: 41_000_000,
        downloadedBytes: 7_900_000,
        secondsLeft: 12,
        meanDownBytesPerSecond: 38_000_000,
        downHistory: [0, 4, 9, 14, 22, 31, 36, 40, 38, 41, 44, 39, 41].map((value) => value * 1e6),
        upHistory: [0, 0, 0, 1, 2, 2, 1, 2, 2, 3, 2, 2, 2].map((value) => value * 1e6),
        fileCount: 3,
        files: [
          fileRow(0, "video/video.mkv", 11_900_000, 7_800_000),
          fileRow(1, "video/subtitles/english.srt", 120_000, 64_000, "high"),
          fileRow(2, "video/sample.mkv", 80_000, 0, "off"),
        ],
        wantedBytes: 12_020_000,
        trackers: [
          announceRow("http://10.0.0.5:5000", {
            state: "working",
            nextAnnounceAt: SAMPLE_TIME + 1_742_000,
            seeds: 1,
            leechers: 3,
          }),
          announceRow("udp://tracker.example:6969", {
            tier: 1,
            state: "failing",
            problem: displayText("tracker.example did not answer"),
            nextAnnounceAt: SAMPLE_TIME + 54_000,
          }),
        ],
        log: [
          logRow(1, "Added: 23 pieces, 3 files."),
          logRow(2, "10.0.0.6:6883 has all pieces."),
          logRow(3, "tracker.example did not answer."),
        ],
        addedAt: SAMPLE_TIME + 3000,
        peers: [
          peerRow("10.0.0.6:6883", {
            piece: 12,
            pieceFraction: 0.6,
            downBytesPerSecond: 20_100_000,
            downloadedBytes: 4_200_000,
            requestedBlocks: 16,
          }),
          peerRow("10.0.0.7:6885", {
            client: displayText("qBittorrent 4.5.2"),
            progress: 0.71,
            piece: 13,
            pieceFraction: 0.3,
            downBytesPerSecond: 18_700_000,
            upBytesPerSecond: 2_100_000,
            via: "incoming",
            flags: "DUIF",
            downloadedBytes: 3_700_000,
            uploadedBytes: 1_100_000,
          }),
          peerRow("[fd00::12:7]:6881", {
            progress: 0.2,
            peerChoking: true,
            flags: "dF",
            idle: displayText("choked by it"),
          }),
        ],
      }),
      transferRow("file1.txt", {
        state: "seeding",
        length: 920_354,
        heldPieces: 2,
        pieceMap: "gh",
        upBytesPerSecond: 2_100_000,
        uploadedBytes: 1_288_000,
        ratio: 1.4,
        addedAt: SAMPLE_TIME + 2000,
        peers: [peerRow("10.0.0.8:6881", { progress: 0.5, upBytesPerSecond: 2_100_000 })],
        summary: displayText("file1.txt: 920 kB in 1.6 s, 575 kB/s from 2 peers"),
      }),
      transferRow("disk.img", {
        state: "paused",
        length: 64_000_000,
        heldPieces: 38,
        addedAt: SAMPLE_TIME + 1000,
      }),
    ],
    broadcasts: [
      broadcastRow(1, "available", "video.mkv can be downloaded (2 holders)"),
      broadcastRow(2, "available", "file1.txt can be downloaded (1 holder)"),
      broadcastRow(3, "received", "10.0.0.7:6885 gave us piece 3 of video.mkv"),
      broadcastRow(4, "finished", "file1.txt: 920 kB in 1.6 s, 575 kB/s from 2 peers"),
      broadcastRow(5, "given", "10.0.0.8:6881 took piece 0 of file1.txt"),
      broadcastRow(6, "unavailable", "a.iso can not be downloaded: 10.0.0.9:6881 left"),
      broadcastRow(7, "available", "test.pdf can be downloaded (1 holder)"),
      broadcastRow(8, "notice", "the tracker restarts at 18:00"),
    ],
  };
}

/** 40 downloads, each moving from tick to tick: pieces, rates, time left. */
export function busySnapshot(tick: number): Snapshot {
  const empty = emptySnapshot();
  const transfers = Array.from({ length: 40 }, (_, index) => {
    const heldPieces = 100 + ((tick * (index + 3)) % 800);
    const rate = ((tick * 7919 + index * 104_729) % 90_000_000) + 1_000_000;
    return transferRow(`recording ${index}.wav`, {
      length: 500_000_000,
      heldPieces,
      pieceMap: "h".repeat(heldPieces) + "aa" + "m".repeat(952 - heldPieces),
      downBytesPerSecond: rate,
      upBytesPerSecond: rate / 7,
      secondsLeft: (tick * 13 + index) % 3000,
      peers: [peerRow(`10.0.1.${index}:6881`, { piece: heldPieces, pieceFraction: (tick % 10) / 10 })],
      addedAt: SAMPLE_TIME + index,
    });
  });
  const rate = transfers.reduce((sum, row) => sum + row.downBytesPerSecond, 0);
  return { ...empty, engine: { ...empty.engine, connectedPeers: 40, downBytesPerSecond: rate }, transfers };
}

/** 40 hex digits, the same for the same name. */
function hashOf(name: string): string {
  let hash = "";
  for (let index = 0; hash.length < 40; index++) {
    const code = (name.charCodeAt(index % name.length) * 31 + index * 7919 + name.length) % 256;
    hash += code.toString(16).padStart(2, "0");
  }
  return hash;
}
