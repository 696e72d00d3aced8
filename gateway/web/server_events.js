/** The lines of the server about rooms and people: a table, verb -> handler. Pure. */

import { Conversation, SyncState, positionOf } from "./conversation.js";
import { casefold, nickOf } from "./irc.js";

/** @typedef {import("./irc.js").Message} Message */

const WHO_TOKEN = "732"; // marks the answers to our own WHO (WHOX)

export class ServerEvents {
  /**
   * @param {import("./exchange.js").Exchange} exchange
   * @param {Map<string, Conversation>} conversations
   * @param {import("./messaging.js").Messaging} messaging
   * @param {import("./history.js").HistoryLoader} history
   * @param {import("./typing_and_read_markers.js").TypingAndReadMarkers} typingAndReadMarkers
   */
  constructor(exchange, conversations, messaging, history, typingAndReadMarkers) {
    this.exchange = exchange;
    this.conversations = conversations;
    this.messaging = messaging;
    this.history = history;
    this.typingAndReadMarkers = typingAndReadMarkers;
  }

  /**
   * Handle a line; false if it is of another kind.
   * @param {Message} message
   * @param {number} now
   */
  handle(message, now) {
    const [handler, fewestParams] = HANDLERS[message.verb] ?? [null, 0];
    if (handler && message.params.length >= fewestParams) handler.call(this, message, now);
    return handler !== null;
  }

  /** @param {string} name */
  room(name) {
    const found = this.conversations.get(casefold(name));
    return found?.isRoom ? found : null;
  }

  /** @param {Message} message */
  isByMe(message) {
    return this.exchange.naming.isMine(nickOf(message.source));
  }

  // --- people --------------------------------------------------------------------------------------------------

