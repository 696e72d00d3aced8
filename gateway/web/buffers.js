/**
 * The conversations that the page shows: what came of a session's events. Pure but for the callbacks.
 *
 * Views read it, and draw what `changed` names; nothing here draws.
 */

import { cleanCard, entryOf, infoEntry } from "./entries.js";
import { fold, isRoom } from "./irc.js";
import { Marks } from "./marks.js";
import { Members } from "./members.js";
import { Slice } from "./slice.js";
import { mentions } from "./text.js";

const ENTRIES_LIMIT = 1000; // of a conversation that nobody scrolls back in
const WINDOW_LIMIT = 4000; // of one that somebody does
const TYPING_MS = { active: 6_000, paused: 30_000 }; // IRCv3 typing

export class Buffer {
  constructor(name) {
    this.name = name;
    this.key = fold(name);
    this.isRoom = isRoom(name);
    this.isJoined = !this.isRoom;
    this.topic = "";
    this.members = new Members();
    this.slice = new Slice();
    /** @type {import("./entries.js").Entry[]} said here, not confirmed yet */
    this.pending = [];
    this.marks = new Marks();
    this.unread = 0;
    this.mentions = 0;
    this.readAt = 0; // the time of the last entry that the person has read; 0: not known
    this.marker = 0; // the new entries begin after this time; 0: no marker
    /** @type {Map<string, {nick: string, until: number}>} */
    this.typing = new Map();
    this.draft = "";
    /** @type {import("./entries.js").Entry | null} what the draft answers */
    this.draftReply = null;
    this.loading = ""; // the kind of the page of history that is on its way
  }

  /** What there is to show, oldest first. */
  get shown() {
    const { entries, isAtEnd } = this.slice;
    return isAtEnd && this.pending.length ? [...entries, ...this.pending] : entries;
  }
}

const isSaid = ({ kind }) => kind !== "event" && kind !== "info";

/** Whether somebody else says this to the person. */
export function isAddressed(entry, buffer, nick) {
  return isSaid(entry) && !entry.isMine && (!buffer.isRoom || mentions(entry.text, nick));
}

export class Buffers {
  constructor() {
    /** @type {Map<string, Buffer>} by folded name, in the order of coming */
    this.byKey = new Map();
    /** @type {Buffer | null} */
    this.current = null;
    this.nick = "";
    this.network = "";
    this.server = "";
    this.latencyMs = 0;
    this.isWatched = false; // the person sees the end of the current one
    /** What views have to draw anew. @type {Set<"list" | "log" | "members" | "head" | "typing" | "state">} */
    this.changed = new Set();
    this.onAddressed = (_buffer, _entry) => undefined; // a message for the person while they do not look
    this.onRead = (_buffer) => undefined;
    this.onInvited = (_entry) => undefined;
    /** @type {import("./entries.js").Entry[]} words of the page's own from before there was any conversation */
    this.unplaced = [];
    /** @type {Set<string>} folded nicks whose messages are not shown */
    this.ignored = new Set();
  }

  get unread() {
    return [...this.byKey.values()].reduce((sum, buffer) => sum + buffer.unread, 0);
  }

  get mentions() {
    return [...this.byKey.values()].reduce((sum, buffer) => sum + buffer.mentions, 0);
  }

  open(name) {
    const key = fold(name);
    if (!this.byKey.has(key)) {
      this.byKey.set(key, new Buffer(name));
      this.changed.add("list");
    }
    return this.byKey.get(key);
  }

  close(key) {
    this.byKey.delete(key);
    if (this.current?.key === key) this.show(this.byKey.values().next().value ?? null);
    this.changed.add("list");
  }

  show(buffer) {
    if (this.current && this.current !== buffer) this.current.marker = 0;
    this.current = buffer;
    if (buffer) for (const entry of this.unplaced.splice(0)) this.add(buffer, entry);
    this.isWatched = false;
    for (const part of ["list", "log", "members", "head", "typing"]) this.changed.add(part);
  }

  /** Notes whether the person sees the end of the current conversation, and so has read it. */
  watch(isWatched) {
    this.isWatched = isWatched;
    const buffer = this.current;
    if (!isWatched || !buffer) return;
    const at = buffer.slice.newest?.at ?? 0;
    if (!buffer.unread && at <= buffer.readAt) return;
    Object.assign(buffer, { unread: 0, mentions: 0, readAt: Math.max(at, buffer.readAt) });
    this.changed.add("list");
    this.onRead(buffer);
  }

  /** Asks for a page of history by `ask`, unless one is on its way. */
  load(buffer, kind, entry, ask) {
    if (buffer.loading || !entry || !ask(buffer.name, kind, entry)) return;
    buffer.loading = kind;
    this.changed.add("log");
  }

