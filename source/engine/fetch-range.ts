// fetchRange: a part of a file of a web server (RFC 9110, section 14).
import type { IncomingMessage } from "node:http";
import { asTrackerError, type KeptConnections, requestUrl } from "../discovery/http-request.ts";
import type { TorrentFile } from "../metainfo/metainfo.ts";
import type { FileSegment } from "../metainfo/piece-layout.ts";
import { TrackerError } from "../protocol/errors.ts";

const MAX_REDIRECTS = 5;

/** The server does not have this file of the torrent, or another one in its place. Reaction: it is not asked for that file again. */
export class NotThatFile extends Error {
  override readonly name = "NotThatFile";
  readonly file: number;

  constructor(file: number, message: string) {
    super(message);
    this.file = file;
  }
}

export interface RangeOptions {
  readonly url: string;
  readonly segment: FileSegment;
  /** The file, as the torrent has it. */
  readonly file: TorrentFile;
  readonly connections: KeptConnections;
  readonly signal: AbortSignal;
  readonly localAddress: string | undefined;
  /** Takes bytes as they are read; they are valid only meanwhile. */
  readonly got: (bytes: Uint8Array) => void;
  /** Bytes that it is given at once at most. */
  readonly mostAtOnce: () => number;
}

/** Bytes of a file that are arriving. */
export interface RangeAnswer {
  /** Where they come from, behind all redirects. */
  readonly place: string;
  pause(): void;
  resume(): void;
  /** Hands on all of them as they come, exactly as many as were asked for. Rejects with TrackerError. */
  read(): Promise<void>;
}

/** Asks for a segment of a file. Rejects with TrackerError, or with NotThatFile. */
export async function fetchRange(options: RangeOptions): Promise<RangeAnswer> {
  const { url, segment, file, ...from } = options;
  const { fileOffset, length } = segment;
  const headers = { Range: `bytes=${fileOffset}-${fileOffset + length - 1}` };
  const { response, place } = await requestUrl(url, {
    ...from,
    headers,
    maxRedirects: MAX_REDIRECTS,
    isQueryPublic: true,
  });
  try {
    check(response, place, segment, file);
  } catch (error) {
    response.destroy();
    throw error;
  }
  return answerOf(response, place, options);
}

/** Is it what was asked for? A whole file counts, where that was asked for. Of the place only the host is ever told. */
function check(response: IncomingMessage, place: URL, { file, fileOffset, length }: FileSegment, asked: TorrentFile) {
  const { statusCode = 0, headers } = response;
  const name = asked.path.join("/");
  if ([404, 410, 416].includes(statusCode)) throw new NotThatFile(file, `${place.host} does not have ${name}`);
  if (statusCode !== 200 && statusCode !== 206) {
    throw new TrackerError("refused", `${place.host} answers with the HTTP status ${statusCode}`);
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new TrackerError("malformed", `${place.host} answers in an encoding nobody asked for`);
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
  const [total, first, last] =
    statusCode === 206 ? [range?.[3], range?.[1], range?.[2]] : [headers["content-length"], 0, asked.length - 1];
  if (total !== undefined && total !== "*" && Number(total) !== asked.length) {
    throw new NotThatFile(file, `${place.host} has a file of ${total} bytes for one of ${asked.length}: ${name}`);
  }
  const isPart = Number(first) === fileOffset && Number(last) === fileOffset + length - 1;
  if (isPart && Number(headers["content-length"] ?? length) === length) return;
  const why = statusCode === 200 ? "gives whole files only, no ranges" : "gives another part than it was asked for";
  throw new TrackerError("malformed", `${place.host} ${why}`);
}

function answerOf(response: IncomingMessage, place: URL, options: RangeOptions): RangeAnswer {
  const { segment, signal, got, mostAtOnce } = options;
  let left = segment.length;
  let isPaused = false;
  const handOn = () => {
    for (;;) {
      if (isPaused || response.destroyed) return;
      const most = Math.max(1, Math.floor(mostAtOnce()));
      // Of one byte that is not there yet it is told when it is, or that there is none.
      const bytes: Uint8Array | null = response.read(Math.min(most, response.readableLength) || 1);
      if (!bytes) return;
      left -= bytes.length;
      if (left >= 0) got(bytes);
      else response.destroy(new TrackerError("malformed", `${place.host} sent more than it was asked for`));
    }
  };
  return {
    place: place.href,
    pause: () => void (isPaused = true),
    resume: () => {
      isPaused = false;
      handOn();
    },
    read: () =>
      new Promise((resolve, reject) => {
        response.on("readable", handOn);
        response.on("error", (error) => reject(asTrackerError(error, place, signal)));
        response.on("close", () => {
          if (left === 0) return resolve();
          reject(new TrackerError("unreachable", `${place.host} closed the connection before its answer was whole`));
        });
      }),
  };
}
