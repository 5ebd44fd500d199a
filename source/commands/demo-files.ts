// Real files for the demo: a recording, a picture and a text, made here and the same every time.
import { open, writeFile } from "node:fs/promises";
import { deflateSync, crc32 } from "node:zlib";

/** Bytes of sample data a second of the recording: 44 100 Hz, two channels, 16 bits. */
const WAV_BYTES_PER_SECOND = 44_100 * 4;

/** A stereo WAV file of `seconds`: two slow waves that drift against each other. 180 kB a second. */
export async function writeRecording(path: string, seconds: number): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.write(wavHeader(seconds * WAV_BYTES_PER_SECOND));
    const second = new Int16Array(WAV_BYTES_PER_SECOND / 2);
    for (let s = 0; s < seconds; s++) {
      for (let i = 0; i < second.length; i += 2) {
        const swell = 0.5 + 0.5 * Math.sin(((s * 44_100 + i / 2) / 44_100) * 0.7);
        second[i] = 9_000 * swell * Math.sin(i * (0.014 + 0.0001 * s));
        second[i + 1] = 9_000 * (1 - swell) * Math.sin(i * (0.021 - 0.00005 * s));
      }
      await file.write(second);
    }
  } finally {
    await file.close();
  }
}

/** A square PNG of `side` pixels: a night sky over hills. */
export async function writePicture(path: string, side: number): Promise<void> {
  const rows = new Uint8Array(side * (1 + side * 3));
  let seed = 1;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      const hill = side * (0.72 + 0.08 * Math.sin(x / 90) + 0.05 * Math.sin(x / 37));
      // Film grain on every channel: without it the picture would be a few kB.
      const grain = [(seed >>> 8) & 15, (seed >>> 14) & 15, (seed >>> 20) & 15] as const;
      const star = seed >>> 24 > 254 ? 160 : 0;
      const at = y * (1 + side * 3) + 1 + x * 3;
      const [red, green, blue] =
        y > hill ? [4, 32, 22] : [star + 4, star + 12 + (y * 60) / side, star + 50 + (y * 90) / side];
      rows.set([red + grain[0], green + grain[1], blue + grain[2]], at);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 1 })), chunk("IEND", Buffer.alloc(0))];
  await writeFile(path, Buffer.concat([Buffer.from("\x89PNG\r\n\x1A\n", "latin1"), ...parts]));
}

/** What the demo is, in a small text. */
export async function writeNotes(path: string): Promise<void> {
  const lines = [
    "This file came to you from a swarm of processes on your own machine.",
    "",
    "Enter downloads the selected file, u gives a random piece of one of yours to the others,",
    "? shows all keys, q ends the demo and removes everything it made.",
  ];
  await writeFile(path, `${lines.join("\n")}\n`);
}

function wavHeader(dataBytes: number): Uint8Array {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(44_100, 24);
  header.writeUInt32LE(WAV_BYTES_PER_SECOND, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/** A chunk of a PNG file: length, type, data, CRC of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(data.length, 0);
  bytes.set(body, 4);
  bytes.writeUInt32BE(crc32(body), body.length + 4);
  return bytes;
}
