/**
 * Text by other people, made harmless and taken into pieces to show: links, rooms, code, mentions. Pure.
 *
 * @typedef {{kind: "text" | "link" | "room" | "code" | "mention", text: string}} Piece
 */

// Colours and formatting, other control characters but the line feed, and what turns the direction of the writing
// around it (UAX 9): a text could be made to look like another one. Text from right to left needs none of them.
const UNREADABLE =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

// With the flag `u` a character is a code point: a room's name never ends in half of one.
const SPECIAL = /`([^`\n]+)`|\bhttps?:\/\/[^\s<>"`]+|(?<![\w#&/])#[^\s,.;:!?()<>"'`#]{1,63}/giu;
const NOT_AT_END = /[.,;:!?'"*_]/;
const OPENERS = { ")": "(", "]": "[" };
const HUES = 12;

export const clean = (text) => text.replace(UNREADABLE, "");

/** @returns {Piece[]} */
export function pieces(text, nick) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const piece = special(match);
    found.push(...withMentions(text.slice(end, match.index), nick), piece);
    end = match.index + (match[1] ? match[0].length : piece.text.length);
  }
  return [...found, ...withMentions(text.slice(end), nick)];
}

function special(match) {
  if (match[1]) return { kind: "code", text: match[1] };
  if (match[0].startsWith("#")) return { kind: "room", text: match[0] };
  return { kind: "link", text: trimLink(match[0]) };
}

/** Leave out the punctuation of the sentence around a link, and a bracket that opens before the link. */
function trimLink(link) {
  const counts = {};
  for (const character of link) counts[character] = (counts[character] ?? 0) + 1;
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1];
    const isUnopened = last in OPENERS && counts[last]-- > (counts[OPENERS[last]] ?? 0);
    if (!isUnopened && !NOT_AT_END.test(last)) break;
  }
  return link.slice(0, end);
}

function withMentions(text, nick) {
  if (!text) return [];
  const pattern = nickPattern(nick);
  const found = pattern ? text.split(pattern) : [text];
  return found
    .map((part, index) => ({ kind: index % 2 ? "mention" : "text", text: part }))
    .filter((piece) => piece.text);
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