  /**
   * @param {Message} message
   * @param {number} now
   */
  onNick(message, now) {
    const nick = nickOf(message.source);
    const [newNick] = message.params;
    const isMine = this.isByMe(message);
    if (isMine) this.exchange.naming.renamed(newNick);
    const conversation = this.conversations.get(casefold(nick));
    if (conversation && !this.conversations.has(casefold(newNick))) {
      this.conversations.delete(conversation.key);
      conversation.rename(newNick);
      this.conversations.set(conversation.key, conversation);
    }
    this.exchange.emit({ type: "Renamed", nick, newNick, isMine, message, at: now });
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onQuit(message, now) {
    const [reason = ""] = message.params;
    this.exchange.emit({ type: "Quit", nick: nickOf(message.source), reason, message, at: now });
  }

  /** @param {Message} message */
  onAway(message) {
    this.exchange.emit({ type: "ProfileChanged", nick: nickOf(message.source), isAway: message.params.length > 0 });
  }

  /**
   * RPL_WHOREPLY: present or away.
   * @param {Message} message
   */
  onWho({ params }) {
    this.exchange.emit({ type: "ProfileChanged", nick: params[5], isAway: params[6].startsWith("G") });
  }

  /**
   * RPL_WHOSPCRPL with the fields that we request: "%tcnfa".
   * @param {Message} message
   */
  onWhox({ params: [, token, , nick, flags] }) {
    if (token === WHO_TOKEN) this.exchange.emit({ type: "ProfileChanged", nick, isAway: flags.startsWith("G") });
  }

  // --- rooms ---------------------------------------------------------------------------------------------------

  /**
   * @param {Message} message
   * @param {number} now
   */
  onJoin(message, now) {
    if (this.isByMe(message)) return this.onOwnJoin(message, now);
    const room = this.room(message.params[0]);
    if (!room) return;
    this.exchange.emit({ type: "Joined", conversation: room.name, nick: nickOf(message.source), isMine: false });
    this.messaging.receive(room, message, now);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onOwnJoin(message, now) {
    const [name] = message.params;
    const room = this.conversations.get(casefold(name)) ?? new Conversation(name);
    if (room.syncState !== SyncState.AWAITED) return;
    room.name = name;
    this.conversations.set(room.key, room);
    this.exchange.emit({ type: "Joined", conversation: name, nick: nickOf(message.source), isMine: true });
    this.history.begin(room, now);
    room.position ??= positionOf(message, now);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onPart(message, now) {
    const [name, reason = ""] = message.params;
    this.left(message, { name, nick: nickOf(message.source), by: "", reason }, now);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onKick(message, now) {
    const [name, nick, reason = ""] = message.params;
    this.left(message, { name, nick, by: nickOf(message.source), reason }, now);
  }

  /**
   * @param {Message} message
   * @param {{name: string, nick: string, by: string, reason: string}} facts
   * @param {number} now
   */
  left(message, { name, nick, by, reason }, now) {
    const isMine = this.exchange.naming.isMine(nick);
    const room = this.room(name);
    if (isMine) this.conversations.delete(casefold(name));
    else if (!room) return;
    this.exchange.emit({ type: "Left", conversation: name, nick, by, reason, isMine });
    if (!isMine && room) this.messaging.receive(room, message, now);
  }

  /**
   * RFC 2812 3.2.7: an invitation for us, or (IRCv3 invite-notify) for another person.
   * @param {Message} message
   * @param {number} now
   */
  onInvite(message, now) {
    const [invitee, name] = message.params;
    const isMine = this.exchange.naming.isMine(invitee);
    this.exchange.emit({ type: "Invited", conversation: name, nick: nickOf(message.source), invitee, isMine });
    const room = this.room(name);
    if (!isMine && room) this.messaging.receive(room, message, now);
  }

  /**
   * TOPIC in a room, or RPL_TOPIC.
   * @param {Message} message
   * @param {number} now
   */
  onTopic(message, now) {
    const [name, topic] = message.params.slice(-2);
    const isSet = message.verb === "TOPIC";
    const nick = isSet ? nickOf(message.source) : "";
    this.exchange.emit({ type: "TopicSet", conversation: name, topic, nick });
    const room = this.room(name);
    if (room && isSet) this.messaging.receive(room, message, now);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onMode(message, now) {
    const [name, ...modes] = message.params;
    const room = this.room(name);
    if (!room) return;
    this.exchange.emit({ type: "ModesSet", conversation: room.name, nick: nickOf(message.source), modes });
    this.messaging.receive(room, message, now);
  }

  /** @param {Message} message */
  onNames({ params }) {
    this.room(params[2])?.names.push(...params[3].split(" ").filter(Boolean));
  }

  /** @param {Message} message */
  onEndOfNames({ params }) {
    const room = this.room(params[1]);
    if (!room) return;
    this.exchange.emit({ type: "MembersListed", conversation: room.name, names: room.names.splice(0) });
    if (room.hasAskedWho || !this.exchange.has("away-notify")) return;
    room.hasAskedWho = true;
    const fields = this.exchange.supported.has("WHOX") ? [`%tcnfa,${WHO_TOKEN}`] : [];
    this.exchange.send("WHO", [room.name, ...fields]);
  }

  // --- tags, redactions, read markers --------------------------------------------------------------------------

  /**
   * TAGMSG: typing is shown at once, all else is a part of the history.
   * @param {Message} message
   * @param {number} now
   */
  onTags(message, now) {
    const state = message.tags.get("+typing");
    if (state !== undefined && !this.isByMe(message)) {
      const conversation = this.messaging.conversationOf(message)?.name;
      const nick = nickOf(message.source);
      if (conversation) this.exchange.emit({ type: "TypingChanged", conversation, nick, state, at: now });
    }
    this.messaging.onMessage(message, now);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onRedact(message, now) {
    const conversation = this.messaging.conversationOf(message);
    if (conversation) this.messaging.annotate(conversation, message, now);
  }

  /** @param {Message} message */
  onMarkRead({ params: [target, marker] }) {
    const at = Date.parse(marker.replace("timestamp=", ""));
    if (!at) return;
    this.typingAndReadMarkers.onMarkRead(target, at);
    this.exchange.emit({ type: "ReadMarkerMoved", conversation: target, at });
  }
}

/**
 * Verb -> handler, and the fewest parameters of a line that it can handle.
 * @type {Record<string, [(this: ServerEvents, message: Message, now: number) => void, number]>}
 */
const HANDLERS = {
  NICK: [ServerEvents.prototype.onNick, 1],
  QUIT: [ServerEvents.prototype.onQuit, 0],
  AWAY: [ServerEvents.prototype.onAway, 0],
  JOIN: [ServerEvents.prototype.onJoin, 1],
  PART: [ServerEvents.prototype.onPart, 1],
  KICK: [ServerEvents.prototype.onKick, 2],
  INVITE: [ServerEvents.prototype.onInvite, 2],
  TOPIC: [ServerEvents.prototype.onTopic, 2],
  MODE: [ServerEvents.prototype.onMode, 1],
  REDACT: [ServerEvents.prototype.onRedact, 2],
  MARKREAD: [ServerEvents.prototype.onMarkRead, 2],
  332: [ServerEvents.prototype.onTopic, 3],
  352: [ServerEvents.prototype.onWho, 7],
  353: [ServerEvents.prototype.onNames, 4],
  354: [ServerEvents.prototype.onWhox, 5],
  366: [ServerEvents.prototype.onEndOfNames, 2],
};
