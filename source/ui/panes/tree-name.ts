// The name of a row of a file tree, as deep as it lies.
import type { TreeRow } from "../file-tree.ts";
import type { Glyphs } from "../theme.ts";

export function treeName({ name, depth, open }: TreeRow, glyphs: Glyphs): string {
  // Of what lies in one folder the names stand in one column.
  const fold = open === null ? (depth > 0 ? "  " : "") : `${open ? glyphs.open : glyphs.closed} `;
  return "  ".repeat(depth) + fold + name;
}
