// What the tracker says while it runs: lines for a person at a terminal, JSON for whatever collects them elsewhere.
import { displayText } from "../source/protocol/display-text.ts";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line is about; names are camelCase. Values may be a stranger's. */
export type LogFacts = Readonly<Record<string, string | number | boolean>>;

export type Log = (level: LogLevel, message: string, facts?: LogFacts) => void;

export interface LogOptions {
  /** Lines of this level and of those before it are written. */
  readonly level: LogLevel;
  /** One JSON object a line: `time`, `level`, `message`, and the facts. */
  readonly json: boolean;
  /** Hears each line without its end. */
  readonly write: (line: string) => void;
  readonly wallTime: () => Date;
}

export function createLog({ level, json, write, wallTime }: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(level);
  return (lineLevel, message, facts = {}) => {
    if (LOG_LEVELS.indexOf(lineLevel) > least) return;
    const time = wallTime().toISOString();
    if (json) {
      write(JSON.stringify({ time, level: lineLevel, message, ...facts }));
      return;
    }
    const about = Object.entries(facts).map(([name, value]) => `${name}=${quoted(String(value))}`);
    // Hours, minutes and seconds: whoever reads a terminal knows the day.
    write(displayText([time.slice(11, 19), lineLevel.padEnd(5), message, ...about].join(" ")));
  };
}

function quoted(text: string): string {
  return /^[\w.:[\]/-]+$/.test(text) ? text : JSON.stringify(text);
}
