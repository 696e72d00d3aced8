/**
 * What people put on lines: reactions (IRCv3 react) and redactions (IRCv3 message-redaction). They are known by the
 * line's msgid alone, as they may come before it, when older history is read. Pure.
 */

const LINES_LIMIT = 2000;
const EMOJI_LIMIT = 20; // kinds of reactions on one line that are shown
const REACTIONS_LIMIT = 2000; // to one line; more are not noted

export class Marks {
  constructor() {
    /** @type {Map<string, Map<string, {emoji: string, nick: string, isOn: boolean, at: number}>>} */
    this.reactions = new Map();
    /** @type {Map<string, {nick: string, reason: string}>} */
    this.redactions = new Map();
  }

  /** Of what one person thinks of a line the newest holds, in whatever order it comes. */
  react({ msgid, nick, emoji, isOn, at }) {
    const onLine = this.reactions.get(msgid) ?? new Map();
    const key = `${nick} ${emoji}`;
    if ((onLine.get(key)?.at ?? 0) > at) return;
    if (onLine.size >= REACTIONS_LIMIT && !onLine.has(key)) return;
    onLine.set(key, { emoji, nick, isOn, at });
    this.reactions.set(msgid, onLine);
    bound(this.reactions);
  }

  /** A deletion was taken back, or refused. */
  unredact({ msgid }) {
    this.redactions.delete(msgid);
  }

  redact({ msgid, nick, reason }) {
    this.redactions.set(msgid, { nick, reason });
    bound(this.redactions);
  }

  /** @returns {[string, string[]][]} each reaction with those who gave it, in the order of coming */
  reactionsTo(msgid) {
    const nicks = new Map();
    for (const { emoji, nick, isOn } of this.reactions.get(msgid)?.values() ?? []) {
      if (!isOn) continue;
      if (nicks.has(emoji)) nicks.get(emoji).push(nick);
      else if (nicks.size < EMOJI_LIMIT) nicks.set(emoji, [nick]);
    }
    return [...nicks];
  }
}

function bound(map) {
  if (map.size > LINES_LIMIT) map.delete(map.keys().next().value);
}
