import { describe, expect, it } from "vitest";
import { BroadcastLog } from "../../source/engine/broadcast-log.ts";
import { MAX_BROADCASTS } from "../../source/engine/limits.ts";

describe("the log of broadcasts", () => {
  it("keeps the last 500, numbered, oldest first", () => {
    const log = new BroadcastLog();
    for (let i = 0; i <= MAX_BROADCASTS; i++) log.add("notice", `line ${i}`, i);
    expect(log.rows).toHaveLength(MAX_BROADCASTS);
    expect(log.rows[0]).toEqual({ seq: 2, at: 1, kind: "notice", text: "line 1" });
    expect(log.rows.at(-1)?.seq).toBe(MAX_BROADCASTS + 1);
  });

  it("never holds an escape that a stranger sent", () => {
    const log = new BroadcastLog();
    expect(log.add("available", "\x1b[2Jname\r\n", 0).text).not.toMatch(/\p{Cc}/u);
  });

  it("is replaced, not changed, so that a screen sees what is new by identity", () => {
    const log = new BroadcastLog();
    log.add("notice", "one", 0);
    const before = log.rows;
    log.add("notice", "two", 0);
    expect(before).toHaveLength(1);
    expect(log.rows[0]).toBe(before[0]);
  });
});
