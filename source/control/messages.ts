// What goes over the control socket, line by line. Requests `{id, method, params}`, replies `{re, result}`.
import { z } from "zod";
import { type Command, commandSchema, type EngineEvent, type Reply, type Snapshot } from "./contract.ts";

/** First line from the engine. */
export const helloSchema = z.object({ sta: z.string(), protocol: z.number(), pid: z.number() });

const requestSchema = z.object({
  id: z.number(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});

/** `subscribe`: snapshots from now on. `events`: every event from now on. Anything else is a command. */
export type Request =
  | { readonly id: number; readonly method: "subscribe" | "events" }
  | { readonly id: number; readonly method: "command"; readonly command: Command };

/** Parts of a snapshot that changed since the last one that was sent; the first has all. */
export type SnapshotPart = { -readonly [Part in keyof Snapshot]?: Snapshot[Part] };

/** Later lines from the engine. */
export type EngineLine =
  | { readonly re: number; readonly result: Reply }
  | { readonly re: number; readonly error: string }
  | { readonly snapshot: SnapshotPart }
  | { readonly event: EngineEvent; readonly seq: number };

/** A request, or in words why it is none, with its id if it has one. */
export function parseRequest(value: unknown): Request | { readonly id: number | undefined; readonly error: string } {
  const request = requestSchema.safeParse(value);
  if (!request.success) return { id: undefined, error: "a request has an id and a method" };
  const { id, method, params } = request.data;
  if (method === "subscribe" || method === "events") return { id, method };
  const command = commandSchema.safeParse({ ...params, method });
  if (command.success) return { id, method: "command", command: command.data };
  const issue = command.error.issues[0];
  return { id, error: `${method}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim() };
}
