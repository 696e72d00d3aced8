/** What each event of a session changes in the buffers. Pure. */

import { cleanCard, entryOf, infoEntry } from "./entries.js";
import { casefold } from "./irc.js";
import { Roster } from "./roster.js";

/**
 * @typedef {import("./buffer.js").Buffer} Buffer
 * @typedef {import("./buffers.js").Buffers} Buffers
 * @typedef {import("./events.js").SessionEvent} SessionEvent
 * @typedef {import("./history.js").PageKind} PageKind
 */

/**
 * @template {SessionEvent["type"]} T
 * @typedef {Extract<SessionEvent, {type: T}>} Event
 */

/** @typedef {{[T in SessionEvent["type"]]?: (buffers: Buffers, event: Event<T>) => void}} NetworkHandlers */
/** @typedef {{[T in SessionEvent["type"]]?: (buffers: Buffers, event: Event<T>, buffer: Buffer) => void}} Handlers */
/** @typedef {Record<string, (buffers: Buffers, event: SessionEvent, buffer?: Buffer) => void>} AnyHandlers */

const WINDOW_LIMIT = 4000; // entries of a conversation in which somebody scrolls back
/** @type {Record<string, number>} IRCv3 typing */
const TYPING_MS = { active: 6_000, paused: 30_000 };

/**
 * @param {Buffers} buffers
 * @param {Buffer} buffer
 * @param {string} nick
 */
function stopTyping(buffers, buffer, nick) {
  if (buffer.typing.delete(casefold(nick))) buffers.change("typing");
}

/**
 * Show a line in every room that a person is in.
 * @param {Buffers} buffers
 * @param {Event<"Quit"> | Event<"Renamed">} event
 * @param {(buffer: Buffer) => boolean} change false for a room without that person
 */
function inRoomsOf(buffers, { nick, message, at }, change) {
  for (const buffer of buffers.byKey.values()) {
    if (!change(buffer)) continue;
    stopTyping(buffers, buffer, nick);
    const entry = entryOf(message, at, (name) => casefold(name) === casefold(buffers.nick));
    if (entry) buffers.add(buffer, entry);
    buffers.change("members");
  }
}

/**
 * @param {Buffers} buffers
 * @param {Buffer} buffer
 * @param {string} msgid
 */
function touch(buffers, buffer, msgid) {
  const entry = buffer.viewport.byKey.get(msgid);
  if (entry) entry.version += 1;
  if (buffer === buffers.current) buffers.change("log");
}

/** @type {Record<PageKind, (buffers: Buffers, buffer: Buffer, event: Event<"HistoryLoaded">) => void>} */
const PAGES = {
  latest(buffers, buffer, { entries, isLast }) {
    buffer.viewport.restart(entries);
    buffer.viewport.hasOlder = !isLast;
    buffer.unread = buffer.mentions = 0;
    if (!buffer.readAt) buffer.readAt = entries.at(-1)?.at ?? 0;
    for (const entry of entries) buffers.count(buffer, entry);
  },
  older(_buffers, { viewport }, { entries, isLast }) {
    viewport.hasOlder = !isLast;
    viewport.prepend(entries);
    viewport.forgetNewest(WINDOW_LIMIT);
  },
  newer(_buffers, { viewport }, { entries, isLast }) {
    viewport.extend(entries, isLast);
    viewport.forgetOldest(WINDOW_LIMIT);
  },
  around(_buffers, { viewport }, { entries }) {
    if (entries.length) viewport.replace(entries);
  },
  missed: () => undefined, // its lines are shown one by one
};

/** Event -> what it changes in all conversations. @type {NetworkHandlers} */
export const NETWORK_HANDLERS = {
  ConnectionChanged(buffers, { nick, server }) {
    Object.assign(buffers, { nick, server });
    for (const buffer of buffers.byKey.values()) buffer.loading = "";
    buffers.change("state", "log", "members");
  },
  NetworkNamed(buffers, { network }) {
    buffers.network = network;
    buffers.change("state");
  },
  LatencyMeasured(buffers, { latencyMs }) {
    buffers.latencyMs = latencyMs;
    buffers.change("state");
  },
  ServerNotice(buffers, { text, conversation }) {
    buffers.inform(infoEntry(text, Date.now()), conversation);
  },
  ClientNotice(buffers, { text, conversation }) {
    buffers.inform(infoEntry(text, Date.now()), conversation);
  },
  WhoisReceived(buffers, { card }) {
    buffers.inform(infoEntry("", Date.now(), { card: cleanCard(card) }));
  },
  Invited(buffers, { nick, conversation, isMine }) {
    if (!isMine || buffers.isIgnored(nick)) return;
    const text = `${nick} invites you to ${conversation}.`;
    const entry = infoEntry(text, Date.now(), { invitation: conversation });
    buffers.inform(entry);
    buffers.onInvited(entry);
  },
  ProfileChanged(buffers, { nick, isAway }) {
    for (const buffer of buffers.byKey.values()) {
      if (buffer.roster.setAway(nick, isAway)) buffers.change("members");
    }
  },
  Quit(buffers, event) {
    inRoomsOf(buffers, event, (buffer) => buffer.roster.remove(event.nick));
  },
  Renamed(buffers, event) {
    const { nick, newNick, isMine } = event;
    if (isMine) buffers.nick = newNick;
    const direct = buffers.byKey.get(casefold(nick));
    if (direct && !direct.isRoom && !buffers.byKey.has(casefold(newNick))) {
      buffers.byKey.delete(direct.key);
      direct.rename(newNick);
      buffers.byKey.set(direct.key, direct);
    }
    inRoomsOf(buffers, event, (buffer) => buffer.roster.rename(nick, newNick));
    buffers.change("list", "state", "head");
  },
};

