/**
 * A place is a room, or one other person, as this page talks there: whether it has caught up on this connection, and
 * what was shown of it last. Pure.
 */

import { fold, isRoom } from "./irc.js";
import { ID_TAG, timeOf } from "./entries.js";

const HELD_LIMIT = 1000; // the oldest is dropped, history has it
const HISTORY_TRIES = 3;
const SEEN_LIMIT = 20_000;

/** @enum {string} */
export const Presence = {
  AWAITED: "awaited", // wanted, not joined on this connection yet
  CATCHING_UP: "catching up", // joined; history is on its way
  READY: "ready",
};

export class Place {
  constructor(name) {
    this.name = name;
    this.key = fold(name);
    this.isRoom = isRoom(name);
    this.password = "";
    this.wasJoined = false; // on any connection
    this.typedAt = 0; // when others were told last that we are typing here
    /** @type {{msgid: string, at: number} | null} the last line shown, or the moment of joining */
    this.position = null;
    this.loseConnection();
  }

  /** What was held is in the history after the position. */
  loseConnection() {
    this.presence = Presence.AWAITED;
    this.askedAt = 0; // when the last JOIN went out
    /** @type {{kind: string, at: number} | null} what the history was asked for last, and has not answered */
    this.asked = null;
    this.pages = 0;
    this.tries = 0;
    this.tryAgainAt = 0;
    this.byMsgid = true;
    /** @type {import("./irc.js").Message[]} live lines that wait until it has caught up */
    this.held = [];
  }

  hold(message) {
    this.held.push(message);
    if (this.held.length > HELD_LIMIT) this.held.shift();
  }

  /** Whether this line of the history came live already, and waits. */
  holds(message) {
    const msgid = message.tags.get("msgid");
    return msgid !== undefined && this.held.some((held) => held.tags.get("msgid") === msgid);
  }

  /** Is ready, and gives the live lines that waited, in their order. */
  releaseHeld() {
    this.presence = Presence.READY;
    const held = this.held;
    this.held = [];
    return held;
  }

  mayTryAgain() {
    this.tries += 1;
    return this.tries < HISTORY_TRIES;
  }

  /** Asks by time from now on, as the gateway does not know the msgid; false where that did not help. */
  fallsBackToTime() {
    const could = this.byMsgid && Boolean(this.position?.msgid);
    this.byMsgid = false;
    return could;
  }

  /** The position as a parameter of CHATHISTORY AFTER, which excludes all of a time's millisecond. */
  get reference() {
    return this.byMsgid && this.position.msgid ? `msgid=${this.position.msgid}` : timeReference(this.position.at - 1);
  }
}

export const timeReference = (at) => `timestamp=${new Date(at).toISOString()}`;

/** @returns {{msgid: string, at: number}} */
export const positionOf = (message, now) => ({ msgid: message.tags.get("msgid") ?? "", at: timeOf(message, now) });

/** The ids of what was shown last, so that nothing is shown twice. */
export class Seen {
  constructor() {
    this.ids = new Set();
  }

  /**
   * Notes a line; false where it was there already. It has two ids: the network's, and its sender's, which stays the
   * same when it is sent again; where it has none, all of it is its id.
   */
  add(message) {
    const ids = ["msgid", ID_TAG]
      .filter((tag) => message.tags.get(tag))
      .map((tag) => `${tag}=${message.tags.get(tag)}`);
    if (!ids.length && message.tags.has("time")) {
      ids.push([message.tags.get("time"), message.verb, message.source, ...message.params].join(" "));
    }
    const isNew = !ids.some((id) => this.ids.has(id));
    for (const id of ids) this.ids.add(id);
    for (const id of this.ids) {
      if (this.ids.size <= SEEN_LIMIT) break;
      this.ids.delete(id);
    }
    return isNew;
  }
}
