/** The members of a room, from NAMES, JOIN, MODE and AWAY. Pure. */

import { casefold, nickOf } from "./irc.js";

/** @type {Record<string, string>} */
const PREFIXES = { "@": "o", "+": "v" };
const COLLATOR = new Intl.Collator();

/** @typedef {{nick: string, modes: string, isAway: boolean}} Member `modes`: letters */

export class Roster {
  constructor() {
    /** @type {Map<string, Member>} by casefolded nick */
    this.byNick = new Map();
  }

  /** @param {string} nick */
  add(nick) {
    if (!this.byNick.has(casefold(nick))) this.byNick.set(casefold(nick), { nick, modes: "", isAway: false });
  }

  /** @param {string} nick */
  remove(nick) {
    return this.byNick.delete(casefold(nick));
  }

  /**
   * @param {string} nick
   * @param {string} newNick
   */
  rename(nick, newNick) {
    const member = this.byNick.get(casefold(nick));
    if (!member) return false;
    this.byNick.delete(casefold(nick));
    this.byNick.set(casefold(newNick), { ...member, nick: newNick });
    return true;
  }

  /**
   * Returns whether that is a change.
   * @param {string} nick
   * @param {boolean} isAway
   */
  setAway(nick, isAway) {
    const member = this.byNick.get(casefold(nick));
    if (!member || member.isAway === isAway) return false;
    member.isAway = isAway;
    return true;
  }

  /**
   * Take a complete list of names.
   * @param {string[]} names with their prefixes (IRCv3 multi-prefix)
   */
  list(names) {
    const before = this.byNick;
    this.byNick = new Map();
    for (const name of names) {
      const [prefixes] = name.match(/^[@+]*/) ?? [""];
      const nick = nickOf(name.slice(prefixes.length));
      const modes = [...prefixes].map((prefix) => PREFIXES[prefix]).join("");
      this.byNick.set(casefold(nick), { nick, modes, isAway: before.get(casefold(nick))?.isAway ?? false });
    }
  }

  /**
   * Apply o and v of a MODE line. Of the other modes, beIk and +l have a parameter (CHANMODES=beI,k,l).
   * @param {string[]} modes the letters, then their parameters
   */
  setModes([letters = "", ...params]) {
    let isAdded = true;
    for (const letter of letters) {
      if (letter === "+" || letter === "-") isAdded = letter === "+";
      else if ("ov".includes(letter)) this.rank(params.shift() ?? "", letter, isAdded);
      else if ("beIk".includes(letter) || (letter === "l" && isAdded)) params.shift();
    }
  }

  /**
   * @param {string} nick
   * @param {string} letter
   * @param {boolean} isAdded
   */
  rank(nick, letter, isAdded) {
    const member = this.byNick.get(casefold(nick));
    if (member) member.modes = member.modes.replace(letter, "") + (isAdded ? letter : "");
  }

  /** Operators, then those with a voice, then all others, each by name. */
  sorted() {
    const rank = (/** @type {Member} */ { modes }) => (modes.includes("o") ? 0 : modes.includes("v") ? 1 : 2);
    return [...this.byNick.values()].sort((a, b) => rank(a) - rank(b) || COLLATOR.compare(a.nick, b.nick));
  }

  /**
   * The nicks that begin with a text.
   * @param {string} text
   */
  beginningWith(text) {
    const start = casefold(text);
    const nicks = this.sorted().map((member) => member.nick);
    return nicks.filter((nick) => casefold(nick).startsWith(start));
  }
}
