// Transmission and sta, byte for byte.
import { testBothWays } from "./both-ways.ts";
import { describeClient } from "./foreign-client.ts";
import { transmission } from "./transmission.ts";

describeClient(transmission, () => testBothWays(transmission, { dialsLoopback: false, makesEmptyFiles: false }));
