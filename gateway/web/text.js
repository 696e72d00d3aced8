/** Text by other people: without control characters, and with mentions marked. Pure. */

import { linked } from "./markup.js";

// Colours and formatting, other control characters except the line feed, and characters that change the direction of
// the text around them (UAX 9), which can make a text look like another one. Right-to-left text needs none of them.
const UNREADABLE =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** @typedef {import("./markup.js").Span} Span */

const UNNAMED = new Set(["code", "link", "room"]);
const HUES = 12;

/** @param {string} text */
export const clean = (text) => text.replace(UNREADABLE, "");

/**
 * The spans of a text that is no message, such as a topic.
 * @param {string} text
 * @param {string} nick
 */
export const pieces = (text, nick) => withMentions(linked(text), nick);

/**
 * The same spans; those that name a person have the mark "mention".
 * @param {Span[]} spans
 * @param {string} nick
 * @returns {Span[]}
 */
export function withMentions(spans, nick) {
  const pattern = nickPattern(nick);
  if (!pattern) return spans;
  return spans.flatMap(({ text, marks }) => {
    if (marks.some((mark) => UNNAMED.has(mark))) return [{ text, marks }];
    const parts = text.split(pattern);
    return parts
      .map((part, index) => ({ text: part, marks: index % 2 ? [...marks, "mention"] : marks }))
      .filter((part) => part.text);
  });
}

/**
 * @param {string} text
 * @param {string} nick
 */
export const mentions = (text, nick) => nickPattern(nick)?.test(text) ?? false;

/** @type {Map<string, RegExp>} */
const patterns = new Map();

/**
 * The nick as a word of its own; a nick may have characters with a meaning in regular expressions.
 * @param {string} nick
 */
function nickPattern(nick) {
  if (!nick) return null;
  let pattern = patterns.get(nick);
  if (!pattern) {
    const name = nick.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    pattern = new RegExp(`(?<![\\w-])(${name})(?![\\w-])`, "i");
    patterns.set(nick, pattern);
  }
  return pattern;
}

/**
 * The beginning of a text, at most `length` UTF-16 units, without half a character at its end.
 * @param {string} text
 * @param {number} length
 */
export const beginning = (text, length) => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");

/**
 * The number of the colour of a name, the same everywhere.
 * @param {string} nick
 */
export function hue(nick) {
  let sum = 7;
  for (const character of nick.toLowerCase()) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 4093;
  return sum % HUES;
}
