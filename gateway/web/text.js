/** Text by other people: made harmless, and which words of it name somebody. Pure. */

import { linked } from "./markup.js";

// Colours and formatting, other control characters but the line feed, and what turns the direction of the writing
// around it (UAX 9): a text could be made to look like another one. Text from right to left needs none of them.
const UNREADABLE =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

const UNNAMED = new Set(["code", "link", "room"]);
const HUES = 12;

export const clean = (text) => text.replace(UNREADABLE, "");

/** What is to be shown of a line that nobody said, such as a topic. @returns {import("./markup.js").Span[]} */
export const pieces = (text, nick) => withMentions(linked(text), nick);

/** The same spans, those that name somebody with the mark "mention". */
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

export const mentions = (text, nick) => nickPattern(nick)?.test(text) ?? false;

const patterns = new Map();

/** The nick as a word of its own; names hold characters that regular expressions read otherwise. */
function nickPattern(nick) {
  if (!nick) return null;
  if (!patterns.has(nick)) {
    const name = nick.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    patterns.set(nick, new RegExp(`(?<![\\w-])(${name})(?![\\w-])`, "i"));
  }
  return patterns.get(nick);
}

/** The beginning of a text, at most so many UTF-16 units, that does not end in half a character. */
export const beginning = (text, length) => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");

/** Which of the colours a name has, the same everywhere. */
export function hue(nick) {
  let sum = 7;
  for (const character of nick.toLowerCase()) sum = (sum * 31 + character.codePointAt(0)) % 4093;
  return sum % HUES;
}
