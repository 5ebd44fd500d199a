// rtorrent and sta, byte for byte.
import { testBothWays } from "./both-ways.ts";
import { describeClient } from "./foreign-client.ts";
import { rtorrent } from "./rtorrent.ts";

describeClient(rtorrent, () => testBothWays(rtorrent));
