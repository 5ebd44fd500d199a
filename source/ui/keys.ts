// From what Ink reports to names of keys.
import type { Key } from "ink";

/**
 * The keys in one input of Ink. Typed fast over SSH, `jjj` arrives as one input: a key for each character.
 * Alt and a character is Esc and then the character, as a terminal sends both.
 */
export function keysOf(input: string, key: Key): string[] {
  // Esc twice, faster than Ink tells them apart.
  if (key.escape && input === "\u001b") return ["escape", "escape"];
  const name = nameOf(key);
  if (name !== undefined) return [name];
  if (key.ctrl) return input === "" ? [] : [`ctrl-${input}`];
  const characters = [...input].map(characterKey).filter((character) => character !== undefined);
  return key.meta && characters.length > 0 ? ["escape", ...characters] : characters;
}

/**
 * The same where a line is being typed: there Ctrl and Alt with an arrow, Backspace or Del, which are Ctrl, and Alt with a letter are keys of
 * their own: none of them is Esc, which would throw the line away and do the next letters to what it hides.
 */
export function typingKeysOf(input: string, key: Key): string[] {
  const name = nameOf(key);
  if (name !== undefined && WORDWISE.has(name)) return [key.ctrl || key.meta ? `ctrl-${name}` : name];
  if (key.meta && name === undefined) return [`alt-${input.toLowerCase()}`];
  return keysOf(input, key);
}

/** What these do to a letter they do to a word when Ctrl or Alt is held. */
const WORDWISE = new Set(["left", "right", "backspace", "delete"]);

/** What is typed, however many letters at once; undefined when it is no text. */
export function textOf(input: string, key: Key): string | undefined {
  return nameOf(key) === undefined && !key.ctrl && !key.meta && input !== "" ? input : undefined;
}

function nameOf(key: Key): string | undefined {
  if (key.upArrow) return "up";
  if (key.downArrow) return "down";
  if (key.leftArrow) return "left";
  if (key.rightArrow) return "right";
  if (key.pageUp) return "pageup";
  if (key.pageDown) return "pagedown";
  if (key.home) return "home";
  if (key.end) return "end";
  if (key.return) return "return";
  if (key.escape) return "escape";
  if (key.tab) return key.shift ? "shift-tab" : "tab";
  if (key.backspace) return "backspace";
  if (key.delete) return "delete";
  return undefined;
}

function characterKey(character: string): string | undefined {
  if (character === " ") return "space";
  if (character === "\r" || character === "\n") return "return";
  if (character === "\t") return "tab";
  return character < " " ? undefined : character;
}

/**
 * Swallows the rest of an escape sequence that a slow link cut in two behind its Esc, which Ink reports after 20 ms by itself: `[A` comes as
 * if it were typed. One character after a lone Esc is never swallowed.
 */
export class CutSequences {
  #waits = false;

  /** Whether this input is such a rest. Asked of every input, in order. */
  isRest(input: string, key: Key): boolean {
    const rest = this.#waits && /^(?:\[[0-9;]*[A-Za-z~]|O[A-Z])$/.test(input);
    this.#waits = key.escape && input === "";
    return rest;
  }
}
