// A lean reader of HTTP/1.1 for what a tracker is asked all day: a GET without a body. Whatever else comes, node:http answers.
// Measured in test/bench/tracker.ts: node:http alone takes twice the time of an announce.
import type { Socket } from "node:net";
import type { Asker } from "./asker.ts";
import { HEADER_MS, IDLE_MS, MAX_HEADER_BYTES, REQUEST_MS } from "./limits.ts";

/** A GET. */
export interface HttpRequest {
  readonly path: string;
  /** Behind the `?`, as it came. */
  readonly query: string;
  readonly forwardedFor: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  /** Bytes, or text of a byte a character. */
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What all readers of a server share: a connection costs no closures of its own. */
export interface HttpReaderRoom {
  readonly answer: (request: HttpRequest, asker: Asker) => HttpAnswer;
  /** Takes the socket, and what was read of it and not understood. */
  readonly handOver: (socket: Socket, unread: Buffer) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Reasons of the statuses that routes answer with. */
export const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

const REQUEST_LINE = /^GET ([!-~]+) HTTP\/1\.1$/;
const START = "GET /";
const LINE_END = "\r\n";
const HEAD_END = "\r\n\r\n";

/** What the headers of a request ask for; undefined when they ask for more than a GET without a body may. */
interface Wishes {
  close: boolean;
  forwardedFor: string | undefined;
}

/** Answers what comes over one connection, until it hands it over or it is closed. */
export class HttpReader {
  readonly #socket: Socket;
  readonly #asker: Asker;
  readonly #room: HttpReaderRoom;
  /** What was read of a request that is not whole yet, a byte a character. */
  #text = "";
  /** When that began, or the last answer was given. */
  #since: number;

  constructor(socket: Socket, asker: Asker, room: HttpReaderRoom) {
    this.#socket = socket;
    this.#asker = asker;
    this.#room = room;
    this.#since = room.now();
    socket.on("data", this.#read).on("end", this.#ended);
  }

  /** Ends a connection that takes too long over a request, an answer, or nothing. */
  sweep(now: number): void {
    const waited = now - this.#since;
    if (this.#text !== "" && waited > HEADER_MS) this.#refuse("408 Request Timeout");
    else if (waited > (this.#socket.writableLength > 0 ? REQUEST_MS : IDLE_MS)) this.#socket.destroy();
  }

  readonly #read = (chunk: Buffer): void => {
    if (this.#socket.writableEnded) return;
    if (this.#text === "") this.#since = this.#room.now();
    this.#text += chunk.toString("latin1");
    this.#answerAll();
  };

  /** Who says nothing more hears what it asked for, and that is all. */
  readonly #ended = (): void => void this.#socket.end();

  readonly #drained = (): void => {
    this.#socket.resume();
    this.#answerAll();
  };

  #answerAll(): void {
    while (this.#text !== "" && !this.#socket.writableEnded) {
      // Who does not take its answers is not read.
      if (this.#socket.writableNeedDrain) {
        this.#socket.pause().once("drain", this.#drained);
        return;
      }
      const end = this.#text.indexOf(HEAD_END);
      const isPlain = this.#text.startsWith(START.slice(0, this.#text.length));
      if (isPlain && (end < 0 ? this.#text.length : end) > MAX_HEADER_BYTES) {
        this.#refuse("431 Request Header Fields Too Large");
        return;
      }
      if (end < 0 && isPlain) return;
      if (end < 0 || !this.#answer(this.#text.slice(0, end))) {
        this.#handOver();
        return;
      }
      this.#text = this.#text.slice(end + HEAD_END.length);
    }
  }

  /** Answers a request, or says false when it is no plain one. */
  #answer(head: string): boolean {
    const firstEnd = head.indexOf(LINE_END);
    const target = REQUEST_LINE.exec(firstEnd < 0 ? head : head.slice(0, firstEnd))?.[1];
    const wishes = firstEnd < 0 ? { close: false, forwardedFor: undefined } : wishesOf(head, firstEnd + 2);
    if (target === undefined || !wishes) return false;
    const mark = target.indexOf("?");
    const request = {
      path: mark < 0 ? target : target.slice(0, mark),
      query: mark < 0 ? "" : target.slice(mark + 1),
      forwardedFor: wishes.forwardedFor,
    };
    const answer = this.#room.answer(request, this.#asker);
    this.#since = this.#room.now();
    this.#write(answer, wishes.close);
    return true;
  }

  #write({ status, type, body, headers = {} }: HttpAnswer, close: boolean): void {
    let head = `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    if (close) head += "Connection: close\r\n";
    if (typeof body === "string") {
      this.#socket.write(`${head}\r\n${body}`, "latin1");
    } else {
      this.#socket.cork();
      this.#socket.write(`${head}\r\n`, "latin1");
      this.#socket.write(body);
      this.#socket.uncork();
    }
    if (close) this.#socket.end();
  }

  #refuse(status: string): void {
    this.#text = "";
    this.#socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #handOver(): void {
    this.#socket.off("data", this.#read).off("end", this.#ended).off("drain", this.#drained).pause();
    this.#room.handOver(this.#socket, Buffer.from(this.#text, "latin1"));
    this.#text = "";
  }
}

/** Reads header lines from `at` on. Only names that matter are looked at. */
function wishesOf(head: string, at: number): Wishes | undefined {
  const wishes: Wishes = { close: false, forwardedFor: undefined };
  while (at < head.length) {
    const feed = head.indexOf("\n", at);
    if (feed >= 0 && head[feed - 1] !== "\r") return undefined;
    const line = feed < 0 ? head.length : feed - 1;
    const colon = head.indexOf(":", at);
    if (colon < 0 || colon > line) return undefined;
    if (MATTERS.has(colon - at)) {
      const name = head.slice(at, colon).toLowerCase();
      const value = head.slice(colon + 1, line).trim();
      if (name === "connection") {
        wishes.close = value.toLowerCase() === "close";
        if (!wishes.close && value.toLowerCase() !== "keep-alive") return undefined;
      } else if (name === "x-forwarded-for") {
        wishes.forwardedFor = wishes.forwardedFor === undefined ? value : `${wishes.forwardedFor},${value}`;
      } else if (NOT_PLAIN.has(name)) {
        return undefined;
      }
    }
    at = line + LINE_END.length;
  }
  return wishes;
}

/** Headers of requests that node:http has to answer. */
const NOT_PLAIN: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "upgrade", "expect"]);
/** Lengths of the names that are looked at. */
const MATTERS: ReadonlySet<number> = new Set(
  [...NOT_PLAIN, "connection", "x-forwarded-for"].map((name) => name.length),
);
