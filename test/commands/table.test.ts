import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMANDS } from "../../source/commands/table.ts";

test.for(Object.entries(COMMANDS))("%s can be loaded and run", async ([, { load }]) => {
  expect((await load()).run).toBeTypeOf("function");
});

test("every command the issue names is there", () => {
  for (const name of ["open", "share", "get", "push", "create", "ls", "stop", "daemon", "demo"])
    expect(COMMANDS).toHaveProperty(name);
  const files = readdirSync(new URL("../../source/commands", import.meta.url));
  for (const name of Object.keys(COMMANDS)) expect(files).toContain(`${name}.ts`);
});
