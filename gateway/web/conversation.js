/**
 * A room, or the direct messages with one person, as the session knows it: whether it has caught up on this connection,
 * and the last line that was shown. Pure.
 */

import { casefold, isRoom } from "./irc.js";
import { ID_TAG, timeOf, timeReference } from "./tags.js";

/**
 * @typedef {import("./irc.js").Message} Message
 * @typedef {{msgid: string, at: number}} Position a line in the history of a conversation
 * @typedef {{kind: import("./history.js").PageKind, at: number}} Request
 */

const HELD_LIMIT = 1000; // the oldest is dropped: the history has it
const HISTORY_TRIES = 3;
const SHOWN_LIMIT = 20_000;

/** @enum {string} */
export const SyncState = {
  AWAITED: "awaited", // wanted, not joined on this connection yet
  CATCHING_UP: "catching up", // joined, missed history is on its way
  READY: "ready",
};

export class Conversation {
  /** @param {string} name of a room, or the nick of a person */
  constructor(name) {
    this.name = name;
    this.key = casefold(name);
    this.isRoom = isRoom(name);
    this.password = "";
    /** @type {Position | null} the last line shown, or the moment of joining */
    this.position = null;
    /** @type {SyncState} on this connection, as all that follows */
    this.syncState = SyncState.AWAITED;
    this.joinSentAt = 0;
    /** @type {string[]} of a list of names that has not ended yet */
    this.names = [];
    this.hasAskedWho = false;
    /** @type {Request | null} the history request that waits for an answer */
    this.request = null;
    this.pages = 0;
    this.tries = 0;
    this.tryAgainAt = 0;
    this.byMsgid = true;
    /** @type {Message[]} live lines that wait until the conversation has caught up */
    this.held = [];
  }

  /** Return to the state before joining. Held lines are dropped: the history after the position has them. */
  loseConnection() {
    const { password, position } = this;
    Object.assign(this, new Conversation(this.name), { password, position });
  }

  /** @param {string} name */
  rename(name) {
    this.name = name;
    this.key = casefold(name);
  }

  /** @param {Message} message */
  hold(message) {
    this.held.push(message);
    if (this.held.length > HELD_LIMIT) this.held.shift();
  }

  /**
   * Whether this line of the history has also arrived live and is held.
   * @param {Message} message
   */
  holds(message) {
    const msgid = message.tags.get("msgid");
    return msgid !== undefined && this.held.some((held) => held.tags.get("msgid") === msgid);
  }

  /** Become ready, and return the held lines in their order. */
  releaseHeld() {
    this.syncState = SyncState.READY;
    const held = this.held;
    this.held = [];
    return held;
  }

  /** Count a failed history request; false if it was the last try. */
  mayTryAgain() {
    this.tries += 1;
    return this.tries < HISTORY_TRIES;
  }

  /** Ask by time from now on, as the gateway does not know the msgid; false if that has failed too. */
  fallBackToTime() {
    const could = this.byMsgid && Boolean(this.position?.msgid);
    this.byMsgid = false;
    return could;
  }

  /** The position as a parameter of CHATHISTORY AFTER, which excludes the whole millisecond of a timestamp. */
  get reference() {
    if (!this.position) return "*";
    return this.byMsgid && this.position.msgid ? `msgid=${this.position.msgid}` : timeReference(this.position.at - 1);
  }
}

/**
 * @param {Message} message
 * @param {number} now
 * @returns {Position}
 */
export const positionOf = (message, now) => ({ msgid: message.tags.get("msgid") ?? "", at: timeOf(message, now) });

/** The ids of the lines shown last, so that no line is shown twice. */
export class ShownIds {
  constructor() {
    /** @type {Set<string>} */
    this.ids = new Set();
  }

  /**
   * Add a line; false if it was there already. A line has two ids: the network's msgid, and the id of its sender, which
   * stays the same when the line is sent again. A line without both is known by its whole text.
   * @param {Message} message
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
      if (this.ids.size <= SHOWN_LIMIT) break;
      this.ids.delete(id);
    }
    return isNew;
  }
}
