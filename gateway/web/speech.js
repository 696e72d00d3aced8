/**
 * All that is said: what we say until it has arrived, what others say once, on whatever connection it comes. Pure.
 *
 *     history ------------------------------\
 *     live, while catching up -> held ------> seen before? -> position -> the page
 *     live ---------------------------------/
 */

import { ID_TAG, entryOf, pendingEntry, timeOf } from "./entries.js";
import { byteLength, fold, isRoom, nickOf, split } from "./irc.js";
import { OUTBOX_LIMIT, Outbox } from "./outbox.js";
import { Place, Presence, Seen, positionOf } from "./places.js";
import { isReaction } from "./reactions.js";
import { sentence } from "./replies.js";

// A relayed line has its source before it: nick, user and host at their largest (Modern IRC "Message Format").
const LINE_LIMIT_BYTES = 512 - ":!@ \r\n".length - 30 - 20 - 63;
const CONFIRMED_LIMIT = 100;
const ACTION = "\x01ACTION ";
// By today's names and by those that they will have (IRCv3 react); whether it is given, or taken back.
const REACTION_TAGS = Object.entries({ "+draft/react": true, "+draft/unreact": false, "+react": true, "+unreact": false });

export class Speech {
  /**
   * @param {import("./exchange.js").Exchange} exchange
   * @param {Map<string, Place>} places
   * @param {import("./batches.js").Batches} batches
   * @param {() => string} newId
   */
  constructor(exchange, places, batches, newId) {
    this.exchange = exchange;
    this.places = places;
    this.batches = batches;
    this.newId = newId;
    this.outbox = new Outbox();
    this.seen = new Seen();
    /** @type {Map<string, import("./outbox.js").Pending>} the last messages to persons, which may still come back */
    this.confirmed = new Map();
  }

  // --- what we say ---------------------------------------------------------------------------------------------

  /** Keeps a message until it has arrived; one that is too long for its kind becomes several. */
  say(target, text, tags, now) {
    for (const piece of this.cut(target, text)) this.put({ verb: "PRIVMSG", target, text: piece, tags }, now);
  }

  /** Says that we are doing something. */
  act(target, text, now) {
    for (const piece of split(text.replaceAll("\n", " "), this.limit(target))) {
      this.put({ verb: "PRIVMSG", target, text: `${ACTION}${piece}\x01`, tags: {} }, now);
    }
  }

  /** Sends tags without a text, as surely as a message: reactions. */
  tag(target, tags, now) {
    this.put({ verb: "TAGMSG", target, text: "", tags }, now);
  }

  put(fields, now, id = this.newId()) {
    const pending = { ...fields, id, isDoubtful: false };
    if (pending.text) {
      const entry = pendingEntry(pending, this.exchange.naming.current, now);
      this.exchange.emit("waiting", { place: fold(pending.target), name: pending.target, entry });
    }
    if (this.outbox.size < OUTBOX_LIMIT) this.outbox.put(pending);
    else this.fail(pending, "too much is waiting to be sent");
  }

  limit(target) {
    return LINE_LIMIT_BYTES - byteLength(`PRIVMSG ${target} :${ACTION}\x01`);
  }

  /** One message where the gateway takes several lines as one, as far as it does; else one for each line. */
  cut(target, text) {
    const lines = this.lines(target, text);
    const allowed = this.exchange.registration.multiline;
    if (!allowed) return lines.filter((line) => line.trim());
    return lines.length <= allowed.lines && byteLength(text) <= allowed.bytes ? [text] : group(lines, allowed);
  }

  /** A text's lines, each of them short enough for one PRIVMSG. */
  lines(target, text) {
    return text.split("\n").flatMap((line) => (line ? split(line, this.limit(target)) : [""]));
  }

  /** Sends what is ready to be sent. */
  flush() {
    for (const pending of this.outbox.launch((target) => this.isReady(target))) {
      const tags = { ...pending.tags, [ID_TAG]: pending.id };
      if (this.exchange.has("labeled-response")) tags.label = pending.id;
      if (!this.exchange.has("message-tags")) this.exchange.send(pending.verb, [pending.target, pending.text]);
      else if (this.needsBatch(pending)) this.sendLines(pending, tags);
      else this.exchange.send(pending.verb, pending.text ? [pending.target, pending.text] : [pending.target], tags);
    }
  }

  needsBatch({ target, text }) {
    return text.includes("\n") || (!text.startsWith(ACTION) && byteLength(text) > this.limit(target));
  }

  /** IRCv3 multiline: the batch has the tags, its lines have none. */
  sendLines(pending, tags) {
    const { id, target, text } = pending;
    if (!this.exchange.registration.multiline) {
      this.outbox.remove(id);
      this.fail(pending, "this gateway takes no message of several lines");
      return;
    }
    this.exchange.send("BATCH", [`+${id}`, "draft/multiline", target], tags);
    for (const line of text.split("\n")) {
      for (const [index, piece] of (line ? split(line, this.limit(target)) : [""]).entries()) {
        const more = index ? { "draft/multiline-concat": "" } : {};
        this.exchange.send("PRIVMSG", [target, piece], { batch: id, ...more });
      }
    }
    this.exchange.send("BATCH", [`-${id}`]);
  }

