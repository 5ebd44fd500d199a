// A process that takes the lock of a state folder and keeps it until it is killed, or says whose it is. Run by tests.
import { StateFolder, StateInUseError } from "../../source/storage/state-folder.ts";

try {
  await StateFolder.open(process.argv[2]!);
  console.log("owned");
  process.stdin.resume();
} catch (error) {
  if (!(error instanceof StateInUseError)) throw error;
  console.log(`in use by ${error.pid}`);
  process.exitCode = 3;
}
