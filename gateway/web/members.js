/** Who is in a room, as NAMES, JOIN, MODE and AWAY tell it. Pure. */

import { fold } from "./irc.js";

const PREFIXES = { "@": "o", "+": "v" };
const COLLATOR = new Intl.Collator();

/** @typedef {{nick: string, modes: string, isAway: boolean}} Member `modes`: letters */

export class Members {
  constructor() {
    /** @type {Map<string, Member>} by folded nick */
    this.byNick = new Map();
    /** @type {string[]} of a list of names that is being received */
    this.names = [];
  }

  get size() {
    return this.byNick.size;
  }

  has(nick) {
    return this.byNick.has(fold(nick));
  }

  add(nick) {
    if (!this.has(nick)) this.byNick.set(fold(nick), { nick, modes: "", isAway: false });
  }

  remove(nick) {
    return this.byNick.delete(fold(nick));
  }

  rename(nick, to) {
    const member = this.byNick.get(fold(nick));
    if (!member) return false;
    this.byNick.delete(fold(nick));
    this.byNick.set(fold(to), { ...member, nick: to });
    return true;
  }

  /** True if that was news. */
  away(nick, isAway) {
    const member = this.byNick.get(fold(nick));
    if (!member || member.isAway === isAway) return false;
    member.isAway = isAway;
    return true;
  }

  endNames() {
    const before = this.byNick;
    this.byNick = new Map();
    for (const name of this.names) {
      const [, prefixes, nick] = name.match(/^([@+]*)(.*)$/);
      const modes = [...prefixes].map((prefix) => PREFIXES[prefix]).join("");
      this.byNick.set(fold(nick), { nick, modes, isAway: before.get(fold(nick))?.isAway ?? false });
    }
    this.names = [];
  }

  /** A MODE line's o and v; which of the others have a parameter is CHANMODES' to say (beI,k,l). */
  change(modes, params) {
    const given = [...params];
    let isAdded = true;
    for (const letter of modes) {
      if (letter === "+" || letter === "-") isAdded = letter === "+";
      else if ("ov".includes(letter)) this.rank(given.shift() ?? "", letter, isAdded);
      else if ("beIk".includes(letter) || (letter === "l" && isAdded)) given.shift();
    }
  }

  rank(nick, letter, isAdded) {
    const member = this.byNick.get(fold(nick));
    if (member) member.modes = member.modes.replace(letter, "") + (isAdded ? letter : "");
  }

  /** Operators, then those with a voice, then all others, each by name. */
  sorted() {
    const rank = ({ modes }) => (modes.includes("o") ? 0 : modes.includes("v") ? 1 : 2);
    return [...this.byNick.values()].sort((a, b) => rank(a) - rank(b) || COLLATOR.compare(a.nick, b.nick));
  }

  /** Nicks that begin so, for completion. */
  beginningWith(text) {
    const start = fold(text);
    return this.sorted()
      .filter((member) => fold(member.nick).startsWith(start))
      .map((member) => member.nick);
  }
}
