/**
 * The entries of a conversation: what it shows of an IRC line. Pure.
 *
 * @typedef {import("./irc.js").Message} Message
 * @typedef {object} Entry
 * @property {string} key unique in its conversation
 * @property {"message" | "action" | "notice" | "event" | "info"} kind
 * @property {string} nick of its author
 * @property {string} text
 * @property {string} rawText the text as it came, with IRC's formatting codes: for markup.js alone
 * @property {number} at milliseconds since the epoch
 * @property {string} msgid
 * @property {string} id the client msgid (+hubbub/id)
 * @property {string} replyTo the msgid that it answers
 * @property {boolean} isMine
 * @property {"" | "waiting" | "failed"} state of a message that was typed here
 * @property {number} version grows with every change
 * @property {string} [reason] of a failure
 * @property {import("./outbox.js").UnsentMessage} [unsent] of a failure
 * @property {string} [event] of an event: the line without its time and msgid, the same live and in the history
 * @property {MemberChange[]} [memberChanges] of an event that gathers joins and parts
 * @property {import("./replies.js").WhoisCard} [card] in place of a text
 * @property {string} [invitation] the room of an invitation
 * @typedef {{nick: string, change: "joined" | "left"}} MemberChange
 */

import { ACTION } from "./composing.js";
import { nickOf } from "./irc.js";
import { ID_TAG, replyTo, timeOf } from "./tags.js";
import { clean } from "./text.js";

/**
 * Verb -> what the event says.
 * @type {Record<string, (params: string[]) => {change?: "joined" | "left", text?: string}>}
 */
const EVENTS = {
  JOIN: () => ({ change: "joined" }),
  PART: () => ({ change: "left" }),
  QUIT: () => ({ change: "left" }),
  KICK: ([, nick, reason]) => ({ text: `removed ${nick}${reason ? ` (${reason})` : ""}` }),
  NICK: ([nick]) => ({ text: `is now ${nick}` }),
  TOPIC: ([, topic]) => ({ text: topic ? `set the topic: ${topic}` : "removed the topic" }),
  MODE: ([, ...modes]) => ({ text: `set mode ${modes.join(" ")}` }),
  INVITE: ([nick, room]) => ({ text: `invited ${nick} to ${room}` }),
};

/**
 * The entry of a line; null if there is nothing to read.
 * @param {Message} message
 * @param {number} now
 * @param {(nick: string) => boolean} isMine
 * @returns {Entry | null}
 */
export function entryOf(message, now, isMine) {
  const { verb, params, tags } = message;
  const nick = clean(nickOf(message.source));
  const at = timeOf(message, now);
  const msgid = tags.get("msgid") ?? "";
  const id = tags.get(ID_TAG) ?? "";
  const base = {
    ...infoEntry("", at),
    ...{ key: msgid || id || `${at} ${verb} ${nick} ${params.join(" ")}`, nick, msgid, id, isMine: isMine(nick) },
    replyTo: replyTo(tags),
  };
  if (verb === "PRIVMSG" || verb === "NOTICE") return saidEntry(base, message);
  const { change, text = "" } = EVENTS[verb]?.(params) ?? {};
  if (!change && !text) return null;
  const facts = verb === "JOIN" ? params.slice(0, 1) : params; // IRCv3 extended-join adds some to a live JOIN
  const event = [verb, message.source, ...facts].join(" ");
  return { ...base, kind: "event", event, text: clean(text), ...(change ? { memberChanges: [{ nick, change }] } : {}) };
}

/**
 * @param {Entry} base
 * @param {Message} message
 * @returns {Entry | null} null for a CTCP request, which only programs read
 */
function saidEntry(base, { verb, params: [, text = ""] }) {
  if (text.startsWith(ACTION)) {
    const rawText = text.slice(ACTION.length).replace(/\x01$/, "");
    return { ...base, kind: "action", text: clean(rawText), rawText };
  }
  if (text.startsWith("\x01")) return null;
  return { ...base, kind: verb === "NOTICE" ? "notice" : "message", text: clean(text), rawText: text };
}

/**
 * The entry of a message that was typed here and is not confirmed yet.
 * @param {import("./outbox.js").UnsentMessage} unsent
 * @param {string} nick
 * @param {number} now
 * @returns {Entry}
 */
export function pendingEntry({ id, verb, target, text, tags }, nick, now) {
  const message = { tags: new Map(Object.entries(tags)), source: nick, verb, params: [target, text] };
  const entry = entryOf(message, now, () => true) ?? infoEntry(text, now);
  return { ...entry, key: id, id, isMine: true, state: "waiting" };
}

/**
 * A card without control characters: other people wrote its texts.
 * @param {import("./replies.js").WhoisCard} card
 * @returns {import("./replies.js").WhoisCard}
 */
export function cleanCard({ title, note, facts }) {
  return { title: clean(title), note: clean(note), facts: facts.map(([name, value]) => [name, clean(value)]) };
}

let infos = 0;

/**
 * A text of the page itself or of the server.
 * @param {string} text
 * @param {number} now
 * @param {{card?: import("./replies.js").WhoisCard, invitation?: string}} extras
 * @returns {Entry}
 */
export function infoEntry(text, now, extras = {}) {
  infos += 1;
  const shown = clean(text);
  const nothing = { nick: "", msgid: "", id: "", replyTo: "", isMine: false, version: 0 };
  return { ...nothing, key: `info ${infos}`, kind: "info", text: shown, rawText: shown, at: now, state: "", ...extras };
}
