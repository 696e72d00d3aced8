/**
 * Batches that are being received (IRCv3 batch): the lines of one are handed on together. Pure.
 *
 * @typedef {import("./irc.js").Message} Message
 * @typedef {object} Batch
 * @property {string} type
 * @property {string} target
 * @property {Message} opening
 * @property {Message[]} lines
 */

import { join } from "./composing.js";

const COLLECTED = new Set(["chathistory", "draft/chathistory-targets", "draft/multiline"]);

export class Batches {
  constructor() {
    /** @type {Map<string, Batch>} */
    this.open = new Map();
  }

  clear() {
    this.open.clear();
  }

  /**
   * Handle a BATCH line; return the batch that it ends, if its lines were collected.
   * @param {Message} message
   * @returns {Batch | null}
   */
  handle(message) {
    const reference = message.params[0].slice(1);
    if (message.params[0].startsWith("+")) {
      const [, type = "", target = ""] = message.params;
      this.open.set(reference, { type, target, opening: message, lines: [] });
      return null;
    }
    const batch = this.open.get(reference);
    this.open.delete(reference);
    return batch && COLLECTED.has(batch.type) ? batch : null;
  }

  /**
   * Collect a line that waits for the end of its batch; false for any other.
   * @param {Message} message
   */
  collects(message) {
    const batch = this.open.get(message.tags.get("batch") ?? "");
    if (!batch || !COLLECTED.has(batch.type)) return false;
    batch.lines.push(message);
    return true;
  }

  /**
   * The label of the command that a line answers, its own or its batch's (IRCv3 labeled-response).
   * @param {Message} message
   */
  label(message) {
    const batch = this.open.get(message.tags.get("batch") ?? "");
    return message.tags.get("label") ?? batch?.opening.tags.get("label") ?? "";
  }
}

/**
 * The one message that a batch of lines is (IRCv3 multiline); null if it is empty.
 * @param {Batch} batch
 * @returns {Message | null}
 */
export function joinLines({ target, opening, lines }) {
  const [first] = lines;
  if (!first) return null;
  const { tags, source } = opening;
  return { tags, source: source || first.source, verb: first.verb, params: [target, join(lines)] };
}

/**
 * The messages of a page of history; each batch of several lines in it is one of them.
 * @param {Batch} page
 */
export function messagesOf(page) {
  const inner = new Batches();
  return page.lines.flatMap((line) => {
    if (line.verb !== "BATCH") return inner.collects(line) ? [] : [line];
    const batch = inner.handle(line);
    const message = batch && joinLines(batch);
    return message ? [message] : [];
  });
}
