/**
 * The page's side of IRC without its socket: lines in, lines to send and events to show out. Pure.
 *
 *     the person  -> say(), join() ... \                / takeLines() -> the gateway
 *     the gateway -> receive()          > one Session -<
 *     the clock   -> tick()            /                \ takeEvents() -> buffers.js
 *
 * A session outlives its connections: its name, its places and what waits to be sent stay when one is lost. Times are
 * in milliseconds and come in as `now`.
 */

import { Batches } from "./batches.js";
import { replyTags } from "./entries.js";
import { Exchange } from "./exchange.js";
import { onLine } from "./handlers.js";
import { History } from "./history.js";
import { fold, isRoom, nickOf, parse } from "./irc.js";
import { Naming } from "./naming.js";
import { Place, Presence } from "./places.js";
import { Replies } from "./replies.js";
import { Speech } from "./speech.js";

const KEEPALIVE_MS = 15_000; // after so long the gateway is asked for a sign of life
const DEAD_AFTER_MS = 40_000; // of silence
const REGISTRATION_LIMIT_MS = 20_000;
const CONFIRM_WITHIN_MS = 5_000; // then a PING settles what no echo did
const JOIN_AGAIN_MS = 10_000;
const REDACT_AFTER_MS = 5_000; // so long a deletion can be taken back
const TYPING_EVERY_MS = 3_000; // IRCv3 typing: not within 3 seconds of another one

export class Session {
  /**
   * @param {string} name
   * @param {string[]} places rooms and people
   * @param {() => string} newId gives a fresh random token
   * @param {boolean} wasOurs whether this browser had the name before, and its last session may hold it yet
   */
  constructor(name, places, newId, wasOurs = false) {
    this.naming = new Naming(name, newId);
    this.naming.wasOurs = wasOurs;
    this.exchange = new Exchange(this.naming);
    /** @type {Map<string, Place>} */
    this.places = new Map();
    this.batches = new Batches();
    this.speech = new Speech(this.exchange, this.places, this.batches, newId);
    this.history = new History(this.exchange, this.places, this.speech);
    this.newId = newId;
    this.password = ""; // the network's
    /** @type {Set<string>} folded nicks who start no conversation with us */
    this.ignored = new Set();
    /** @type {Map<string, {place: string, at: number}>} msgid -> what will be deleted, and when */
    this.redactions = new Map();
    this.isConnected = false;
    this.beginConnection(0);
    for (const place of places) this.enter(place);
  }

  beginConnection(now) {
    this.exchange.reset();
    this.batches.clear();
    /** @type {{token: string, ids: string[], at: number, isPromise: boolean} | null} the one PING on its way */
    this.ping = null;
    this.heardAt = now;
    this.pingedAt = now;
    this.flightBeganAt = now;
    this.lastError = "";
    this.isDead = false; // give this connection up
    this.showsMotd = false;
    this.isGreeted = false; // the greeting of this connection is over
    this.replies = new Replies();
  }

  // --- what the transport calls --------------------------------------------------------------------------------

  opened(now) {
    this.beginConnection(now);
    this.isConnected = true;
    const { registration } = this.exchange;
    this.exchange.lines.push(...registration.begin(this.naming.begin(), this.naming.user, this.password));
  }

  closed(now) {
    this.beginConnection(now);
    this.isConnected = false;
    this.speech.outbox.loseConnection();
    for (const place of this.places.values()) place.loseConnection();
  }

  receive(line, now) {
    this.heardAt = now;
    const message = parse(line);
    if (message) this.handle(message, now);
    this.advance(now);
  }

  /** Lets time pass; to be called about once a second. */
  tick(now) {
    if (this.isConnected) {
      this.isDead ||= now - this.heardAt >= (this.isRegistered ? DEAD_AFTER_MS : REGISTRATION_LIMIT_MS);
    }
    if (this.isRegistered) {
      const nick = this.naming.due(now);
      if (nick) this.exchange.send("NICK", [nick]);
      this.sendRedactions(now);
      for (const place of this.places.values()) {
        this.history.tick(place, now);
        const isOverdue = now - place.askedAt >= JOIN_AGAIN_MS;
        if (place.isRoom && place.presence === Presence.AWAITED && isOverdue) this.askToJoin(place, now);
      }
    }
    this.advance(now);
  }

  takeLines() {
    return this.exchange.lines.splice(0);
  }

  takeEvents() {
    return this.exchange.events.splice(0);
  }

  // --- what the person does ------------------------------------------------------------------------------------

  get isRegistered() {
    return this.exchange.isRegistered;
  }

  get unconfirmed() {
    return this.speech.outbox.size;
  }

  can(capability) {
    return this.exchange.has(capability);
  }

  /** Wants to be in a room, or to talk with someone, over all connections to come. */
  enter(name, password = "", now = 0) {
    const place = this.place(name);
    place.password ||= password;
    if (this.isRegistered && place.presence === Presence.AWAITED) this.arrive(place, now);
    return place;
  }

  /** The place of this name, made where there is none. */
  place(name) {
    const place = this.places.get(fold(name)) ?? new Place(name);
    this.places.set(place.key, place);
    return place;
  }

