/**
 * What a conversation shows of an IRC line: an entry. Pure.
 *
 * @typedef {object} Entry
 * @property {string} key what tells it from all others of its conversation
 * @property {string} kind "message", "action", "notice", "event" or "info"
 * @property {string} nick who said or did it
 * @property {string} text
 * @property {string} [rawText] what was said as it came, with IRC's formatting codes: for markup.js alone
 * @property {number} at milliseconds since the epoch
 * @property {string} msgid
 * @property {string} id the sender's own (+hubbub/id)
 * @property {string} replyTo the msgid that it answers
 * @property {boolean} isMine
 * @property {string} state "waiting" or "failed" of what was said here, else ""
 * @property {number} version rises with every change
 * @property {string} [event] of an event: the line without its time and msgid, which is the same live and in the history
 * @property {{nick: string, what: string}[]} [moves] who came and went, of an event that gathers them
 */

import { nickOf } from "./irc.js";
import { clean } from "./text.js";

export const ID_TAG = "+hubbub/id"; // every gateway takes a message with the same one once
const ACTION = "\x01ACTION ";

const EVENTS = {
  JOIN: () => ({ what: "joined" }),
  PART: () => ({ what: "left" }),
  QUIT: () => ({ what: "left" }),
  KICK: ([, nick, reason]) => ({ text: `removed ${nick}${reason ? ` (${reason})` : ""}` }),
  NICK: ([nick]) => ({ text: `is now ${nick}` }),
  TOPIC: ([, topic]) => ({ text: topic ? `set the topic: ${topic}` : "took the topic away" }),
  MODE: ([, ...modes]) => ({ text: `set mode ${modes.join(" ")}` }),
  INVITE: ([nick, room]) => ({ text: `invited ${nick} to ${room}` }),
};

/** When a line was said (IRCv3 server-time). */
export const timeOf = (message, now) => Date.parse(message.tags.get("time") ?? "") || now;

/** @returns {Entry | null} null for a line that is not for people. */
export function entryOf(message, now, isMine) {
  const nick = clean(nickOf(message.source));
  const at = timeOf(message, now);
  const msgid = message.tags.get("msgid") ?? "";
  const id = message.tags.get(ID_TAG) ?? "";
  const base = {
    key: msgid || id || `${at} ${message.verb} ${nick} ${message.params.join(" ")}`,
    ...{ nick, at, msgid, id, isMine: isMine(nick), state: "", version: 0 },
    replyTo: message.tags.get("+reply") ?? message.tags.get("+draft/reply") ?? "",
  };
  if (message.verb === "PRIVMSG" || message.verb === "NOTICE") return said(base, message);
  const { what, text = "" } = EVENTS[message.verb]?.(message.params) ?? {};
  const event = [message.verb, message.source, ...message.params].join(" ");
  if (what) return { ...base, kind: "event", event, text, moves: [{ nick, what }] };
  return text ? { ...base, kind: "event", event, text: clean(text) } : null;
}

function said(base, { verb, params: [, text = ""] }) {
  if (text.startsWith(ACTION)) {
    const rawText = text.slice(ACTION.length).replace(/\x01$/, "");
    return { ...base, kind: "action", text: clean(rawText), rawText };
  }
  if (text.startsWith("\x01")) return null; // a question that programs ask each other
  return { ...base, kind: verb === "NOTICE" ? "notice" : "message", text: clean(text), rawText: text };
}

/**
 * The tags of an answer to a message: the ratified name (IRCv3 reply), and the draft's, the only one that many
 * clients read.
 */
export const replyTags = (msgid) => ({ "+reply": msgid, "+draft/reply": msgid });

/** What was said here and is not confirmed yet. @returns {Entry} */
export function pendingEntry(pending, nick, now) {
  const message = { tags: new Map(), source: nick, verb: pending.verb, params: [pending.target, pending.text] };
  return {
    ...entryOf(message, now, () => true),
    ...{ key: pending.id, id: pending.id, replyTo: pending.tags["+reply"] ?? "", state: "waiting" },
  };
}

/** A card whose texts, which are by others, are harmless. */
export function cleanCard({ title, note, facts }) {
  return { title: clean(title), note: clean(note), facts: facts.map(([name, value]) => [name, clean(value)]) };
}

let infos = 0;

/**
 * A word of the page's own; `extras`: a `card` (see replies.js) in place of a text, or the room of an `invitation`.
 * @returns {Entry}
 */
export function infoEntry(text, now, extras = {}) {
  infos += 1;
  const nothing = { nick: "", msgid: "", id: "", replyTo: "", isMine: false, state: "", version: 0 };
  return { ...nothing, key: `info ${infos}`, kind: "info", text: clean(text), at: now, ...extras };
}
