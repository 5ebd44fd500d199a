// Bars: which pieces are there, how far something is, how a rate went.
import type { Glyphs, Theme } from "../theme.ts";

/**
 * A piece bar of `width` cells from a piece map (see `TransferRow.pieceMap`): each cell is the pieces it stands for.
 * One of them arriving shows before some held, so that movement is seen on a bar much shorter than the map.
 */
export function pieceBar(map: string, width: number, theme: Theme): string {
  const { glyphs } = theme;
  const kinds: string[] = [];
  for (let cell = 0; cell < width; cell++) {
    kinds.push(summarise(sliceOfCell(map, cell, width)));
  }
  return paintRuns(kinds, (kind, length) => {
    switch (kind) {
      case "h":
        return theme.good(glyphs.held.repeat(length));
      case "g":
        return theme.given(glyphs.gave.repeat(length));
      case "p":
        return theme.good(glyphs.some.repeat(length));
      case "a":
        return theme.busy(glyphs.arriving.repeat(length));
      default:
        return theme.faint(glyphs.missing.repeat(length));
    }
  });
}

/** The characters of `map` that cell `cell` of `width` cells stands for; at least one, none of an empty map. */
export function sliceOfCell(map: string, cell: number, width: number): string {
  const begin = Math.floor((cell * map.length) / width);
  const end = Math.max(begin + 1, Math.floor(((cell + 1) * map.length) / width));
  return map.slice(begin, end);
}

function summarise(cells: string): string {
  if (cells === "") return "m";
  if (/[av]/.test(cells)) return "a";
  if (/^g+$/.test(cells)) return "g";
  if (/^[hg]+$/.test(cells)) return cells.includes("g") ? "g" : "h";
  return /[hgp]/.test(cells) ? "p" : "m";
}

function paintRuns(kinds: readonly string[], paint: (kind: string, length: number) => string): string {
  let painted = "";
  for (let begin = 0; begin < kinds.length;) {
    let end = begin + 1;
    while (kinds[end] === kinds[begin]) end++;
    painted += paint(kinds[begin]!, end - begin);
    begin = end;
  }
  return painted;
}

/** How far something is: `fraction` (0 to 1) of `width` cells. */
export function progressBar(fraction: number, width: number, theme: Theme): string {
  const full = Math.max(0, Math.min(width, Math.round(fraction * width)));
  return theme.busy(theme.glyphs.held.repeat(full)) + theme.faint(theme.glyphs.missing.repeat(width - full));
}

/** The last `width` seconds of a rate's history, a cell each, scaled to the highest of them. */
export function sparkline(history: readonly number[], width: number, glyphs: Glyphs): string {
  const recent = history.slice(-width);
  const highest = Math.max(1, ...recent);
  const steps = glyphs.spark.length - 1;
  return recent
    .map((value) => glyphs.spark[Math.round((Math.max(0, value) / highest) * steps)]!)
    .join("")
    .padStart(width, glyphs.spark[0]);
}
