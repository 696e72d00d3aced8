/**
 * What the person said and the network has not confirmed yet, oldest first: waiting, then in flight, then gone. Pure.
 *
 * @typedef {object} UnsentMessage
 * @property {string} id the client msgid: random, travels with the message as +hubbub/id, the same when it is sent
 *   again
 * @property {string} verb PRIVMSG or TAGMSG
 * @property {string} target
 * @property {string} text its lines have line feeds between them; "" for TAGMSG
 * @property {Record<string, string>} tags the other client tags
 * @property {boolean} isDoubtful sent once on a connection that is lost: it may have arrived
 */

import { casefold } from "./irc.js";

export const OUTBOX_LIMIT = 1000;
const IN_FLIGHT_LIMIT = 16; // the echoes set the pace

export class Outbox {
  constructor() {
    /** @type {Map<string, UnsentMessage>} */
    this.inFlight = new Map();
    /** @type {Map<string, UnsentMessage>} */
    this.waiting = new Map();
  }

  get size() {
    return this.inFlight.size + this.waiting.size;
  }

  get isFull() {
    return this.size >= OUTBOX_LIMIT;
  }

  /** @param {string} id */
  has(id) {
    return this.inFlight.has(id) || this.waiting.has(id);
  }

  /** @param {UnsentMessage} unsent */
  put(unsent) {
    this.waiting.set(unsent.id, unsent);
  }

  /**
   * Replace messages that wait.
   * @param {(unsent: UnsentMessage) => UnsentMessage[]} rewritten
   */
  rewrite(rewritten) {
    this.waiting = new Map([...this.waiting.values()].flatMap(rewritten).map((unsent) => [unsent.id, unsent]));
  }

  /**
   * Move what may be sent now from waiting to in flight. The order of the messages to one target is kept.
   * @param {(target: string) => boolean} isReady
   */
  launch(isReady) {
    if (!this.waiting.size) return [];
    const launched = [...this.waiting.values()]
      .filter((unsent) => isReady(unsent.target))
      .slice(0, Math.max(0, IN_FLIGHT_LIMIT - this.inFlight.size));
    for (const unsent of launched) {
      this.waiting.delete(unsent.id);
      this.inFlight.set(unsent.id, unsent);
    }
    return launched;
  }

  /**
   * Remove a message that was delivered or has failed; undefined if it is not here.
   * @param {string} id
   */
  remove(id) {
    const unsent = this.inFlight.get(id) ?? this.waiting.get(id);
    this.inFlight.delete(id);
    this.waiting.delete(id);
    return unsent;
  }

  /**
   * The oldest message that may have arrived at this target, where the id is not known.
   * @param {string} target
   */
  sentTo(target) {
    const doubtful = [...this.waiting.values()].filter((unsent) => unsent.isDoubtful);
    return [...this.inFlight.values(), ...doubtful].find((unsent) => casefold(unsent.target) === casefold(target));
  }

  /** Put what was in flight before all that waits: it is older, and may have arrived. */
  loseConnection() {
    for (const unsent of this.inFlight.values()) unsent.isDoubtful = true;
    this.waiting = new Map([...this.inFlight, ...this.waiting]);
    this.inFlight = new Map();
  }
}
