/**
 * The page's side of IRC without its socket: lines in, lines to send and events to show out. Pure.
 *
 *     the person  -> say(), enter() ... \                / takeLines() -> the gateway
 *     the gateway -> receive()           > one Session -<
 *     the clock   -> tick()             /                \ takeEvents() -> buffers.js
 *
 * A session outlives its connections: its name, its conversations and its unsent messages stay when one is lost. Times
 * are in milliseconds and come in as `now`.
 */

import { Batches } from "./batches.js";
import { ACTION } from "./composing.js";
import { CONNECTION_HANDLERS } from "./connection_events.js";
import { Conversation, SyncState } from "./conversation.js";
import { ErrorReplies } from "./error_replies.js";
import { Exchange } from "./exchange.js";
import { HistoryLoader } from "./history.js";
import { casefold, isRoom, parse } from "./irc.js";
import { Messaging } from "./messaging.js";
import { Naming } from "./naming.js";
import { PendingRedactions } from "./pending_redactions.js";
import { Pings } from "./pings.js";
import { Replies } from "./replies.js";
import { ServerEvents } from "./server_events.js";
import { timeOf } from "./tags.js";
import { TypingAndReadMarkers } from "./typing_and_read_markers.js";

/** @typedef {import("./irc.js").Message} Message */

const DEAD_AFTER_MS = 60_000; // of silence
const REGISTRATION_LIMIT_MS = 20_000;
const ASK_AGAIN_MS = 10_000;

export class Session {
  // Of this connection:
  isConnected = false;
  isDead = false; // give this connection up
  isGreeted = false; // the greeting is over
  showsMotd = false;
  lastReceivedAt = 0;
  lastError = "";
  replies = new Replies();

  /**
   * @param {string} name
   * @param {string[]} conversations rooms and people
   * @param {() => string} newId returns a new random token
   * @param {boolean} wasOurs whether this browser had the name before: its last session may still hold the name
   */
  constructor(name, conversations, newId, wasOurs = false) {
    this.naming = new Naming(name, newId);
    this.naming.wasOurs = wasOurs;
    this.exchange = new Exchange(this.naming);
    /** @type {Map<string, Conversation>} by casefolded name */
    this.conversations = new Map();
    this.batches = new Batches();
    this.messaging = new Messaging(this.exchange, this.conversations, this.batches, newId);
    this.history = new HistoryLoader(this.exchange, this.conversations, this.messaging, newId);
    this.errorReplies = new ErrorReplies(this.exchange, this.conversations, this.messaging, this.history);
    this.redactions = new PendingRedactions(this.exchange);
    this.typingAndReadMarkers = new TypingAndReadMarkers(this.exchange);
    this.serverEvents = new ServerEvents(
      this.exchange,
      this.conversations,
      this.messaging,
      this.history,
      this.typingAndReadMarkers,
    );
    this.newId = newId;
    this.pings = new Pings(newId, 0);
    this.password = ""; // the network's
    this.lastMessageAt = 0; // by the clock of the network
    for (const conversation of conversations) this.enter(conversation);
  }

  /** @param {number} now */
  beginConnection(now) {
    this.exchange.reset();
    this.batches.clear();
    this.pings = new Pings(this.newId, now);
    this.replies = new Replies();
    this.lastReceivedAt = now;
    this.lastError = "";
    this.errorReplies.last = "";
    this.isDead = this.isGreeted = this.showsMotd = false;
  }

  // --- what the transport calls --------------------------------------------------------------------------------

  /** @param {number} now */
  connected(now) {
    this.beginConnection(now);
    this.isConnected = true;
    this.exchange.lines.push(...this.exchange.login.begin(this.naming.begin(), this.naming.user, this.password));
  }

  /** @param {number} now */
  disconnected(now) {
    this.beginConnection(now);
    this.isConnected = false;
    this.messaging.outbox.loseConnection();
    this.typingAndReadMarkers.loseConnection();
    for (const conversation of this.conversations.values()) conversation.loseConnection();
  }

  /**
   * @param {string} line
   * @param {number} now
   */
  receive(line, now) {
    this.lastReceivedAt = now;
    const message = parse(line);
    if (message) this.handle(message, now);
    this.advance(now);
  }

