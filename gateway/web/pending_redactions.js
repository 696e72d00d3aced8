/** The deletions of our messages (IRCv3 message-redaction) that are not sent yet and can be undone. Pure. */

const SEND_AFTER_MS = 5_000;

export class PendingRedactions {
  /** @param {import("./exchange.js").Exchange} exchange */
  constructor(exchange) {
    this.exchange = exchange;
    /** @type {Map<string, {conversation: string, at: number}>} msgid -> what will be deleted, and when */
    this.byMsgid = new Map();
  }

  get size() {
    return this.byMsgid.size;
  }

  /**
   * @param {string} conversation
   * @param {string} msgid
   * @param {number} now
   */
  add(conversation, msgid, now) {
    this.byMsgid.set(msgid, { conversation, at: now + SEND_AFTER_MS });
    this.exchange.emit({ type: "RedactionPending", conversation, nick: this.exchange.naming.current, msgid });
  }

  undo() {
    for (const [msgid, { conversation }] of this.byMsgid) {
      this.exchange.emit({ type: "RedactionUndone", conversation, msgid });
    }
    this.byMsgid.clear();
  }

  /**
   * Send the deletions that are due.
   * @param {number} now
   */
  send(now) {
    if (!this.exchange.isRegistered) return;
    for (const [msgid, { conversation, at }] of this.byMsgid) {
      if (now < at) continue;
      this.byMsgid.delete(msgid);
      this.exchange.send("REDACT", [conversation, msgid]);
    }
  }
}
