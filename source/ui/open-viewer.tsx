// openViewer: the viewer on a terminal, from alternate screen to whatever ends it.
// Importing this file imports React and Ink: commands that show nothing do without.
import { homedir } from "node:os";
import { render, type Instance } from "ink";
import type { EngineClient } from "../control/contract.ts";
import { calmed } from "./calm.ts";
import { showsColour, showsUnicode } from "./environment.ts";
import { wantsTracker } from "./first-run.ts";
import { initialState } from "./initial-state.ts";
import { KeyStream } from "./key-stream.ts";
import { LOW_BYTES_PER_SECOND, USUAL_BYTES_PER_SECOND } from "./output-budget.ts";
import { openPrompt } from "./prompt.ts";
import { Session } from "./session.ts";
import { settle } from "./settle.ts";
import { GIVE_SCREEN_BACK, TAKE_SCREEN, terminalProblem } from "./terminal.ts";
import { createTheme, type ThemeName } from "./theme.ts";
import { say } from "./view-state.ts";
import { Viewer } from "./viewer.tsx";

export interface ViewerOptions {
  /** Stays open: who opened it closes it. */
  readonly client: EngineClient;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Nothing but ASCII of our own; by default when the locale is not UTF-8. */
  readonly ascii?: boolean;
  /** By default the terminal's own colours, or none with NO_COLOR. */
  readonly theme?: ThemeName;
  /** Little is written to the terminal: for slow links. */
  readonly lowBandwidth?: boolean;
  /** Frames a second at most. */
  readonly framesPerSecond?: number;
  /** The hint of `q`; `leave (transfers go on)` by default. */
  readonly quitLabel?: string;
  /** Said in the footer until the first key. */
  readonly warning?: string;
}

/**
 * `quit`: q, Ctrl-C, `:exit`, SIGINT or SIGTERM (`signal` says which). `stop-engine`: Q, and the engine was told to stop.
 * `terminal-gone`: SIGHUP, end of input or failed output; leave by `dieOfHangup`. `no-terminal`: nothing was shown, and
 * `error.message` is a sentence for the user.
 */
export interface ViewerEnd {
  readonly reason: "quit" | "stop-engine" | "terminal-gone" | "no-terminal" | "crash";
  readonly signal?: "SIGINT" | "SIGTERM";
  readonly error?: Error;
}

/** A key answers within 50 ms even right behind the frame of a snapshot. Frames come from keys and four snapshots a second, so more costs nothing. */
const FRAMES_PER_SECOND = 60;

/** Shows the viewer until it ends. The terminal is as it was before when the promise resolves; it never rejects. */
export async function openViewer(options: ViewerOptions): Promise<ViewerEnd> {
  const { client, stdin, stdout } = options;
  const problem = terminalProblem(stdin, stdout, process.env);
  if (problem !== null) return { reason: "no-terminal", error: new Error(problem) };

  const keys = new KeyStream(stdin);
  let instance: Instance | undefined;
  let end: ViewerEnd | undefined;
  const finish = (reason: ViewerEnd): void => {
    if (end !== undefined) return;
    end = reason;
    // Nothing is written to a terminal that is gone: each write would fail, or block. Node undoes this for its own stdout, where they fail.
    if (reason.reason === "terminal-gone") stdout.destroy();
    instance?.unmount();
  };

  const settings = {
    ascii: options.ascii ?? !showsUnicode(process.env),
    lowBandwidth: options.lowBandwidth ?? false,
    places: { home: homedir(), folder: process.cwd() },
    quitLabel: options.quitLabel ?? "leave (transfers go on)",
  };
  const theme = createTheme(options.theme ?? (showsColour(process.env) ? "terminal" : "mono"), settings.ascii);
  const snapshot = settings.lowBandwidth ? calmed(client.getSnapshot()) : client.getSnapshot();
  const empty = initialState(snapshot, stdout.columns, stdout.rows, settings);
  const first = options.warning === undefined ? empty : settle(say(empty, options.warning, "warning"));
  const session = new Session({
    client,
    state: wantsTracker(first.snapshot) ? settle(openPrompt(first, "tracker", "")) : first,
    stdout,
    bytesPerSecond: settings.lowBandwidth ? LOW_BYTES_PER_SECOND : USUAL_BYTES_PER_SECOND,
    onLeave: (reason) => finish({ reason }),
    stopProcess: () => {
      process.off("SIGTSTP", onStop);
      process.kill(0, "SIGTSTP");
      process.on("SIGTSTP", onStop);
    },
  });

  const onInterrupt = (): void => finish({ reason: "quit", signal: "SIGINT" });
  const onTerminate = (): void => finish({ reason: "quit", signal: "SIGTERM" });
  const onGone = (): void => finish({ reason: "terminal-gone" });
  const onStop = (): void => session.suspend();
  const onCrash = (error: Error): void => finish({ reason: "crash", error });
  // Before Ink hears of it: Ink draws at once, and then the state has its new size already.
  const onResize = (): void => session.dispatch({ type: "resized", columns: stdout.columns, rows: stdout.rows });
  process.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate).on("SIGHUP", onGone).on("SIGTSTP", onStop);
  process.on("uncaughtException", onCrash);
  stdin.on("end", onGone).on("close", onGone).on("error", onGone);
  stdout.on("error", onGone).on("resize", onResize);

  try {
    // Before the first frame: what is typed meanwhile would be echoed into it.
    stdin.setRawMode(true);
    stdout.write(TAKE_SCREEN);
    instance = render(<Viewer source={session} theme={theme} />, {
      stdin: keys as unknown as NodeJS.ReadStream,
      stdout,
      alternateScreen: true,
      incrementalRendering: true,
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: false,
      maxFps: options.framesPerSecond ?? FRAMES_PER_SECOND,
    });
    // A terminal that goes away under the first frame fails `setRawMode`, which stdin says while `render` still runs.
    if (end !== undefined) instance.unmount();
    await instance.waitUntilExit();
  } catch (error) {
    end = { reason: "crash", error: error instanceof Error ? error : new Error(String(error)) };
  }

  session.close();
  keys.close();
  process.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate).off("SIGTSTP", onStop);
  process.off("uncaughtException", onCrash);
  stdout.off("resize", onResize);
  const result = end ?? { reason: "quit" };
  if (result.reason !== "terminal-gone") {
    // A terminal that is gone goes on failing: only there the listeners stay.
    process.off("SIGHUP", onGone);
    stdin.off("end", onGone).off("close", onGone).off("error", onGone);
    stdout.write(GIVE_SCREEN_BACK);
    stdout.off("error", onGone);
  }
  return result;
}
