// --forget-tracker: trackers go from what is remembered, and from the engine if one runs.
import { trackerText } from "../engine/tracker-address.ts";
import { StorageError } from "../storage/errors.ts";
import { findEngine, type RunningEngine } from "./engine-access.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, tell } from "./output.ts";
import { rememberTracker } from "./settings.ts";

/** Says what became of each; resolves to the exit code, of which anything but 0 should end the command. */
export async function forgetTrackers(options: Options): Promise<number> {
  let engine: RunningEngine | undefined;
  try {
    engine = await findEngine(options);
    for (const tracker of options.forgottenTrackers) {
      const reply = await engine?.send({ method: "remove-tracker", address: trackerText(tracker) });
      if (reply?.ok === false && reply.code !== "not-found") return fail(reply.text);
      // Also what a running engine does not use may be remembered.
      const wasRemembered = await rememberTracker(options.home, tracker, false);
      if (!reply?.ok && !wasRemembered)
        return fail(`The tracker ${trackerText(tracker)} is not known: "sta ls" shows those that are.`);
      tell(`Forgot the tracker ${trackerText(tracker)}.`);
    }
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return fail(error.message);
  } finally {
    await engine?.close();
  }
}
