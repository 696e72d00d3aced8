/**
 * What the person said and the network has not confirmed yet, oldest first: waiting, then in flight, then gone. Pure.
 *
 * @typedef {object} Pending
 * @property {string} id random; travels with the message as +hubbub/id and stays the same when it is sent again
 * @property {string} verb PRIVMSG or TAGMSG
 * @property {string} target
 * @property {string} text lines are parted by line feeds; "" for TAGMSG
 * @property {Record<string, string>} tags the other client tags
 * @property {boolean} isDoubtful sent once on a connection that is lost: it may have arrived
 */

import { fold } from "./irc.js";

export const OUTBOX_LIMIT = 1000;
const IN_FLIGHT_LIMIT = 16; // the echoes set the pace

export class Outbox {
  constructor() {
    /** @type {Map<string, Pending>} */
    this.inFlight = new Map();
    /** @type {Map<string, Pending>} */
    this.waiting = new Map();
  }

  get size() {
    return this.inFlight.size + this.waiting.size;
  }

  has(id) {
    return this.inFlight.has(id) || this.waiting.has(id);
  }

  put(pending) {
    this.waiting.set(pending.id, pending);
  }

  /** Takes what may be sent now as in flight; the order for one target is kept. */
  launch(isReady) {
    if (!this.waiting.size) return [];
    const launched = [...this.waiting.values()]
      .filter((pending) => isReady(pending.target))
      .slice(0, Math.max(0, IN_FLIGHT_LIMIT - this.inFlight.size));
    for (const pending of launched) {
      this.waiting.delete(pending.id);
      this.inFlight.set(pending.id, pending);
    }
    return launched;
  }

  /** Forgets a message whose fate is known; undefined where that was known already. */
  remove(id) {
    const pending = this.inFlight.get(id) ?? this.waiting.get(id);
    this.inFlight.delete(id);
    this.waiting.delete(id);
    return pending;
  }

  /** The oldest message that may have arrived at this target, for want of an id. */
  sentTo(target) {
    const doubtful = [...this.waiting.values()].filter((pending) => pending.isDoubtful);
    return [...this.inFlight.values(), ...doubtful].find((pending) => fold(pending.target) === fold(target));
  }

  /** What was in flight goes before all that waits: it is older, and now in doubt. */
  loseConnection() {
    for (const pending of this.inFlight.values()) pending.isDoubtful = true;
    this.waiting = new Map([...this.inFlight, ...this.waiting]);
    this.inFlight = new Map();
  }
}
