/**
 * Notifications while the person types and reads: typing notifications (IRCv3 typing) and read markers (IRCv3
 * read-marker). Limits how often each is sent. Pure.
 */

import { casefold } from "./irc.js";
import { timeReference } from "./tags.js";

const TYPING_PAUSE_MS = 3_000; // IRCv3 typing: from one notification to the next
const MARK_PAUSE_MS = 2_000;

/** @enum {string} */
export const TypingState = { ACTIVE: "active", PAUSED: "paused", DONE: "done" };

export class TypingAndReadMarkers {
  /** @param {import("./exchange.js").Exchange} exchange */
  constructor(exchange) {
    this.exchange = exchange;
    /** @type {Map<string, {name: string, sent: TypingState, sentAt: number, wanted: TypingState | null}>} by casefolded
     * name; `wanted`: to be sent when the pause is over */
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
   * Note a change of the text that the person is writing.
   * @param {string} name
   * @param {TypingState} state
   */
  type(name, state) {
    const known = this.typing.get(casefold(name));
    if (known) known.wanted = state;
    else if (state === TypingState.ACTIVE) {
      this.typing.set(casefold(name), { name, sent: TypingState.DONE, sentAt: -Infinity, wanted: state });
    }
  }

  /**
   * The message is sent, which ends the typing without a notification.
   * @param {string} name
   */
  said(name) {
    const known = this.typing.get(casefold(name));
    if (known) Object.assign(known, { wanted: null, sent: TypingState.DONE });
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
   * Send what is due.
   * @param {number} now
   */
  advance(now) {
    if (this.exchange.has("message-tags")) this.sendTyping(now);
    if (this.exchange.has("draft/read-marker")) this.sendMarkers(now);
  }

  /** @param {number} now */
  sendTyping(now) {
    for (const [key, typing] of this.typing) {
      if (now - typing.sentAt < TYPING_PAUSE_MS) continue;
      const { wanted } = typing;
      typing.wanted = null;
      if (wanted && (wanted === TypingState.ACTIVE || wanted !== typing.sent)) {
        Object.assign(typing, { sent: wanted, sentAt: now });
        this.exchange.send("TAGMSG", [typing.name], { "+typing": wanted });
      } else if (typing.sent === TypingState.DONE) {
        this.typing.delete(key);
      }
    }
  }

  /** @param {number} now */
  sendMarkers(now) {
    for (const marker of this.markers.values()) {
      if (marker.at <= marker.known || now - marker.sentAt < MARK_PAUSE_MS) continue;
      Object.assign(marker, { known: marker.at, sentAt: now });
      this.exchange.send("MARKREAD", [marker.name, timeReference(marker.at)]);
    }
  }
}
