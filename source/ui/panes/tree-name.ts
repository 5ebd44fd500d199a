// The name of a row of a file tree, as deep as it lies.
import type { TreeRow } from "../file-tree.ts";
import type { Glyphs } from "../theme.ts";

export function treeName({ name, depth, open }: TreeRow, glyphs: Glyphs): string {
  const fold = open === null ? "" : `${open ? glyphs.open : glyphs.closed} `;
  return "  ".repeat(depth) + fold + name;
}
