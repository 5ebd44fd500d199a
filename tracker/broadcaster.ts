// What every client hears: numbered, encoded once, and kept for a while for those that come back.
import { type Broadcast, encodeMessage } from "../source/protocol/channel/messages.ts";

/** A broadcast before it has its number. */
export type Announcement = Broadcast extends infer Message
  ? Message extends Broadcast
    ? Omit<Message, "seq">
    : never
  : never;

/** A text as the bytes of one unmasked WebSocket frame (RFC 6455, 5.2): the same for all, however many they are. */
export function webSocketFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headBytes + length);
  frame[0] = FINAL_TEXT;
  if (headBytes === 2) {
    frame[1] = length;
  } else if (headBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headBytes);
  return frame;
}

/** FIN, and the opcode of text. */
const FINAL_TEXT = 0x81;

/** Numbers broadcasts from 1 and hands their bytes to `send` once. */
export class Broadcaster {
  readonly #send: (frames: Buffer) => void;
  readonly #keep: number;
  /** The last `keep` frames, oldest first. */
  #frames: Buffer[] = [];
  #unsent: Buffer[] = [];
  #seq = 0;

  constructor(send: (frames: Buffer) => void, keep: number) {
    this.#send = send;
    this.#keep = keep;
  }

  /** Number of the latest broadcast; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  broadcast(announcement: Announcement): void {
    this.#seq++;
    const frame = webSocketFrame(encodeMessage({ ...announcement, seq: this.#seq }));
    this.#frames.push(frame);
    // Cut when it is twice too long: a shift for each broadcast would copy the ring.
    if (this.#frames.length > 2 * this.#keep) this.#frames = this.#frames.slice(-this.#keep);
    if (this.#unsent.push(frame) === 1) setImmediate(() => this.flush());
  }

  /**
   * Sends what was said since the last time, as one piece: what a hundred clients that leave at once cause is one write for each of the
   * others. To be called before anything else is sent that has to come behind it.
   */
  flush(): void {
    const [frame] = this.#unsent;
    if (!frame) return;
    const frames = this.#unsent.length === 1 ? frame : Buffer.concat(this.#unsent);
    this.#unsent = [];
    this.#send(frames);
  }

  /** Frames behind number `seq`, or undefined when some of them are no longer kept. */
  since(seq: number): readonly Buffer[] | undefined {
    const missed = this.#seq - seq;
    if (missed < 0 || missed > this.#frames.length) return undefined;
    return missed === 0 ? [] : this.#frames.slice(-missed);
  }
}
