// A process that takes the lock of a state folder and keeps it until it is killed. Run by state-folder.test.ts.
import { StateFolder } from "../../source/storage/state-folder.ts";

await StateFolder.open(process.argv[2]!);
console.log("owned");
process.stdin.resume();
