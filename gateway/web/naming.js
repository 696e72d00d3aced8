/**
 * Which name to ask for, and when to ask for it again.
 *
 * After a crash of its gateway a client's own dead session holds its name until the gateway's lease ends. So a name
 * that was ours is asked for again and again, under another one meanwhile; any other that is taken is given up for a
 * similar one. Pure: times are in milliseconds and come in as `now`.
 */

import { fold } from "./irc.js";

const ASK_AGAIN_MS = 3_000;
const GIVE_UP_AFTER_MS = 90_000; // a lease and its reaping take 20 to 60 s
const REFUSALS_LIMIT = 5;
const NICK_LIMIT = 30;

/** A valid nick that resembles what was typed (RFC 2812 2.3.1). */
export function suggestNick(text, suffix = "") {
  const plain = text.normalize("NFKD").replace(/[^\w[\]\\`^{|}-]+/g, "") || "guest";
  return (/^[-\d]/.test(plain) ? `_${plain}` : plain).slice(0, NICK_LIMIT - suffix.length) + suffix;
}

export class Naming {
  /** @param {string} wanted @param {() => string} newId */
  constructor(wanted, newId) {
    this.wanted = wanted;
    this.current = wanted;
    this.user = wanted; // on all connections: by it and the host a gateway knows who sends a message again
    this.wasOurs = false; // on this network, on any connection
    this.newId = newId;
    this.refusals = 0; // on this connection
    this.askAgainAt = 0; // 0: we have the name we want
    this.giveUpAt = 0;
    this.typed = "";
    this.had = new Set();
  }

  get isReclaiming() {
    return this.askAgainAt > 0;
  }

  isMine(nick) {
    return fold(nick) === fold(this.current);
  }

  /** Whether we had this name on any connection. */
  wasMine(nick) {
    return this.had.has(fold(nick));
  }

  /** The name to register with on a new connection. */
  begin() {
    this.askAgainAt = 0;
    this.refusals = 0;
    this.current = this.wanted;
    return this.wanted;
  }

  /** The next name to register with; null after some: then it is not the name that the gateway does not like. */
  refused() {
    this.refusals += 1;
    if (this.refusals > REFUSALS_LIMIT) return null;
    this.current = suggestNick(this.wanted.slice(0, 20), `_${this.newId().slice(0, 4)}`);
    return this.current;
  }

  registered(nick, now) {
    this.current = nick;
    this.had.add(fold(nick));
    if (this.isMine(this.wanted)) {
      this.wasOurs = true;
    } else if (this.wasOurs) {
      this.askAgainAt = now + ASK_AGAIN_MS;
      this.giveUpAt = now + GIVE_UP_AFTER_MS;
    } else {
      this.wanted = nick;
    }
  }

  /** The name to ask for now, if it is time to. */
  due(now) {
    if (!this.isReclaiming || now < this.askAgainAt) return null;
    this.askAgainAt = now + ASK_AGAIN_MS;
    return this.wanted;
  }

  /** Notes that the name is still held; true once it is given up for the present one. */
  stillTaken(now) {
    if (!this.isReclaiming || now < this.giveUpAt) return false;
    this.askAgainAt = 0;
    this.wasOurs = false;
    this.wanted = this.current;
    return true;
  }

  /** The network calls us so from now on: as we wished, or because it had to. */
  renamed(nick) {
    this.current = nick;
    this.had.add(fold(nick));
    if ([fold(this.wanted), fold(this.typed)].includes(fold(nick))) {
      this.wanted = nick;
      this.wasOurs = true;
      this.askAgainAt = 0;
    }
  }
}