  leave(name, reason = "") {
    const place = this.places.get(fold(name));
    this.places.delete(fold(name));
    if (place?.isRoom && this.isRegistered) this.exchange.send("PART", reason ? [place.name, reason] : [place.name]);
  }

  say(target, text, tags, now) {
    this.enter(target, "", now);
    this.speech.say(target, text, tags, now);
    this.advance(now);
  }

  act(target, text, now) {
    this.enter(target, "", now);
    this.speech.act(target, text, now);
    this.advance(now);
  }

  react(target, msgid, emoji, isOn, now) {
    this.speech.tag(target, { ...replyTags(msgid), [isOn ? "+draft/react" : "+draft/unreact"]: emoji }, now);
    this.advance(now);
  }

  /** Sends again what failed, as the same message. */
  sayAgain(pending, now) {
    this.speech.put(pending, now, pending.id);
    this.advance(now);
  }

  /** Deletes a message of ours, unless that is taken back within some seconds (IRCv3 message-redaction). */
  redact(target, msgid, now) {
    const place = fold(target);
    this.redactions.set(msgid, { place, at: now + REDACT_AFTER_MS });
    this.exchange.emit("redacted", { place, msgid, nick: this.naming.current, reason: "" });
  }

  /** Takes back all deletions that were not sent yet. */
  undoRedactions() {
    for (const [msgid, { place }] of this.redactions) this.exchange.emit("unredacted", { place, msgid });
    this.redactions.clear();
  }

  /** Sends the deletions that are due. */
  sendRedactions(now) {
    if (!this.isRegistered) return;
    for (const [msgid, { place, at }] of this.redactions) {
      if (now < at) continue;
      this.redactions.delete(msgid);
      this.exchange.send("REDACT", [place, msgid]);
    }
  }

  onRedactRefused([, , target, msgid, reason]) {
    this.exchange.emit("unredacted", { place: fold(target), msgid });
    this.exchange.tell(reason, fold(target));
  }

  /** Tells others that we are typing, as often as that may be told. */
  typing(target, state, now) {
    const place = this.places.get(fold(target));
    if (!place || place.presence !== Presence.READY || !this.can("message-tags")) return;
    if (state === "active" && now - place.typedAt < TYPING_EVERY_MS) return;
    place.typedAt = state === "active" ? now : 0;
    this.exchange.send("TAGMSG", [place.name], { "+typing": state });
  }

  rename(nick) {
    this.naming.typed = nick;
    if (this.isRegistered) this.exchange.send("NICK", [nick]);
    else this.naming.wanted = nick;
  }

  /** Any other command, which needs a connection now. */
  command(verb, params) {
    if (verb === "MOTD") this.showsMotd = true;
    if (this.isRegistered) this.exchange.send(verb, params);
    else this.exchange.tell("Not connected: try again when there is a connection.");
  }

  /** IRCv3 read-marker: this far the person has read. */
  markRead(name, at) {
    if (!this.isRegistered || !this.can("draft/read-marker")) return;
    this.exchange.send("MARKREAD", [name, `timestamp=${new Date(at).toISOString()}`]);
  }

  /** Asks for a page of history; false where that cannot be now. */
  page(name, kind, entry, now) {
    const place = this.places.get(fold(name));
    return Boolean(place) && this.history.askAround(place, kind, entry, now);
  }

  /** Asks for the latest lines, in the place of those that are shown. */
  latest(name, now) {
    const place = this.places.get(fold(name));
    if (place && !place.asked && place.presence === Presence.READY) this.history.ask(place, "latest", now);
  }

  // --- going on with what is begun -----------------------------------------------------------------------------

  /** Sends what can be sent by now; whatever could have changed that ends here. */
  advance(now) {
    if (!this.isRegistered) return;
    if (!this.speech.outbox.inFlight.size) this.flightBeganAt = now;
    this.speech.flush();
    if (!this.ping && this.wantsPing(now)) {
      this.ping = { token: this.newId(), ids: [...this.speech.outbox.inFlight.keys()], at: now, isPromise: true };
      this.pingedAt = now;
      this.exchange.send("PING", [this.ping.token]);
    }
  }

  wantsPing(now) {
    const isOverdue = now - this.flightBeganAt >= CONFIRM_WITHIN_MS || !this.can("echo-message");
    return (this.speech.outbox.inFlight.size > 0 && isOverdue) || now - this.pingedAt >= KEEPALIVE_MS;
  }

  arrive(place, now) {
    if (place.isRoom) this.askToJoin(place, now);
    else this.history.begin(place, now);
  }

  askToJoin(place, now) {
    place.askedAt = now;
    this.exchange.send("JOIN", place.password ? [place.name, place.password] : [place.name]);
  }

  // --- what the gateway says -----------------------------------------------------------------------------------

  handle(message, now) {
    if (message.verb !== "BATCH" && this.batches.collects(message)) return;
    onLine(this, message, now);
  }

  isByMe(message) {
    return this.naming.isMine(nickOf(message.source));
  }

  /** The place that a message belongs to: its room, or the other person; null where that is nobody. */
  placeOf(message) {
    const [target] = message.params;
    if (isRoom(target)) return this.places.get(fold(target)) ?? null;
    const nick = this.isByMe(message) ? target : nickOf(message.source);
    return this.places.get(fold(nick)) ?? new Place(nick);
  }
}
