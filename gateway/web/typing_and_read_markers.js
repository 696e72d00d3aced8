/**
 * What we tell others while the person types and reads: typing notifications (IRCv3 typing) and read markers (IRCv3
 * read-marker). Limits how often each is sent. Pure.
 */

import { casefold } from "./irc.js";
import { timeReference } from "./tags.js";

const TYPING_PAUSE_MS = 3_000; // IRCv3 typing: from one "active" to the next
const MARK_PAUSE_MS = 2_000;

/** @enum {string} */
export const TypingState = { ACTIVE: "active", PAUSED: "paused", DONE: "done" };

export class TypingAndReadMarkers {
  /** @param {import("./exchange.js").Exchange} exchange */
  constructor(exchange) {
    this.exchange = exchange;
    /** @type {Map<string, {state: TypingState, activeAt: number}>} by casefolded name; what was sent last, and when
     * "active" was */
    this.typing = new Map();
    /** @type {Map<string, {name: string, at: number, known: number, sentAt: number}>} by casefolded name; `known`: the
     * marker that the network has */
    this.markers = new Map();
  }

  /** What was sent last may not have arrived. */
  loseConnection() {
    this.typing.clear();
    for (const marker of this.markers.values()) marker.known = marker.sentAt = 0;
  }

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {TypingState} state
   * @param {number} now
   */
  type({ name, key }, state, now) {
    if (!this.exchange.has("message-tags")) return;
    const sent = this.typing.get(key) ?? { state: TypingState.DONE, activeAt: -Infinity };
    if (state === TypingState.ACTIVE) {
      if (now - sent.activeAt < TYPING_PAUSE_MS) return;
      sent.activeAt = now;
    } else if (state === sent.state) {
      return;
    }
    this.typing.set(key, { ...sent, state });
    this.exchange.send("TAGMSG", [name], { "+typing": state });
  }

  /**
   * The message is sent, which ends the typing without a notification.
   * @param {string} target
   */
  said(target) {
    const sent = this.typing.get(casefold(target));
    if (sent) sent.state = TypingState.DONE;
  }

  /**
   * The person has read everything up to `at`.
   * @param {string} name
   * @param {number} at
   */
  mark(name, at) {
    const marker = this.markers.get(casefold(name)) ?? { name, at: 0, known: 0, sentAt: 0 };
    marker.at = Math.max(marker.at, at);
    this.markers.set(casefold(name), marker);
  }

  /**
   * The network has this read marker.
   * @param {string} name
   * @param {number} at
   */
  onMarkRead(name, at) {
    const marker = this.markers.get(casefold(name));
    if (marker) marker.known = Math.max(marker.known, at);
  }

  /**
   * Send the read markers that are due.
   * @param {number} now
   */
  advance(now) {
    if (!this.exchange.has("draft/read-marker")) return;
    for (const marker of this.markers.values()) {
      if (marker.at <= marker.known || now - marker.sentAt < MARK_PAUSE_MS) continue;
      Object.assign(marker, { known: marker.at, sentAt: now });
      this.exchange.send("MARKREAD", [marker.name, timeReference(marker.at)]);
    }
  }
}
