// Bars: which pieces are there, how far something is, how a rate went.
import type { Glyphs, Paint, Theme } from "../theme.ts";

/**
 * A piece bar of `width` cells from a piece map (see `TransferRow.pieceMap`): each cell is the pieces it stands for, as high as
 * the part of them that is held. One of them arriving shows before all else, so that movement is seen on a bar much
 * shorter than the map.
 */
export function pieceBar(map: string, width: number, theme: Theme): string {
  const glyphs = Array.from({ length: width }, (_, cell) => glyphOf(map, rangeOfCell(map, cell, width), theme.glyphs));
  return paintRuns(glyphs.join(""), (glyph) => {
    if (glyph === theme.glyphs.missing) return theme.faint;
    if (glyph === theme.glyphs.arriving) return theme.busy;
    return glyph === theme.glyphs.gave ? theme.given : theme.good;
  });
}

/** The characters of `map` that cell `cell` of `width` cells stands for; at least one, none of an empty map. */
export function sliceOfCell(map: string, cell: number, width: number): string {
  const { begin, end } = rangeOfCell(map, cell, width);
  return map.slice(begin, end);
}

interface Range {
  readonly begin: number;
  readonly end: number;
}

function rangeOfCell(map: string, cell: number, width: number): Range {
  const begin = Math.floor((cell * map.length) / width);
  return { begin, end: Math.max(begin + 1, Math.floor(((cell + 1) * map.length) / width)) };
}

function glyphOf(map: string, { begin, end }: Range, glyphs: Glyphs): string {
  let held = 0;
  let given = false;
  for (let cell = begin; cell < end; cell++) {
    const state = map[cell];
    if (state === "a" || state === "v") return glyphs.arriving;
    if (state === "p") held += 0.5;
    else if (state === "h" || state === "g") held += 1;
    if (state === "g") given = true;
  }
  const share = held / (end - begin);
  if (share === 0) return glyphs.missing;
  if (share < 1) return glyphs.some[Math.min(glyphs.some.length - 1, Math.floor(share * glyphs.some.length))]!;
  return given ? glyphs.gave : glyphs.held;
}

function paintRuns(text: string, paintOf: (glyph: string) => Paint): string {
  return text.replace(/(.)\1*/gu, (run) => paintOf(run[0]!)(run));
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
