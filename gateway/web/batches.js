/**
 * Batches that are being received (IRCv3 batch): what belongs together is handed on together. Pure.
 *
 * @typedef {object} Batch
 * @property {string} type
 * @property {string} target
 * @property {import("./irc.js").Message} opening
 * @property {import("./irc.js").Message[]} lines
 */

const COLLECTED = new Set(["chathistory", "draft/multiline"]);

export class Batches {
  constructor() {
    /** @type {Map<string, Batch>} */
    this.open = new Map();
  }

  clear() {
    this.open.clear();
  }

  /** Takes a BATCH line; gives the batch that it ends, if it ends one that was collected. */
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

  /** Whether a line waits for the end of its batch. */
  collects(message) {
    const batch = this.open.get(message.tags.get("batch"));
    if (!batch || !COLLECTED.has(batch.type)) return false;
    batch.lines.push(message);
    return true;
  }

  /** The label of the command that a line answers, its own or its batch's (IRCv3 labeled-response). */
  label(message) {
    const batch = this.open.get(message.tags.get("batch"));
    return message.tags.get("label") ?? batch?.opening.tags.get("label") ?? "";
  }
}

/** The one message that a batch of lines is (IRCv3 multiline); null where it is empty. */
export function joinLines(batch) {
  const [first] = batch.lines;
  if (!first) return null;
  const text = batch.lines.map(({ tags, params: [, line = ""] }, index) =>
    index && !tags.has("draft/multiline-concat") ? `\n${line}` : line,
  );
  const { tags, source } = batch.opening;
  return { tags, source: source || first.source, verb: first.verb, params: [batch.target, text.join("")] };
}