  isReady(target) {
    const place = this.places.get(fold(target));
    return place ? place.presence === Presence.READY : !isRoom(target);
  }

  /** A PONG: what was sent before its PING has arrived, unless there should have been an echo. */
  settle(ids, now) {
    for (const id of ids) {
      const pending = this.outbox.remove(id);
      if (!pending) continue;
      if (this.exchange.has("echo-message")) this.fail(pending, "the gateway did not confirm it");
      else if (pending.text) this.confirmUnechoed(pending, now);
    }
  }

  confirmUnechoed(pending, now) {
    const entry = { ...pendingEntry(pending, this.exchange.naming.current, now), state: "" };
    this.exchange.emit("said", { place: fold(pending.target), name: pending.target, entry });
  }

  fail(pending, reason) {
    const place = fold(pending.target);
    if (pending.text) this.exchange.emit("failed", { place, id: pending.id, reason, pending });
    else this.exchange.tell(`Your reaction did not arrive: ${reason}`, place);
  }

  /** An error for a message: its label tells which one, or else the target that it names. False if it is for none. */
  onRefused(message) {
    const id = message.tags.get(ID_TAG) ?? this.batches.label(message);
    let pending = this.outbox.remove(id) ?? this.confirmed.get(id);
    if (!pending) {
      const found = message.params
        .slice(1)
        .map((name) => this.outbox.sentTo(name))
        .find(Boolean);
      pending = found && this.outbox.remove(found.id);
    }
    this.confirmed.delete(id);
    if (pending) this.fail(pending, /^\d/.test(message.verb) ? sentence(message) : message.params.at(-1));
    return Boolean(pending);
  }

  /** Whether this is, by its label, the answer to a message of ours. */
  isWaitedFor(message) {
    return this.outbox.has(this.batches.label(message));
  }

  // --- what is said to us --------------------------------------------------------------------------------------

  /** A live line: it is shown, or waits in its place until that has caught up. */
  take(place, message, now) {
    if (place.presence === Presence.CATCHING_UP) place.hold(message);
    else this.showOnce(place, message, now);
  }

  /** Shows a line unless it was shown before; true if it was new. */
  showOnce(place, message, now) {
    this.confirm(message);
    if (!this.seen.add(message)) return false;
    if (message.tags.has("time")) place.position = positionOf(message, now);
    this.show(place, message, now);
    return true;
  }

  show(place, message, now) {
    if (this.annotate(place, message, now)) return;
    const entry = entryOf(message, now, (nick) => this.exchange.naming.isMine(nick));
    if (entry) this.exchange.emit("said", { place: place.key, name: place.name, entry });
  }

  /** Lines about other lines, which are no entries; false for any other. */
  annotate(place, message, now) {
    const nick = nickOf(message.source);
    const at = timeOf(message, now);
    if (message.verb === "REDACT") {
      const [, msgid, reason = ""] = message.params;
      this.exchange.emit("redacted", { place: place.key, msgid, nick, reason, at });
    } else if (message.verb === "TAGMSG") {
      const msgid = message.tags.get("+reply") ?? message.tags.get("+draft/reply");
      for (const [tag, isOn] of REACTION_TAGS) {
        const emoji = message.tags.get(tag);
        if (msgid && emoji && isReaction(emoji)) this.exchange.emit("reacted", { place: place.key, msgid, nick, emoji, isOn, at });
      }
    } else {
      return false;
    }
    return true;
  }

  /** A page of history that the person asked for, or the first one of a place. */
  onPage(place, kind, lines, isLast, now) {
    const isMine = (nick) => this.exchange.naming.isMine(nick) || this.exchange.naming.wasMine(nick);
    const entries = [];
    for (const message of lines) {
      this.confirm(message);
      if (kind === "latest") this.seen.add(message);
      if (!this.annotate(place, message, now)) entries.push(entryOf(message, now, isMine));
    }
    if (kind === "latest" && lines.length) place.position = positionOf(lines.at(-1), now);
    this.exchange.emit("page", { place: place.key, kind, entries: entries.filter(Boolean), isLast });
  }

  /** Forgets the message of ours that this one is, for it has arrived. */
  confirm(message) {
    const pending = this.outbox.remove(message.tags.get(ID_TAG) || message.tags.get("label") || "");
    if (!pending) return;
    this.exchange.emit("confirmed", { place: fold(pending.target), id: pending.id });
    if (isRoom(pending.target)) return;
    this.confirmed.set(pending.id, pending); // who has just left cannot be told from who is there until it was tried
    for (const id of this.confirmed.keys()) {
      if (this.confirmed.size <= CONFIRMED_LIMIT) break;
      this.confirmed.delete(id);
    }
  }
}

/** Messages of as many lines as one may have. */
function group(lines, allowed) {
  const groups = [[]];
  let bytes = 0;
  for (const line of lines) {
    bytes += byteLength(line) + 1;
    if (groups.at(-1).length >= allowed.lines || bytes > allowed.bytes) {
      groups.push([]);
      bytes = byteLength(line) + 1;
    }
    groups.at(-1).push(line);
  }
  return groups.map((group) => group.join("\n")).filter((text) => text.trim());
}
