// aria2 and sta, byte for byte.
import { aria2 } from "./aria2.ts";
import { testBothWays } from "./both-ways.ts";
import { describeClient } from "./foreign-client.ts";

describeClient(aria2, () => testBothWays(aria2));
