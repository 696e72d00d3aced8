/**
 * A text as the messages it becomes: of several lines if the gateway accepts them, else one message for each line.
 * Knows the limits of a line and of a batch (Modern IRC "Message Format", IRCv3 multiline). Pure.
 *
 * @typedef {{maxBytes: number, maxLines: number}} BatchLimits `maxBytes` counts texts and line feeds
 * @typedef {{verb: string, params: string[], tags: Record<string, string>}} OutgoingLine
 */

import { byteLength } from "./irc.js";

// A relayed line has its source before it: nick, user and host at their largest (Modern IRC "Message Format").
const LINE_LIMIT_BYTES = 512 - ":!@ \r\n".length - 30 - 20 - 63;
const BATCH_LINES = 100; // a gateway that delays our lines does not look dead meanwhile
const CONCAT = "draft/multiline-concat";
export const ACTION = "\x01ACTION ";
const encoder = new TextEncoder();

/**
 * Read the value of the capability draft/multiline; null if it allows nothing of use.
 * @param {string} value
 * @returns {BatchLimits | null}
 */
export function parseLimits(value) {
  const tokens = new Map(value.split(",").map((token) => /** @type {[string, string]} */ (cutAt(token, "="))));
  const maxBytes = number(tokens.get("max-bytes"), 0);
  const maxLines = Math.min(number(tokens.get("max-lines"), BATCH_LINES), BATCH_LINES);
  return maxBytes >= LINE_LIMIT_BYTES && maxLines > 1 ? { maxBytes, maxLines } : null;
}

/** @param {string} text @param {string} separator */
function cutAt(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** @param {string | undefined} text @param {number} standard */
const number = (text, standard) => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : standard);

/**
 * Cut a text into the texts of messages. They have line feeds only if `limits` allow that.
 * @param {string} verb
 * @param {string} target
 * @param {string} whole
 * @param {BatchLimits | null} limits
 * @returns {string[]}
 */
export function compose(verb, target, whole, limits) {
  const limitBytes = textLimitBytes(verb, target);
  const text = whole.replace(/\r\n?/g, "\n").replaceAll("\0", "");
  if (text.startsWith(ACTION)) {
    const lines = text.slice(ACTION.length).replace(/\x01$/, "").split("\n");
    return lines.flatMap((line) => splitText(line, limitBytes)).map((piece) => `${ACTION}${piece}\x01`);
  }
  const isOneLine = !text.includes("\n") && byteLength(text) <= limitBytes;
  const messages =
    limits && !isOneLine
      ? batches(text, limitBytes, limits).map((batch) => batch.replace(/^\n+|\n+$/g, ""))
      : text.split("\n").flatMap((line) => splitText(line, limitBytes));
  return messages.filter((message) => message.trim());
}

/**
 * @param {string} text
 * @param {number} limitBytes
 * @param {BatchLimits} limits
 */
function batches(text, limitBytes, { maxBytes, maxLines }) {
  const found = [];
  /** @type {string[]} */
  let batch = [];
  let bytes = 0;
  let lines = 0;
  // A longer line is cut. Half of the most that a batch could hold, as words do not fill its lines.
  const longest = Math.min(maxBytes, Math.floor((limitBytes * maxLines) / 2));
  const parts = text.split("\n").flatMap((line) => (line ? splitText(line, longest) : [""]));
  for (const part of parts) {
    const partBytes = byteLength(part) + 1;
    const partLines = cut(part, limitBytes).length || 1;
    if (batch.length && (bytes + partBytes > maxBytes || lines + partLines > maxLines)) {
      found.push(batch.join("\n"));
      batch = [];
      bytes = lines = 0;
    }
    batch.push(part);
    bytes += partBytes;
    lines += partLines;
  }
  return [...found, batch.join("\n")];
}

/**
 * Write a message as one line, or as the lines of a batch; null if it does not fit into `limits`. Its tags stand on the
 * line that opens the batch (IRCv3 multiline, "Message tags").
 * @param {OutgoingLine} message
 * @param {BatchLimits | null} limits
 * @param {string} reference
 * @returns {OutgoingLine[] | null}
 */
export function linesOf(message, limits, reference) {
  const [target, text = ""] = message.params;
  const limitBytes = textLimitBytes(message.verb, target);
  if (!text.includes("\n") && byteLength(text) <= limitBytes) return [message];
  const pieces = text.split("\n").flatMap((line) => {
    return (line ? cut(line, limitBytes) : [""]).map((piece, index) => ({ piece, isConcat: index > 0 }));
  });
  if (!limits || byteLength(text) > limits.maxBytes || pieces.length > limits.maxLines) return null;
  return [
    { verb: "BATCH", params: [`+${reference}`, "draft/multiline", target], tags: message.tags },
    ...pieces.map(({ piece, isConcat }) => ({
      verb: message.verb,
      params: [target, piece],
      tags: /** @type {Record<string, string>} */ ({ batch: reference, ...(isConcat ? { [CONCAT]: "" } : {}) }),
    })),
    { verb: "BATCH", params: [`-${reference}`], tags: {} },
  ];
}

/**
 * The text of a batch of several lines.
 * @param {import("./irc.js").Message[]} lines
 */
export const join = (lines) =>
  lines.map(({ tags, params: [, line = ""] }, index) => (index && !tags.has(CONCAT) ? `\n${line}` : line)).join("");

/**
 * Pieces of at most `limitBytes` of UTF-8, cut between words where there are any.
 * @param {string} text
 * @param {number} limitBytes
 */
function splitText(text, limitBytes) {
  const pieces = cut(text, limitBytes);
  return pieces.map((piece, index) => (index < pieces.length - 1 ? piece.replace(/ $/, "") : piece)).filter(Boolean);
}

/**
 * As `splitText`, but each piece keeps the space at its end: joined, the pieces are the text (IRCv3 multiline,
 * "Splitting long lines").
 * @param {string} text
 * @param {number} limitBytes
 */
export function cut(text, limitBytes) {
  const room = new Uint8Array(limitBytes);
  const pieces = [];
  let rest = text;
  while (rest) {
    const { read } = encoder.encodeInto(rest, room);
    const atWord = read < rest.length ? rest.lastIndexOf(" ", read - 1) + 1 : 0;
    const end = atWord || read;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return pieces;
}

/**
 * The space for a text in a line, also when the line is relayed. At least one character, whatever the target is.
 * @param {string} verb
 * @param {string} target
 */
const textLimitBytes = (verb, target) => Math.max(4, LINE_LIMIT_BYTES - byteLength(`${verb} ${target} :${ACTION}\x01`));
