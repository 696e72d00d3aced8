/**
 * The nick that we want, the nick that we have, and when to request the wanted one again.
 *
 * After a crash of its gateway the dead session of a client holds its nick until the lease of the gateway ends. So a
 * nick that was ours is requested repeatedly; meanwhile we have another one. If any other nick is taken, a similar one
 * replaces it. Pure; times are in milliseconds and come in as `now`.
 */

import { casefold } from "./irc.js";

const ASK_AGAIN_MS = 3_000;
const GIVE_UP_AFTER_MS = 90_000; // a lease and its reaping take 20 to 60 s
const REFUSALS_LIMIT = 5;
const NICK_LIMIT = 30;

/**
 * A valid nick that resembles a text (RFC 2812 2.3.1).
 * @param {string} text
 */
export function suggestNick(text, suffix = "") {
  const plain = text.normalize("NFKD").replace(/[^\w[\]\\`^{|}-]+/g, "") || "guest";
  return (/^[-\d]/.test(plain) ? `_${plain}` : plain).slice(0, NICK_LIMIT - suffix.length) + suffix;
}

export class Naming {
  /**
   * @param {string} wanted
   * @param {() => string} newId
   */
  constructor(wanted, newId) {
    this.wanted = wanted;
    this.current = wanted;
    this.user = wanted; // on all connections: by user and host a gateway recognizes a message that is sent again
    this.wasOurs = false; // on this network, on any connection
    this.newId = newId;
    this.refusals = 0; // on this connection
    this.askAgainAt = 0; // 0: we have the wanted nick
    this.giveUpAt = 0;
    this.typed = "";
    /** @type {Set<string>} casefolded nicks that we have had */
    this.had = new Set();
  }

  get isReclaiming() {
    return this.askAgainAt > 0;
  }

  /** @param {string} nick */
  isMine(nick) {
    return casefold(nick) === casefold(this.current);
  }

  /**
   * Whether we had this nick on any connection.
   * @param {string} nick
   */
  wasMine(nick) {
    return this.had.has(casefold(nick));
  }

  /** The nick to register with on a new connection. */
  begin() {
    this.askAgainAt = 0;
    this.refusals = 0;
    this.current = this.wanted;
    return this.wanted;
  }

  /** The next nick to try; null after some tries: the reason is not the nick. */
  nextNick() {
    this.refusals += 1;
    if (this.refusals > REFUSALS_LIMIT) return null;
    this.current = suggestNick(this.wanted.slice(0, 20), `_${this.newId().slice(0, 4)}`);
    return this.current;
  }

  /**
   * @param {string} nick
   * @param {number} now
   */
  registered(nick, now) {
    this.current = nick;
    this.had.add(casefold(nick));
    if (this.isMine(this.wanted)) {
      this.wasOurs = true;
    } else if (this.wasOurs) {
      this.askAgainAt = now + ASK_AGAIN_MS;
      this.giveUpAt = now + GIVE_UP_AFTER_MS;
    } else {
      this.wanted = nick;
    }
  }

  /**
   * The nick to request now; null if it is not time to.
   * @param {number} now
   */
  due(now) {
    if (!this.isReclaiming || now < this.askAgainAt) return null;
    this.askAgainAt = now + ASK_AGAIN_MS;
    return this.wanted;
  }

  /**
   * The wanted nick is still taken; true if we now give it up and keep the present one.
   * @param {number} now
   */
  givesUp(now) {
    if (!this.isReclaiming || now < this.giveUpAt) return false;
    this.askAgainAt = 0;
    this.wasOurs = false;
    this.wanted = this.current;
    return true;
  }

  /**
   * The network has changed our nick: as we wished, or on its own.
   * @param {string} nick
   */
  renamed(nick) {
    this.current = nick;
    this.had.add(casefold(nick));
    if ([casefold(this.wanted), casefold(this.typed)].includes(casefold(nick))) {
      this.wanted = nick;
      this.wasOurs = true;
      this.askAgainAt = 0;
    }
  }
}