  /**
   * Let time pass; to be called about once a second.
   * @param {number} now
   */
  tick(now) {
    if (this.isConnected) {
      this.isDead ||= now - this.lastReceivedAt >= (this.isRegistered ? DEAD_AFTER_MS : REGISTRATION_LIMIT_MS);
    }
    if (this.isRegistered) {
      const nick = this.naming.due(now);
      if (nick) this.exchange.send("NICK", [nick]);
      this.redactions.send(now);
      for (const conversation of this.conversations.values()) {
        this.history.tick(conversation, now);
        const isAwaited = conversation.isRoom && conversation.syncState === SyncState.AWAITED;
        if (isAwaited && now - conversation.joinSentAt >= ASK_AGAIN_MS) this.sendJoin(conversation, now);
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
    return this.messaging.outbox.size;
  }

  /** The reason why the gateway closes the connection, "" if it gave none. */
  get problem() {
    return this.lastError || this.errorReplies.last;
  }

  /** @param {string} capability */
  can(capability) {
    return this.exchange.has(capability);
  }

  /**
   * Be in a room, or talk to a person, on this connection and all later ones.
   * @param {string} name
   */
  enter(name, password = "", now = 0) {
    const conversation = this.conversations.get(casefold(name)) ?? new Conversation(name);
    this.conversations.set(conversation.key, conversation);
    conversation.password ||= password;
    if (this.isRegistered && conversation.syncState === SyncState.AWAITED) this.join(conversation, now);
    return conversation;
  }

  /** @param {string} name */
  leave(name, reason = "") {
    const conversation = this.conversations.get(casefold(name));
    this.conversations.delete(casefold(name));
    if (!conversation?.isRoom || !this.isRegistered) return;
    this.exchange.send("PART", reason ? [conversation.name, reason] : [conversation.name]);
  }

  /**
   * @param {string} target
   * @param {string} text
   * @param {Record<string, string>} tags
   * @param {number} now
   */
  say(target, text, tags, now) {
    if (isRoom(target) || this.conversations.has(casefold(target))) this.enter(target, "", now);
    else this.messaging.start(new Conversation(target));
    this.typingAndReadMarkers.said(target);
    this.messaging.say(target, text, tags, now);
    this.advance(now);
  }

  /**
   * Say what we are doing.
   * @param {string} target
   * @param {string} text
   * @param {number} now
   */
  act(target, text, now) {
    this.say(target, `${ACTION}${text.replaceAll("\n", " ")}\x01`, {}, now);
  }

  /**
   * @param {string} target
   * @param {string} msgid
   * @param {string} reaction
   * @param {boolean} isRemoved
   * @param {number} now
   */
  react(target, msgid, reaction, isRemoved, now) {
    this.messaging.react(target, msgid, reaction, isRemoved, now);
    this.advance(now);
  }

  /**
   * Send a failed message again, with the same id.
   * @param {import("./outbox.js").UnsentMessage} unsent
   * @param {number} now
   */
  sendAgain(unsent, now) {
    this.messaging.put(unsent, now, unsent.id);
    this.advance(now);
  }

  /**
   * Tell others about the message that the person is writing.
   * @param {string} target
   * @param {import("./typing_and_read_markers.js").TypingState} state
   * @param {number} now
   */
  type(target, state, now) {
    const conversation = this.conversations.get(casefold(target));
    if (conversation?.syncState !== SyncState.READY) return;
    this.typingAndReadMarkers.type(conversation.name, state);
    this.advance(now);
  }

  /**
   * The person has read this far (IRCv3 read-marker).
   * @param {string} name
   * @param {number} at
   * @param {number} now
   */
  markRead(name, at, now) {
    this.typingAndReadMarkers.mark(name, at);
    this.advance(now);
  }

  /** @param {string} nick */
  rename(nick) {
    this.naming.typed = nick;
    if (this.isRegistered) this.exchange.send("NICK", [nick]);
    else this.naming.wanted = nick;
  }

  /**
   * Send any other command, which needs a connection now.
   * @param {string} verb
   * @param {string[]} params
   */
  command(verb, params) {
    if (verb === "MOTD") this.showsMotd = true;
    if (this.isRegistered) this.exchange.send(verb, params);
    else this.exchange.notify("Not connected. Try again when there is a connection.");
  }

  /**
   * Request a page of history; false if that cannot be now.
   * @param {string} name
   * @param {import("./history.js").PageKind} kind
   * @param {{msgid: string, at: number}} entry
   * @param {number} now
   */
  loadPage(name, kind, entry, now) {
    const conversation = this.conversations.get(casefold(name));
    return conversation !== undefined && this.history.requestAround(conversation, kind, entry, now);
  }

  /**
   * Request the latest lines, which replace those that are shown.
   * @param {string} name
   * @param {number} now
   */
  loadLatest(name, now) {
    const conversation = this.conversations.get(casefold(name));
    if (conversation && !conversation.request && conversation.syncState === SyncState.READY) {
      this.history.request(conversation, "latest", now);
    }
  }

  // --- going on with what is begun -----------------------------------------------------------------------------

  /**
   * Send what can be sent by now; to be called after everything that could have changed that.
   * @param {number} now
   */
  advance(now) {
    if (!this.isRegistered) return;
    this.messaging.flush();
    this.typingAndReadMarkers.advance(now);
    const ping = this.pings.due([...this.messaging.outbox.inFlight.keys()], now, this.exchange.login.hasEcho);
    if (ping) this.exchange.send("PING", [ping.token]);
  }

  /**
   * @param {Conversation} conversation
   * @param {number} now
   */
  join(conversation, now) {
    if (conversation.isRoom) this.sendJoin(conversation, now);
    else this.history.begin(conversation, now);
  }

  /**
   * @param {Conversation} room
   * @param {number} now
   */
  sendJoin(room, now) {
    room.joinSentAt = now;
    this.exchange.send("JOIN", room.password ? [room.name, room.password] : [room.name]);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  handle(message, now) {
    if (message.verb !== "BATCH" && this.batches.collects(message)) return;
    this.lastMessageAt = Math.max(this.lastMessageAt, timeOf(message, 0));
    const [handler, fewestParams] = CONNECTION_HANDLERS[message.verb] ?? [null, 0];
    if (handler && message.params.length >= fewestParams) handler(this, message, now);
    else if (!handler && !this.serverEvents.handle(message, now)) this.onNumeric(message, now);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onNumeric(message, now) {
    if (!/^\d{3}$/.test(message.verb)) return;
    const event = this.replies.take(message);
    if (event === undefined) this.errorReplies.onNumeric(message, this.isGreeted, now);
    else if (event) this.exchange.emit(event);
  }
}