/** Event -> what it changes in its conversation, if there is one. @type {Handlers} */
export const BUFFER_HANDLERS = {
  Joined(buffers, { nick, isMine }, buffer) {
    if (isMine) buffer.isJoined = true;
    if (isMine) buffers.change("list");
    buffer.roster.add(nick);
    buffers.change("members", "head");
  },
  JoinFailed(buffers, _event, buffer) {
    leave(buffers, buffer);
  },
  Left(buffers, { nick, by, reason, isMine }, buffer) {
    if (!isMine) {
      buffer.roster.remove(nick);
      stopTyping(buffers, buffer, nick);
      buffers.change("members", "head");
    } else if (by) {
      leave(buffers, buffer);
      buffers.add(buffer, infoEntry(`${by} removed you${reason ? `: ${reason}` : ""}.`, Date.now()));
    } else {
      buffers.close(buffer.key);
    }
  },
  Sent(buffers, { id, replaces, entry }, buffer) {
    buffer.confirm(id);
    if (replaces) buffer.confirm(replaces);
    buffer.unconfirmed.push(entry);
    buffer.marker = 0;
    buffers.change("log");
  },
  Confirmed(buffers, { id }, buffer) {
    buffer.confirm(id);
    buffers.change("log");
  },
  Failed(buffers, { id, reason, unsent }, buffer) {
    buffer.unconfirmed = buffer.unconfirmed.map((entry) =>
      entry.id === id ? { ...entry, state: "failed", reason, unsent, version: entry.version + 1 } : entry,
    );
    buffers.change("log");
  },
  Received(buffers, { entry }, buffer) {
    stopTyping(buffers, buffer, entry.nick);
    buffers.add(buffer, entry);
  },
  EntryAdded(buffers, { entry }, buffer) {
    stopTyping(buffers, buffer, entry.nick);
    buffers.add(buffer, entry);
  },
  HistoryLoaded(buffers, event, buffer) {
    buffer.loading = "";
    PAGES[event.kind](buffers, buffer, event);
    buffers.change("log", "list");
  },
  HistoryFailed(buffers, { kind }, buffer) {
    buffer.loading = "";
    if (kind === "older") buffer.viewport.hasOlder = false;
    buffers.change("log");
  },
  CaughtUp(buffers, _event, buffer) {
    buffer.loading = "";
    buffers.change("log");
  },
  Reacted(buffers, event, buffer) {
    buffer.annotations.react(event);
    touch(buffers, buffer, event.msgid);
  },
  Redacted(buffers, { msgid, nick, reason }, buffer) {
    buffer.annotations.redact(msgid, nick, reason);
    touch(buffers, buffer, msgid);
  },
  RedactionPending(buffers, { msgid, nick }, buffer) {
    buffer.annotations.redact(msgid, nick, "");
    touch(buffers, buffer, msgid);
  },
  RedactionUndone(buffers, { msgid }, buffer) {
    buffer.annotations.undoRedaction(msgid);
    touch(buffers, buffer, msgid);
  },
  TypingChanged(buffers, { nick, state, at }, buffer) {
    if (buffers.isIgnored(nick)) return;
    const lastsMs = TYPING_MS[state];
    if (lastsMs) buffer.typing.set(casefold(nick), { nick, until: at + lastsMs });
    else buffer.typing.delete(casefold(nick));
    buffers.change("typing");
  },
  TopicSet(buffers, { topic }, buffer) {
    buffer.topic = topic;
    buffers.change("head");
  },
  MembersListed(buffers, { names }, buffer) {
    buffer.roster.list(names);
    buffers.change("members", "head");
  },
  ModesSet(buffers, { modes }, buffer) {
    buffer.roster.setModes(modes);
    buffers.change("members");
  },
  ReadMarkerMoved(buffers, { at }, buffer) {
    if (at <= buffer.readAt) return;
    buffer.readAt = at;
    const newest = buffer.viewport.newest?.at ?? 0;
    if (at >= newest) Object.assign(buffer, { unread: 0, mentions: 0 });
    buffers.change("list");
  },
};

/**
 * @param {Buffers} buffers
 * @param {Buffer} buffer of a room that we are not in
 */
function leave(buffers, buffer) {
  buffer.isJoined = false;
  buffer.roster = new Roster();
  buffers.change("list", "members", "head");
}
