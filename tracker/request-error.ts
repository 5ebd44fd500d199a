import type { ChannelErrorCode } from "../source/protocol/channel/messages.ts";
import type { InfoHashHex } from "../source/protocol/ids.ts";

/** A request that is answered with an error; the connection goes on. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: ChannelErrorCode;
  readonly infoHash: InfoHashHex | undefined;

  constructor(code: ChannelErrorCode, message: string, infoHash?: InfoHashHex) {
    super(message);
    this.code = code;
    this.infoHash = infoHash;
  }
}

/** `not-published`: nobody published this torrent here. */
export function notPublished(infoHash: InfoHashHex): RequestError {
  return new RequestError("not-published", `${infoHash} is not published on this tracker`, infoHash);
}
