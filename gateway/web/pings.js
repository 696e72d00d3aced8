/**
 * The PINGs of one connection: they show that it is alive, measure its latency, and confirm messages without an echo.
 * There is one PING at a time. Pure; times are in milliseconds and come in as `now`.
 *
 * @typedef {object} Ping
 * @property {string} token
 * @property {number} sentAt
 * @property {string[]} covers the ids of messages sent before it
 * @property {boolean} confirms its PONG confirms them, unless a FAIL PING comes first
 */

const KEEPALIVE_MS = 30_000; // from one PING to the next
const FIRST_PING_MS = 2_000; // after the welcome
const CONFIRM_WITHIN_MS = 5_000; // without an echo: then a PING confirms

export class Pings {
  /**
   * @param {() => string} newToken
   * @param {number} now
   */
  constructor(newToken, now) {
    this.newToken = newToken;
    /** @type {Ping | null} */
    this.pending = null;
    this.sentAt = now;
    this.inFlightSince = now; // the time from which messages have been in flight without a pause
  }

  /**
   * Begin to count. The first PING comes soon, so that the latency is known.
   * @param {number} now
   */
  welcomed(now) {
    this.sentAt = now + FIRST_PING_MS - KEEPALIVE_MS;
  }

  /**
   * The PING to send now; null if none is due.
   * @param {string[]} inFlight
   * @param {number} now
   * @param {boolean} hasEcho
   */
  due(inFlight, now, hasEcho) {
    if (!inFlight.length) this.inFlightSince = now;
    if (this.pending) return null;
    const isOverdue = inFlight.length > 0 && (!hasEcho || now - this.inFlightSince >= CONFIRM_WITHIN_MS);
    if (!isOverdue && now - this.sentAt < KEEPALIVE_MS) return null;
    this.pending = { token: this.newToken(), sentAt: now, covers: inFlight, confirms: true };
    this.sentAt = now;
    return this.pending;
  }

  /**
   * Handle a PONG; return the PING that it answers.
   * @param {string} token
   * @param {number} now
   */
  answered(token, now) {
    const ping = this.pending;
    if (ping?.token !== token) return null;
    this.pending = null;
    if (ping.confirms) this.inFlightSince = now;
    return ping;
  }

  /** Handle FAIL PING: the PONG to come confirms nothing. False if there is no PING. */
  failed() {
    if (!this.pending) return false;
    this.pending.confirms = false;
    return true;
  }
}
