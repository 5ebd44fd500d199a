// Encrypted handshakes as sockets use them: with Node's SHA-1 and random bytes, and not too many a second.
import { createHash, randomBytes } from "node:crypto";
import type { InfoHash } from "../protocol/ids.ts";
import {
  type EncryptionTools,
  IncomingEncryption,
  obfuscatedHash,
  OutgoingEncryption,
  type PeerEncryption,
} from "../protocol/peer/encryption/handshake.ts";
import { Agreements } from "./agreements.ts";

/** Makes what stands between a socket and its peer at the IP address `host`; `send` writes to the socket. */
export type Encrypt = (send: (bytes: Uint8Array) => void, host: string) => PeerEncryption;

const TOOLS: EncryptionTools = {
  sha1: (...parts) => {
    const hash = createHash("sha1");
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  randomBytes,
};

/** By what a torrent is asked for in an encrypted handshake: 20 bytes. */
export function obfuscated(infoHash: InfoHash): Uint8Array {
  return obfuscatedHash(TOOLS, infoHash);
}

/** For peers that dial us: takes both, a plain handshake and an encrypted one. `infoHashOf` knows torrents by `obfuscated`. */
export function incomingEncryption(infoHashOf: (hash: Uint8Array) => InfoHash | undefined): Encrypt {
  const agreements = new Agreements();
  return (send, host) => {
    const mayAgree = () => agreements.mayBegin(host, performance.now());
    return new IncomingEncryption({ ...TOOLS, send, infoHashOf, mayAgree });
  };
}

/** For peers that we dial, and that insist. */
export function outgoingEncryption(infoHash: InfoHash): Encrypt {
  return (send) => {
    const encryption = new OutgoingEncryption({ ...TOOLS, send, infoHash });
    encryption.start();
    return encryption;
  };
}