  discard(buffer, entry) {
    buffer.pending = buffer.pending.filter((pending) => pending !== entry);
    this.changed.add("log");
  }

  /** Whether anybody's typing has ended. */
  tick(now) {
    for (const buffer of this.byKey.values()) {
      for (const [key, { until }] of buffer.typing) {
        if (now >= until && buffer.typing.delete(key)) this.changed.add("typing");
      }
    }
  }

  /** Takes an event of a session. */
  apply(event) {
    ON_ALL[event.type]?.(this, event);
    const buffer = event.name ? this.open(event.name) : this.byKey.get(event.place);
    if (buffer) ON_ONE[event.type]?.(this, event, buffer);
  }

  add(buffer, entry) {
    if (!buffer.slice.take(entry)) return;
    const isWatching = this.isWatched && buffer === this.current;
    if (isWatching) {
      buffer.readAt = entry.at;
      this.onRead(buffer);
      buffer.slice.forgetOldest(ENTRIES_LIMIT);
    } else {
      if (buffer !== this.current) buffer.slice.forgetOldest(ENTRIES_LIMIT);
      this.count(buffer, entry);
    }
    if (buffer === this.current) this.changed.add("log");
  }

  /** Shows a word of the page's own, where it belongs or where the person is. */
  inform(entry, place = "") {
    const buffer = this.byKey.get(place) ?? this.current;
    if (buffer) this.add(buffer, entry);
    else this.unplaced.push(entry);
  }

  isIgnored(nick) {
    return this.ignored.has(fold(nick));
  }

  /** Whether an entry is hidden, as the person ignores its author. */
  hides(entry) {
    return this.ignored.size > 0 && isSaid(entry) && !entry.isMine && this.isIgnored(entry.nick);
  }

  count(buffer, entry) {
    if (this.hides(entry)) return;
    if (entry.isMine || !isSaid(entry) || entry.at <= buffer.readAt) return;
    buffer.marker ||= buffer.readAt || entry.at - 1;
    buffer.unread += 1;
    if (isAddressed(entry, buffer, this.nick)) {
      buffer.mentions += 1;
      this.onAddressed(buffer, entry);
    }
    this.changed.add("list");
  }
}

function stopTyping(buffers, buffer, nick) {
  if (buffer.typing.delete(fold(nick))) buffers.changed.add("typing");
}

/** Shows a line in every room that somebody is in. */
function inRoomsOf(buffers, nick, message, now, change) {
  for (const buffer of buffers.byKey.values()) {
    if (!change(buffer)) continue;
    stopTyping(buffers, buffer, nick);
    const entry = entryOf(message, now, (name) => fold(name) === fold(buffers.nick));
    if (entry) buffers.add(buffer, entry);
    buffers.changed.add("members");
  }
}

const PAGES = {
  latest(buffers, buffer, { entries, isLast }) {
    buffer.slice.restart(entries);
    buffer.slice.hasOlder = !isLast;
    buffer.unread = buffer.mentions = 0;
    if (!buffer.readAt) buffer.readAt = entries.at(-1)?.at ?? 0;
    for (const entry of entries) buffers.count(buffer, entry);
  },
  older(_buffers, { slice }, { entries, isLast }) {
    slice.hasOlder = !isLast;
    slice.prepend(entries);
    slice.forgetNewest(WINDOW_LIMIT);
  },
  newer(_buffers, { slice }, { entries, isLast }) {
    slice.extend(entries, isLast);
    slice.forgetOldest(WINDOW_LIMIT);
  },
  around(_buffers, { slice }, { entries }) {
    if (entries.length) slice.replace(entries);
  },
};

/** Event -> what it changes in all conversations. */
const ON_ALL = {
  registered(buffers, { nick, server }) {
    Object.assign(buffers, { nick, server });
    for (const buffer of buffers.byKey.values()) buffer.loading = "";
    buffers.changed.add("state").add("log").add("members");
  },
  network(buffers, { network }) {
    buffers.network = network;
    buffers.changed.add("state");
  },
  latency(buffers, { ms }) {
    buffers.latencyMs = ms;
    buffers.changed.add("state");
  },
  told(buffers, { text, place }) {
    buffers.inform(infoEntry(text, Date.now()), place);
  },
  card(buffers, { card }) {
    buffers.inform(infoEntry("", Date.now(), { card: cleanCard(card) }));
  },
  invited(buffers, { nick, room }) {
    if (buffers.isIgnored(nick)) return;
    const entry = infoEntry(`${nick} invites you to ${room}.`, Date.now(), { invitation: room });
    buffers.inform(entry);
    buffers.onInvited(entry);
  },
  away(buffers, { nick, isAway }) {
    for (const buffer of buffers.byKey.values()) {
      if (buffer.members.away(nick, isAway)) buffers.changed.add("members");
    }
  },
  quit(buffers, { nick, message, at }) {
    inRoomsOf(buffers, nick, message, at, (buffer) => buffer.members.remove(nick));
  },
  renamed(buffers, { nick, to, isMine, message, at }) {
    if (isMine) buffers.nick = to;
    const direct = buffers.byKey.get(fold(nick));
    if (direct && !direct.isRoom && !buffers.byKey.has(fold(to))) {
      buffers.byKey.delete(direct.key);
      Object.assign(direct, { name: to, key: fold(to) });
      buffers.byKey.set(direct.key, direct);
    }
    inRoomsOf(buffers, nick, message, at, (buffer) => buffer.members.rename(nick, to));
    buffers.changed.add("list").add("state").add("head");
  },
};

