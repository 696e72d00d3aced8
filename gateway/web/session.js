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

import { Batches, joinLines, messagesOf } from "./batches.js";
import { ACTION } from "./composing.js";
import { Conversation, SyncState } from "./conversation.js";
import { ErrorReplies } from "./error_replies.js";
import { Exchange } from "./exchange.js";
import { HistoryLoader } from "./history.js";
import { casefold, nickOf, parse } from "./irc.js";
import { Messaging } from "./messaging.js";
import { Naming } from "./naming.js";
import { Pings } from "./pings.js";
import { Replies } from "./replies.js";
import { ServerEvents } from "./server_events.js";
import { TypingAndReadMarkers } from "./typing_and_read_markers.js";

/** @typedef {import("./irc.js").Message} Message */

const DEAD_AFTER_MS = 60_000; // of silence
const REGISTRATION_LIMIT_MS = 20_000;
const JOIN_AGAIN_MS = 10_000;
const REDACT_AFTER_MS = 5_000; // until then a deletion can be undone
const ESCAPED = /\\x([0-9A-F]{2})/gi; // in a value of ISUPPORT

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
    this.history = new HistoryLoader(this.exchange, this.conversations, this.messaging);
    this.errorReplies = new ErrorReplies(this.exchange, this.conversations, this.messaging, this.history);
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
    /** @type {Map<string, {conversation: string, at: number}>} msgid -> what will be deleted, and when */
    this.redactions = new Map();
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
      this.sendRedactions(now);
      for (const conversation of this.conversations.values()) {
        this.history.tick(conversation, now);
        const isAwaited = conversation.isRoom && conversation.syncState === SyncState.AWAITED;
        if (isAwaited && now - conversation.joinSentAt >= JOIN_AGAIN_MS) this.sendJoin(conversation, now);
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
    this.enter(target, "", now);
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
   * Delete a message of ours, unless that is undone within some seconds (IRCv3 message-redaction).
   * @param {string} conversation
   * @param {string} msgid
   * @param {number} now
   */
  redact(conversation, msgid, now) {
    this.redactions.set(msgid, { conversation, at: now + REDACT_AFTER_MS });
    this.exchange.emit({ type: "RedactionPending", conversation, nick: this.naming.current, msgid });
  }

  /** Undo all deletions that were not sent yet. */
  undoRedactions() {
    for (const [msgid, { conversation }] of this.redactions) {
      this.exchange.emit({ type: "RedactionUndone", conversation, msgid });
    }
    this.redactions.clear();
  }

  /**
   * Send the deletions that are due.
   * @param {number} now
   */
  sendRedactions(now) {
    if (!this.isRegistered) return;
    for (const [msgid, { conversation, at }] of this.redactions) {
      if (now < at) continue;
      this.redactions.delete(msgid);
      this.exchange.send("REDACT", [conversation, msgid]);
    }
  }

  /**
   * Tell others about the message that the person is writing.
   * @param {string} target
   * @param {import("./typing_and_read_markers.js").TypingState} state
   * @param {number} now
   */
  type(target, state, now) {
    const conversation = this.conversations.get(casefold(target));
    if (conversation?.syncState === SyncState.READY) this.typingAndReadMarkers.type(conversation, state, now);
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

  // --- what the gateway says -----------------------------------------------------------------------------------

  /**
   * @param {Message} message
   * @param {number} now
   */
  handle(message, now) {
    if (message.verb !== "BATCH" && this.batches.collects(message)) return;
    const [handler, fewestParams] = HANDLERS[message.verb] ?? [null, 0];
    if (handler && message.params.length >= fewestParams) handler.call(this, message, now);
    else if (!handler && !this.serverEvents.handle(message, now)) this.onNumeric(message, now);
  }

  /** @param {Message} message */
  onPing({ params }) {
    this.exchange.send("PONG", params);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onPong({ params }, now) {
    const ping = this.pings.answered(params.at(-1) ?? "", now);
    if (!ping) return;
    this.exchange.emit({ type: "LatencyMeasured", latencyMs: now - ping.sentAt });
    if (ping.confirms) this.messaging.confirmSent(ping.covers, now);
  }

  /** @param {Message} message */
  onCap({ params }) {
    this.exchange.lines.push(...this.exchange.login.handle(params[1].toUpperCase(), params.slice(2)));
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onWelcome({ params: [nick], source }, now) {
    this.exchange.isRegistered = true;
    this.naming.registered(nick, now);
    this.pings.welcomed(now);
    this.exchange.emit({ type: "ConnectionChanged", state: "connected", nick, server: source });
    if (this.naming.isReclaiming) {
      const { wanted, current } = this.naming;
      const holder = "by a lost connection of yours, or on another device";
      this.exchange.notify(`The name ${wanted} is in use, ${holder}. You are ${current} until it is free.`);
    }
    for (const conversation of this.conversations.values()) this.join(conversation, now);
  }

  /** @param {Message} message */
  onIsupport({ params }) {
    for (const token of params.slice(1, -1)) {
      const [key, value = ""] = token.split("=");
      this.exchange.supported.set(key, value);
      if (key === "CHATHISTORY" && Number(value) > 0) this.history.pageLimit = Number(value);
      const text = value.replace(ESCAPED, (_, code) => String.fromCharCode(parseInt(code, 16)));
      if (key === "NETWORK") this.exchange.emit({ type: "NetworkNamed", network: text });
      if (key === "hubbub/LOBBY" && value) this.exchange.emit({ type: "LobbyNamed", conversation: text });
    }
  }

  /**
   * The last line of the gateway (RFC 2812 3.7.4).
   * @param {Message} message
   */
  onError({ params }) {
    this.lastError = params.at(-1) ?? "";
    this.isDead = true;
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onBatch(message, now) {
    const batch = this.batches.handle(message);
    if (batch?.type === "chathistory") {
      this.history.onPage(batch, messagesOf(batch), now);
    } else if (batch) {
      const joined = joinLines(batch);
      if (joined && !this.batches.collects(joined)) this.handle(joined, now);
    }
  }

  /**
   * PRIVMSG, NOTICE and TAGMSG.
   * @param {Message} message
   * @param {number} now
   */
  onMessage(message, now) {
    const isByMe = this.naming.isMine(nickOf(message.source));
    if (this.messaging.isAnswer(message) && !isByMe) {
      this.messaging.onRejected(message); // a NOTICE, where the gateway has no standard reply
    } else if (!message.source.includes("!") || message.params[0] === "*") {
      this.exchange.notice(message.verb, message.params.at(-1) ?? "");
    } else if (message.verb === "TAGMSG") {
      this.serverEvents.onTags(message, now);
    } else {
      this.messaging.onMessage(message, now);
    }
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onFail(message, now) {
    this.errorReplies.onFail(message, this.pings, now);
  }

  /** @param {Message} message */
  onMotd({ verb, params }) {
    if (this.showsMotd) this.exchange.notice(verb, params.at(-1) ?? "");
  }

  /**
   * RPL_ENDOFMOTD or ERR_NOMOTD, which also end the greeting.
   * @param {Message} message
   */
  onEndOfMotd(message) {
    if (message.verb === "422") this.onMotd(message);
    this.showsMotd = false;
    this.isGreeted = true;
  }

  /**
   * ERR_PASSWDMISMATCH: of the network before the registration, else of OPER.
   * @param {Message} message
   * @param {number} now
   */
  onWrongPassword(message, now) {
    if (this.isRegistered) this.errorReplies.onNumeric(message, this.isGreeted, now);
    else this.exchange.emit({ type: "PasswordRequired", wasRefused: this.password !== "" });
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

/**
 * Verb -> handler, and the fewest parameters of a line that it can handle.
 * @type {Record<string, [(this: Session, message: Message, now: number) => void, number]>}
 */
const HANDLERS = {
  PING: [Session.prototype.onPing, 0],
  PONG: [Session.prototype.onPong, 1],
  CAP: [Session.prototype.onCap, 3],
  ERROR: [Session.prototype.onError, 1],
  BATCH: [Session.prototype.onBatch, 1],
  PRIVMSG: [Session.prototype.onMessage, 2],
  NOTICE: [Session.prototype.onMessage, 2],
  TAGMSG: [Session.prototype.onMessage, 1],
  FAIL: [Session.prototype.onFail, 3],
  "001": [Session.prototype.onWelcome, 1],
  "005": [Session.prototype.onIsupport, 2],
  372: [Session.prototype.onMotd, 2],
  376: [Session.prototype.onEndOfMotd, 0],
  422: [Session.prototype.onEndOfMotd, 1],
  464: [Session.prototype.onWrongPassword, 0],
};
