/**
 * Reactions (IRCv3 react) and redactions (IRCv3 message-redaction) of messages. The msgid identifies the message that
 * one belongs to: the message itself may come later, with older history. Pure.
 */

const MESSAGES_LIMIT = 2000;
const KINDS_LIMIT = 20; // of reactions to one message that are shown
const REACTIONS_LIMIT = 2000; // to one message; more are dropped

export class Annotations {
  constructor() {
    /** @type {Map<string, Map<string, {reaction: string, nick: string, isRemoved: boolean, at: number}>>} */
    this.reactions = new Map();
    /** @type {Map<string, {nick: string, reason: string}>} */
    this.redactions = new Map();
  }

  /**
   * Note a reaction. The newest one of a person counts, in whatever order they come.
   * @param {{msgid: string, nick: string, reaction: string, isRemoved: boolean, at: number}} event
   */
  react({ msgid, nick, reaction, isRemoved, at }) {
    const known = this.reactions.get(msgid) ?? new Map();
    const key = `${nick} ${reaction}`;
    if ((known.get(key)?.at ?? 0) > at) return;
    if (known.size >= REACTIONS_LIMIT && !known.has(key)) return;
    known.set(key, { reaction, nick, isRemoved, at });
    this.reactions.set(msgid, known);
    dropOldest(this.reactions);
  }

  /**
   * @param {string} msgid
   * @param {string} nick of the person who deleted it
   * @param {string} reason
   */
  redact(msgid, nick, reason) {
    this.redactions.set(msgid, { nick, reason });
    dropOldest(this.redactions);
  }

  /** @param {string} msgid */
  undoRedaction(msgid) {
    this.redactions.delete(msgid);
  }

  /**
   * Each reaction to a message with the nicks of its authors, in the order of coming.
   * @param {string} msgid
   * @returns {[string, string[]][]}
   */
  reactionsTo(msgid) {
    /** @type {Map<string, string[]>} */
    const nicks = new Map();
    for (const { reaction, nick, isRemoved } of this.reactions.get(msgid)?.values() ?? []) {
      if (isRemoved) continue;
      const known = nicks.get(reaction);
      if (known) known.push(nick);
      else if (nicks.size < KINDS_LIMIT) nicks.set(reaction, [nick]);
    }
    return [...nicks];
  }
}

/** @param {Map<string, unknown>} byMsgid */
function dropOldest(byMsgid) {
  const [oldest] = byMsgid.keys();
  if (byMsgid.size > MESSAGES_LIMIT) byMsgid.delete(oldest);
}