/** Event -> what it changes in the one that it is about, if there is one. */
const ON_ONE = {
  joined(buffers, _event, buffer) {
    buffer.isJoined = true;
    buffers.changed.add("list").add("head");
  },
  met: () => undefined,
  left(buffers, { place, reason }, buffer) {
    if (!reason) return buffers.close(place);
    buffer.isJoined = false;
    buffer.members = new Members();
    buffers.add(buffer, infoEntry(reason, Date.now()));
    buffers.changed.add("list").add("members").add("head");
  },
  waiting(buffers, { entry }, buffer) {
    buffer.pending = [...buffer.pending.filter(({ id }) => id !== entry.id), entry];
    buffer.marker = 0;
    buffers.changed.add("log");
  },
  confirmed(buffers, { id }, buffer) {
    buffer.pending = buffer.pending.filter((entry) => entry.id !== id);
    buffers.changed.add("log");
  },
  failed(buffers, { id, reason, pending }, buffer) {
    buffer.pending = buffer.pending.map((entry) =>
      entry.id === id ? { ...entry, state: "failed", reason, pending, version: entry.version + 1 } : entry,
    );
    buffers.changed.add("log");
  },
  said(buffers, { entry }, buffer) {
    stopTyping(buffers, buffer, entry.nick);
    buffers.add(buffer, entry);
  },
  page(buffers, event, buffer) {
    buffer.loading = "";
    PAGES[event.kind](buffers, buffer, event);
    buffers.changed.add("log").add("list");
  },
  "page-refused"(buffers, { kind }, buffer) {
    buffer.loading = "";
    if (kind === "older") buffer.slice.hasOlder = false;
    buffers.changed.add("log");
  },
  "caught-up"(buffers, _event, buffer) {
    buffer.loading = "";
    buffers.changed.add("log");
  },
  reacted(buffers, event, buffer) {
    buffer.marks.react(event);
    touch(buffers, buffer, event.msgid);
  },
  redacted(buffers, event, buffer) {
    buffer.marks.redact(event);
    touch(buffers, buffer, event.msgid);
  },
  unredacted(buffers, event, buffer) {
    buffer.marks.unredact(event);
    touch(buffers, buffer, event.msgid);
  },
  typing(buffers, { nick, state, at }, buffer) {
    if (buffers.isIgnored(nick)) return;
    if (TYPING_MS[state]) buffer.typing.set(fold(nick), { nick, until: at + TYPING_MS[state] });
    else buffer.typing.delete(fold(nick));
    buffers.changed.add("typing");
  },
  topic(buffers, { topic }, buffer) {
    buffer.topic = topic;
    buffers.changed.add("head");
  },
  names(_buffers, { names }, buffer) {
    buffer.members.names.push(...names);
  },
  "names-end"(buffers, _event, buffer) {
    buffer.members.endNames();
    buffers.changed.add("members").add("head");
  },
  member(buffers, { nick }, buffer) {
    buffer.members.add(nick);
    buffers.changed.add("members").add("head");
  },
  "member-gone"(buffers, { nick }, buffer) {
    buffer.members.remove(nick);
    stopTyping(buffers, buffer, nick);
    buffers.changed.add("members").add("head");
  },
  modes(buffers, { modes, params }, buffer) {
    buffer.members.change(modes, params);
    buffers.changed.add("members");
  },
  read(buffers, { at }, buffer) {
    if (at <= buffer.readAt) return;
    buffer.readAt = at;
    const newest = buffer.slice.newest?.at ?? 0;
    if (at >= newest) Object.assign(buffer, { unread: 0, mentions: 0 });
    buffers.changed.add("list");
  },
};

function touch(buffers, buffer, msgid) {
  const entry = buffer.slice.byKey.get(msgid);
  if (entry) entry.version += 1;
  if (buffer === buffers.current) buffers.changed.add("log");
}
