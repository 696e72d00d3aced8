/**
 * The markup of a message: code, quotes, lists, bold, links, and the formatting codes of IRC.
 *
 * The grammar is in docs/client.md ("Formatting"). client/markup.py is the same grammar in Python;
 * tests/client/scripts/markup.json tests both. The parser accepts any text, never throws, and reads each character a
 * bounded number of times. Pure.
 *
 * @typedef {{text: string, marks: string[]}} Span a part of a line that looks the same; `marks` as in MARKS
 * @typedef {object} Block one line of a text, or all lines of fenced code
 * @property {"text" | "quote" | "item" | "code"} kind
 * @property {Span[]} spans
 * @property {number} level how many quotes the line is in, or lists around its list
 * @property {string} label the language of code, the bullet or number of an item
 * @typedef {{at: number, marks: Set<string>, color: string}} Change of the formatting by IRC codes, from `at` on
 * @typedef {{start: number, end: number, kind: string}} Piece `kind`: a mark, a run of delimiters such as "**", or ""
 *   for text
 */

const MARKS = ["code", "link", "room", "bold", "italic", "underline", "strike"]; // in this order, then "color-N"
const LEVELS_LIMIT = 3; // of lists in lists

// All control characters except tab and line feed, and characters that change the direction of the text (UAX 9).
const CONTROL =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x03(?:(\d{1,2})(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;
const MONOSPACE = "\x11";
const TOGGLES = new Map([
  ["\x02", "bold"],
  ["\x1d", "italic"],
  ["\x1f", "underline"],
  ["\x1e", "strike"],
]);
// https://modern.ircdocs.horse/formatting: 16 to 87 are twelve hues in six shades, each the nearest of the first 16.
const HUES = [4, 7, 8, 9, 3, 10, 11, 12, 2, 6, 13, 13];

const SPACE = "\\t\\n \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff";
const TOKEN = new RegExp(
  "(?<ticks>`+)|\\x11(?<mono>[^\\x11]*)\\x11?" +
    `|(?<![0-9A-Za-z_])(?<link>[Hh][Tt][Tt][Pp][Ss]?://[^${SPACE}<>"\`\\\\^{|}\\x00-\\x1f\\x7f-\\x9f]+)` +
    `|(?<![0-9A-Za-z#&/])(?<room>#[^${SPACE},.;:!?()<>"'\`#\\x00-\\x1f]{1,63})` +
    "|(?<run>\\*+|_+|~+)",
  "gu", // by code points, so that nothing ends in half of one
);
const STYLES = new Map([
  ["*", ["italic"]],
  ["_", ["italic"]],
  ["**", ["bold"]],
  ["***", ["bold", "italic"]],
  ["~~", ["strike"]],
]);
const IS_SPACE = new RegExp(`[${SPACE}]`);
// Around styled text: nothing, a space, these signs, and characters that are not Latin, Greek or Cyrillic.
const BEFORE_STYLED = /^$|[^!-\u058f]|[\u00a0([{"'*_~|\u00ab\u00a1\u00bf]/;
const AFTER_STYLED = /^$|[^!-\u058f]|[\u00a0)\]}"'*_~|\u00bb.,;:!?]/;
const NOT_AT_END_OF_LINK = ".,;:!?'\u2019*_~";
const OPENERS = new Map([
  [")", "("],
  ["]", "["],
]);

const FENCE = /^```([A-Za-z0-9_+#.-]{0,20}) *$/;
const QUOTE = /^(?:(?:> ){0,2}>$|(?:> ){1,3})/;
const ITEM = /^( *)([-*\u2022]|[0-9]{1,3}[.)]) +(?=[^ ])/;

/**
 * Parse a message of one or more lines.
 * @param {string} text
 */
export function parse(text) {
  const lines = text.split("\n");
  /** @type {Block[]} */
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const [line, changes] = withoutCodes(lines[at]);
    const [, language] = (at + 1 < lines.length && line.match(FENCE)) || [];
    at += 1;
    if (language === undefined) {
      blocks.push(lineBlock(line, changes));
    } else {
      const [code, end] = fenced(lines, at);
      blocks.push({ kind: "code", level: 0, label: language, spans: code ? [{ text: code, marks: ["code"] }] : [] });
      at = end;
    }
  }
  return blocks;
}

/**
 * @param {string} line
 * @param {Change[]} changes
 * @returns {Block}
 */
function lineBlock(line, changes) {
  const [quote] = line.match(QUOTE) ?? [];
  if (quote) {
    const level = quote.split(">").length - 1;
    return { kind: "quote", level, label: "", spans: spansOf(line, quote.length, changes) };
  }
  const [item, indent, sign] = line.match(ITEM) ?? [];
  if (item) {
    const level = Math.min(indent.length >> 1, LEVELS_LIMIT);
    return {
      kind: "item",
      level,
      label: sign.length > 1 ? sign : "\u2022",
      spans: spansOf(line, item.length, changes),
    };
  }
  return { kind: "text", level: 0, label: "", spans: spansOf(line, 0, changes) };
}

/**
 * Parse a line that is no quote, item or fence, such as the text of an action.
 * @param {string} text
 */
export function inline(text) {
  const [line, changes] = withoutCodes(text);
  return spansOf(line, 0, changes);
}

/**
 * Find links and rooms only, in a text that is no message, such as a topic.
 * @param {string} text
 */
export function linked(text) {
  const line = withoutCodes(text)[0].replaceAll(MONOSPACE, "");
  /** @type {Span[]} */
  const spans = [];
  let at = 0;
  for (const { index, groups = {} } of line.matchAll(TOKEN)) {
    const kind = groups.link ? "link" : "room";
    const length = lengthOf(groups[kind], kind);
    if (!length) continue;
    add(spans, line.slice(at, index), []);
    at = index + length;
    add(spans, line.slice(index, at), [kind]);
  }
  add(spans, line.slice(at), []);
  return spans;
}

/**
 * Add a span; neighbours with the same marks become one, except links and rooms.
 * @param {Span[]} spans
 * @param {string} text
 * @param {string[]} marks
 */
function add(spans, text, marks) {
  if (!text) return;
  const last = spans.at(-1);
  const isWhole = marks.includes("link") || marks.includes("room");
  if (last && !isWhole && last.marks.join() === marks.join()) last.text += text;
  else spans.push({ text, marks });
}

/**
 * The code from a line on, and the number of the line after its fence. Without a fence, all is code.
 * @param {string[]} lines
 * @param {number} start
 * @returns {[string, number]}
 */
function fenced(lines, start) {
  const code = [];
  for (let at = start; at < lines.length; at += 1) {
    const line = withoutCodes(lines[at])[0].replaceAll(MONOSPACE, "");
    const [, last] = line.match(/^(.*)``` *$/s) ?? [];
    if (last !== undefined) return [[...code, ...(/[^ ]/.test(last) ? [last] : [])].join("\n"), at + 1];
    code.push(line);
  }
  return [code.join("\n"), lines.length];
}

/**
 * The line without control characters, and the changes that they make. Monospaced text keeps the sign around it.
 * @param {string} text
 * @returns {[string, Change[]]}
 */
function withoutCodes(text) {
  /** @type {Change[]} */
  const changes = [];
  /** @type {Set<string>} */
  let marks = new Set();
  let [line, color, at, isMonospace] = ["", "", 0, false];
  for (const { 0: match, 1: digits, index } of text.matchAll(CONTROL)) {
    line += text.slice(at, index);
    at = index + match.length;
    const code = match[0];
    const toggle = TOGGLES.get(code);
    if (toggle) marks = toggled(marks, toggle);
    else if (code === "\x03") color = colorOf(digits);
    else if (code === "\x0f") [marks, color] = [new Set(), ""];
    if (code === MONOSPACE || (code === "\x0f" && isMonospace)) {
      isMonospace = !isMonospace;
      line += MONOSPACE;
    }
    changes.push({ at: line.length, marks, color });
  }
  return [line + text.slice(at), changes];
}

/**
 * @param {Set<string>} marks
 * @param {string} mark
 */
function toggled(marks, mark) {
  const other = new Set(marks);
  if (!other.delete(mark)) other.add(mark);
  return other;
}

/** The mark of a colour; "" for the colour of the text itself: black, white, or none. */
function colorOf(digits = "99") {
  let number = Number(digits);
  if (number >= 16) number = number < 88 ? HUES[(number - 16) % 12] : number < 99 ? 14 : 0;
  return number > 1 ? `color-${number}` : "";
}

/**
 * @param {string} line
 * @param {number} start
 * @param {Change[]} changes
 */
function spansOf(line, start, changes) {
  const { pieces, paired } = piecesOf(line, start);
  /** @type {Span[]} */
  const spans = [];
  /** @type {Set<string>} */
  const active = new Set();
  /** @type {Change} */
  let change = { at: 0, marks: new Set(), color: "" };
  let upcoming = 0;
  pieces.forEach((piece, number) => {
    if (paired.has(number)) {
      if (!active.delete(piece.kind)) active.add(piece.kind);
      return;
    }
    for (let { start: at } = piece; at < piece.end; ) {
      while (changes[upcoming]?.at <= at) change = changes[upcoming++];
      // A link stays whole, even if the formatting changes within it.
      const isCut = !MARKS.includes(piece.kind) && upcoming < changes.length;
      const end = isCut ? Math.min(piece.end, changes[upcoming].at) : piece.end;
      const marks = new Set([piece.kind, ...change.marks, ...[...active].flatMap((run) => STYLES.get(run) ?? [])]);
      const ordered = [...MARKS.filter((mark) => marks.has(mark)), ...(change.color ? [change.color] : [])];
      add(spans, line.slice(at, end).replaceAll(MONOSPACE, ""), ordered);
      at = end;
    }
  });
  return spans;
}

/**
 * Find code, links, rooms and delimiters; `paired` has the numbers of the delimiters that style the text between them.
 * @param {string} line
 * @param {number} start
 */
function piecesOf(line, start) {
  /** @type {Map<number, number[]>} length of a run of backticks -> where such runs begin, the last first */
  const ticks = new Map();
  for (const { 0: run, index } of [...line.slice(start).matchAll(/`+/g)].reverse()) {
    const known = ticks.get(run.length);
    if (known) known.push(start + index);
    else ticks.set(run.length, [start + index]);
  }
  /** @type {Piece[]} */
  const pieces = [];
  /** @type {Set<number>} */
  const paired = new Set();
  /** @type {Map<string, number>} kind -> the number of its last run that may begin a style */
  const opened = new Map();
  const token = new RegExp(TOKEN);
  token.lastIndex = start;
  let at = start;
  for (let match = token.exec(line); match; match = token.exec(line)) {
    pieces.push({ start: at, end: match.index, kind: "" });
    const [found, end] = pieceOf(line, match, ticks);
    at = token.lastIndex = end;
    const number = pieces.push(found) - 1;
    if (!STYLES.has(found.kind)) continue;
    const opener = opened.get(found.kind);
    if (opener !== undefined && mayClose(line, found)) {
      paired.add(opener).add(number);
      for (const [kind, other] of opened) if (other >= opener) opened.delete(kind);
    } else if (mayOpen(line, found)) {
      opened.set(found.kind, number);
    }
  }
  pieces.push({ start: at, end: line.length, kind: "" });
  return { pieces, paired };
}

/**
 * The piece of a token, and the position after it.
 * @param {string} line
 * @param {RegExpExecArray} match
 * @param {Map<number, number[]>} ticks
 * @returns {[Piece, number]}
 */
function pieceOf(line, { 0: text, index: start, groups = {} }, ticks) {
  const end = start + text.length;
  if (groups.ticks) {
    const closers = ticks.get(text.length) ?? [];
    while (closers.length && closers[closers.length - 1] < end) closers.pop();
    const last = closers.at(-1);
    if (last === undefined) return [{ start, end, kind: "" }, end];
    const code = line.slice(end, last);
    const padding = code.startsWith(" ") && code.endsWith(" ") && /[^ ]/.test(code) ? 1 : 0;
    return [{ start: end + padding, end: last - padding, kind: "code" }, last + text.length];
  }
  if (groups.mono !== undefined) return [{ start: start + 1, end: start + 1 + groups.mono.length, kind: "code" }, end];
  if (groups.run) return [{ start, end, kind: STYLES.has(text) ? text : "" }, end];
  const kind = groups.link ? "link" : "room";
  const length = lengthOf(text, kind);
  return [{ start, end: start + (length || 1), kind: length ? kind : "" }, start + (length || 1)];
}

/**
 * @param {string} line
 * @param {Piece} piece
 */
const mayOpen = (line, { start, end }) =>
  BEFORE_STYLED.test(line[start - 1] ?? "") && end < line.length && !IS_SPACE.test(line[end]);

/**
 * @param {string} line
 * @param {Piece} piece
 */
const mayClose = (line, { start, end }) => !IS_SPACE.test(line[start - 1]) && AFTER_STYLED.test(line[end] ?? "");

/**
 * The length of a link or a room without the punctuation of the sentence around it; 0 if nothing is left.
 * @param {string} text
 * @param {string} kind
 */
function lengthOf(text, kind) {
  if (!text) return 0;
  let end = text.length;
  if (kind === "room") {
    while ("*_~".includes(text[end - 1])) end -= 1;
    return end > 1 ? end : 0;
  }
  /** @type {Map<string, number>} */
  const unopened = new Map();
  for (const character of text) unopened.set(character, (unopened.get(character) ?? 0) + 1);
  for (const [closer, opener] of OPENERS) {
    unopened.set(closer, (unopened.get(closer) ?? 0) - (unopened.get(opener) ?? 0));
  }
  for (; end > 0; end -= 1) {
    const last = text[end - 1];
    const count = OPENERS.has(last) ? (unopened.get(last) ?? 0) : 0;
    if (count <= 0 && !NOT_AT_END_OF_LINK.includes(last)) break;
    if (OPENERS.has(last)) unopened.set(last, count - 1);
  }
  return end > text.indexOf("//") + 2 ? end : 0;
}
