/**
 * The conversations that the page shows. Pure but for the callbacks.
 *
 * buffer_events.js applies the events of a session. The views read the buffers, and draw what `changed` names; nothing
 * here draws.
 */

import { Buffer, isAddressed, isMessage } from "./buffer.js";
import { BUFFER_HANDLERS, NETWORK_HANDLERS } from "./buffer_events.js";
import { OPENS_CONVERSATION } from "./events.js";
import { casefold } from "./irc.js";

/**
 * @typedef {import("./entries.js").Entry} Entry
 * @typedef {import("./events.js").SessionEvent} SessionEvent
 * @typedef {"list" | "log" | "members" | "head" | "typing" | "state"} Part of the page
 */

const ENTRIES_LIMIT = 1000; // of a conversation in which nobody scrolls back

export class Buffers {
  constructor() {
    /** @type {Map<string, Buffer>} by casefolded name, in the order of opening */
    this.byKey = new Map();
    /** @type {Buffer | null} */
    this.current = null;
    this.nick = "";
    this.network = "";
    this.server = "";
    /** @type {number | null} */
    this.latencyMs = null;
    this.isWatched = false; // the person sees the end of the current one
    /** @type {Set<Part>} what the views have to draw again */
    this.changed = new Set();
    /** @type {(buffer: Buffer, entry: Entry) => void} a message for the person while they do not see it */
    this.onAddressed = () => undefined;
    /** @type {(buffer: Buffer) => void} */
    this.onRead = () => undefined;
    /** @type {(entry: Entry) => void} */
    this.onInvited = () => undefined;
    /** @type {Entry[]} notices from before the first conversation */
    this.unplaced = [];
    /** @type {Set<string>} casefolded nicks whose messages are not shown */
    this.ignored = new Set();
  }

  get unread() {
    return [...this.byKey.values()].reduce((sum, buffer) => sum + buffer.unread, 0);
  }

  get mentions() {
    return [...this.byKey.values()].reduce((sum, buffer) => sum + buffer.mentions, 0);
  }

  /** @param {string} name */
  open(name) {
    const buffer = this.byKey.get(casefold(name)) ?? new Buffer(name);
    if (!this.byKey.has(buffer.key)) this.change("list");
    this.byKey.set(buffer.key, buffer);
    return buffer;
  }

  /** @param {string} key */
  close(key) {
    this.byKey.delete(key);
    if (this.current?.key === key) this.show(this.byKey.values().next().value ?? null);
    this.change("list");
  }

  /** @param {Part[]} parts */
  change(...parts) {
    for (const part of parts) this.changed.add(part);
  }

  /** @param {Buffer | null} buffer */
  show(buffer) {
    if (this.current && this.current !== buffer) this.current.marker = 0;
    this.current = buffer;
    if (buffer) for (const entry of this.unplaced.splice(0)) this.add(buffer, entry);
    this.isWatched = false;
    this.change("list", "log", "members", "head", "typing");
  }

  /**
   * Note whether the person sees the end of the current conversation, and so has read it.
   * @param {boolean} isWatched
   */
  watch(isWatched) {
    this.isWatched = isWatched;
    const buffer = this.current;
    if (!isWatched || !buffer) return;
    const at = buffer.viewport.newest?.at ?? 0;
    if (!buffer.unread && at <= buffer.readAt) return;
    Object.assign(buffer, { unread: 0, mentions: 0, readAt: Math.max(at, buffer.readAt) });
    this.change("list");
    this.onRead(buffer);
  }

  /**
   * Request a page of history by `load`, unless one is on its way.
   * @param {Buffer} buffer
   * @param {import("./history.js").PageKind} kind
   * @param {{msgid: string, at: number} | undefined} entry
   * @param {(name: string, kind: import("./history.js").PageKind, entry: {msgid: string, at: number}) => boolean} load
   */
  load(buffer, kind, entry, load) {
    if (buffer.loading || !entry || !load(buffer.name, kind, entry)) return;
    buffer.loading = kind;
    this.change("log");
  }

  /**
   * @param {Buffer} buffer
   * @param {Entry} entry that was not delivered
   */
  discard(buffer, entry) {
    buffer.unconfirmed = buffer.unconfirmed.filter((other) => other !== entry);
    this.change("log");
  }

  /**
   * Forget who has stopped typing without a notification.
   * @param {number} now
   */
  tick(now) {
    for (const buffer of this.byKey.values()) {
      for (const [key, { until }] of buffer.typing) {
        if (now >= until && buffer.typing.delete(key)) this.change("typing");
      }
    }
  }

  /**
   * Apply an event of a session.
   * @param {SessionEvent} event
   */
  apply(event) {
    /** @type {import("./buffer_events.js").AnyHandlers} */ (NETWORK_HANDLERS)[event.type]?.(this, event);
    const name = "conversation" in event ? event.conversation : "target" in event ? event.target : "";
    if (!name) return;
    const buffer = OPENS_CONVERSATION.has(event.type) ? this.open(name) : this.byKey.get(casefold(name));
    if (buffer)
      /** @type {import("./buffer_events.js").AnyHandlers} */ (BUFFER_HANDLERS)[event.type]?.(this, event, buffer);
  }

  /**
   * @param {Buffer} buffer
   * @param {Entry} entry
   */
  add(buffer, entry) {
    if (!buffer.viewport.take(entry)) return;
    const isWatching = this.isWatched && buffer === this.current;
    if (isWatching) {
      buffer.readAt = entry.at;
      this.onRead(buffer);
      buffer.viewport.forgetOldest(ENTRIES_LIMIT);
    } else {
      if (buffer !== this.current) buffer.viewport.forgetOldest(ENTRIES_LIMIT);
      this.count(buffer, entry);
    }
    if (buffer === this.current) this.change("log");
  }

  /**
   * Show a notice in its conversation, or in the current one.
   * @param {Entry} entry
   */
  inform(entry, conversation = "") {
    const buffer = this.byKey.get(casefold(conversation)) ?? this.current;
    if (buffer) this.add(buffer, entry);
    else this.unplaced.push(entry);
  }

  /** @param {string} nick */
  isIgnored(nick) {
    return this.ignored.has(casefold(nick));
  }

  /**
   * Whether an entry is hidden, as the person ignores its author.
   * @param {Entry} entry
   */
  hides(entry) {
    return this.ignored.size > 0 && isMessage(entry) && !entry.isMine && this.isIgnored(entry.nick);
  }

  /**
   * @param {Buffer} buffer
   * @param {Entry} entry
   */
  count(buffer, entry) {
    if (this.hides(entry)) return;
    if (entry.isMine || !isMessage(entry) || entry.at <= buffer.readAt) return;
    buffer.marker ||= buffer.readAt || entry.at - 1;
    buffer.unread += 1;
    if (isAddressed(entry, buffer, this.nick)) {
      buffer.mentions += 1;
      this.onAddressed(buffer, entry);
    }
    this.change("list");
  }
}
