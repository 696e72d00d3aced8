/**
 * The whole life of messages: ours until they are confirmed, and those of others, each shown once, whatever connection
 * it comes on. Pure.
 *
 *     history ------------------------------\
 *     live, while catching up -> held ------> shown before? -> position -> the page
 *     live ---------------------------------/
 */

import { compose, linesOf } from "./composing.js";
import { Conversation, ShownIds, SyncState, positionOf } from "./conversation.js";
import { entryOf, pendingEntry } from "./entries.js";
import { casefold, isRoom, nickOf } from "./irc.js";
import { Outbox } from "./outbox.js";
import { sentence } from "./phrases.js";
import { isReaction } from "./reactions.js";
import { ID_TAG, REACTION_TAGS, replyTags, replyTo, timeOf } from "./tags.js";

/**
 * @typedef {import("./irc.js").Message} Message
 * @typedef {import("./outbox.js").UnsentMessage} UnsentMessage
 */

const CONFIRMED_LIMIT = 100;

export class Messaging {
  /**
   * @param {import("./exchange.js").Exchange} exchange
   * @param {Map<string, Conversation>} conversations
   * @param {import("./batches.js").Batches} batches
   * @param {() => string} newId
   */
  constructor(exchange, conversations, batches, newId) {
    this.exchange = exchange;
    this.conversations = conversations;
    this.batches = batches;
    this.newId = newId;
    this.outbox = new Outbox();
    this.shownIds = new ShownIds();
    /** @type {Map<string, UnsentMessage>} the last confirmed messages to people: the gateway may still return one */
    this.confirmed = new Map();
    /** @type {Set<string>} casefolded nicks of people who cannot start a conversation with us */
    this.ignored = new Set();
  }

  // --- what we say ---------------------------------------------------------------------------------------------

  /**
   * Keep a text until it has arrived, as one message or several.
   * @param {string} target
   * @param {string} text
   * @param {Record<string, string>} tags
   * @param {number} now
   */
  say(target, text, tags, now) {
    for (const body of compose("PRIVMSG", target, text, this.exchange.login.batchLimits)) {
      this.put({ verb: "PRIVMSG", target, text: body, tags }, now);
    }
  }

  /**
   * React to a message, or remove a reaction (IRCv3 react).
   * @param {string} target
   * @param {string} msgid
   * @param {string} reaction
   * @param {boolean} isRemoved
   * @param {number} now
   */
  react(target, msgid, reaction, isRemoved, now) {
    const tags = { ...replyTags(msgid), [isRemoved ? "+draft/unreact" : "+draft/react"]: reaction };
    this.put({ verb: "TAGMSG", target, text: "", tags }, now);
  }

  /**
   * @param {{verb: string, target: string, text: string, tags: Record<string, string>}} fields
   * @param {number} now
   */
  put(fields, now, id = this.newId()) {
    const unsent = { ...fields, id, isDoubtful: false };
    if (unsent.text) this.emitSent(unsent, now);
    if (this.outbox.isFull) this.fail(unsent, "too many messages wait to be sent");
    else this.outbox.put(unsent);
  }

  /**
   * @param {UnsentMessage} unsent
   * @param {number} now
   * @param {string} replaces the id of a message that was cut
   */
  emitSent(unsent, now, replaces = "") {
    const { id, target, text } = unsent;
    const entry = pendingEntry(unsent, this.exchange.naming.current, now);
    this.exchange.emit({ type: "Sent", id, target, text, replyTo: entry.replyTo, replaces, entry });
  }

  /**
   * Cut what waits by the limits of this connection, which may be smaller than those of the last one.
   * @param {number} now
   */
  fitToGateway(now) {
    const { batchLimits } = this.exchange.login;
    this.outbox.rewrite((unsent) => {
      const { id, verb, target, text } = unsent;
      if (!text || linesOf({ verb, params: [target, text], tags: {} }, batchLimits, id)) return [unsent];
      const pieces = compose(verb, target, text, batchLimits).map((body, index) => {
        return { ...unsent, id: `${id}.${index}`, text: body };
      });
      for (const [index, piece] of pieces.entries()) this.emitSent(piece, now, index ? "" : id);
      return pieces;
    });
  }

  /** Send what is ready to be sent. */
  flush() {
    const { exchange } = this;
    for (const { id, verb, target, text, tags } of this.outbox.launch((name) => this.isReady(name))) {
      const isOnlyTags = verb === "TAGMSG";
      const params = isOnlyTags ? [target] : [target, text];
      const label = exchange.has("labeled-response") ? { label: id } : {};
      const sent = exchange.has("message-tags") ? { ...tags, [ID_TAG]: id, ...label } : {};
      const isPossible = !isOnlyTags || exchange.has("message-tags");
      const lines = isPossible ? linesOf({ verb, params, tags: sent }, exchange.login.batchLimits, id) : null;
      for (const line of lines ?? []) exchange.send(line.verb, line.params, line.tags);
      if (lines) continue;
      const unsent = this.outbox.remove(id);
      if (unsent) this.fail(unsent, `the gateway does not accept ${isOnlyTags ? "reactions" : "a message that long"}`);
    }
  }

  /** @param {string} target */
  isReady(target) {
    const conversation = this.conversations.get(casefold(target));
    return conversation ? conversation.syncState === SyncState.READY : !isRoom(target);
  }

  /**
   * Handle a PONG: messages sent before its PING have arrived, except those that lack their echo.
   * @param {string[]} ids
   * @param {number} now
   */
  confirmSent(ids, now) {
    for (const id of ids) {
      const unsent = this.outbox.remove(id);
      if (!unsent) continue;
      if (this.exchange.login.hasEcho) {
        this.fail(unsent, "the gateway did not confirm it");
      } else if (unsent.text) {
        const entry = pendingEntry(unsent, this.exchange.naming.current, now);
        entry.state = "";
        this.exchange.emit({ type: "Confirmed", id, conversation: unsent.target });
        this.emitReceived(unsent.target, entry, id);
      }
    }
  }

  /**
   * @param {UnsentMessage} unsent
   * @param {string} reason
   */
  fail(unsent, reason) {
    const { id, target, text } = unsent;
    if (text) this.exchange.emit({ type: "Failed", id, target, text, reason, unsent });
    else this.exchange.notify(`Your reaction did not arrive: ${reason}`, target);
  }

  /**
   * Handle an error for a message. Its label identifies the message, or else the target that it names. False if it is
   * for none.
   * @param {Message} message
   */
  onRefused(message) {
    const id = message.tags.get(ID_TAG) ?? this.batches.label(message);
    const named = () =>
      message.params
        .slice(1)
        .map((name) => this.outbox.sentTo(name))
        .find(Boolean);
    const unsent = this.outbox.remove(id) ?? this.confirmed.get(id) ?? this.outbox.remove(named()?.id ?? "");
    this.confirmed.delete(id);
    if (unsent) this.fail(unsent, /^\d/.test(message.verb) ? (sentence(message) ?? "") : (message.params.at(-1) ?? ""));
    return Boolean(unsent);
  }

  /**
   * Whether a line answers a message of ours, by its label.
   * @param {Message} message
   */
  isAnswer(message) {
    return this.outbox.has(this.batches.label(message));
  }

  // --- what is said to us --------------------------------------------------------------------------------------

  /**
   * The conversation of a message: its room, or the other person; null for a room that we are not in.
   * @param {Message} message
   */
  conversationOf(message) {
    const [target] = message.params;
    if (isRoom(target)) return this.conversations.get(casefold(target)) ?? null;
    const nick = this.exchange.naming.isMine(nickOf(message.source)) ? target : nickOf(message.source);
    return this.conversations.get(casefold(nick)) ?? new Conversation(nick);
  }

  /**
   * Handle PRIVMSG, NOTICE and TAGMSG of a person. Someone who writes to us gets a conversation, unless only tags came.
   * @param {Message} message
   * @param {number} now
   */
  onMessage(message, now) {
    const conversation = this.conversationOf(message);
    if (!conversation) return;
    if (!this.conversations.has(conversation.key)) {
      if (this.ignored.has(conversation.key)) return;
      if (message.verb !== "TAGMSG") this.start(conversation);
    }
    this.receive(conversation, message, now);
  }

  /** @param {Conversation} conversation with a person */
  start(conversation) {
    conversation.syncState = SyncState.READY;
    this.conversations.set(conversation.key, conversation);
    this.exchange.emit({ type: "ConversationStarted", conversation: conversation.name });
  }

  /**
   * Show a live line, or hold it until its conversation has caught up.
   * @param {Conversation} conversation
   * @param {Message} message
   * @param {number} now
   */
  receive(conversation, message, now) {
    if (conversation.syncState === SyncState.CATCHING_UP) conversation.hold(message);
    else this.showOnce(conversation, message, now);
  }

  /**
   * Show a line unless it was shown before; true if it was new.
   * @param {Conversation} conversation
   * @param {Message} message
   * @param {number} now
   */
  showOnce(conversation, message, now) {
    const id = this.confirm(message);
    if (!this.shownIds.add(message)) return false;
    if (message.tags.has("time")) conversation.position = positionOf(message, now);
    this.show(conversation, message, now, id);
    return true;
  }

  /**
   * @param {Conversation} conversation
   * @param {Message} message
   * @param {number} now
   * @param {string} id of the message of ours that this one is
   */
  show(conversation, message, now, id) {
    if (this.annotate(conversation, message, now)) return;
    const entry = entryOf(message, now, (nick) => this.exchange.naming.isMine(nick));
    if (!entry) return;
    if (entry.kind === "event") this.exchange.emit({ type: "EntryAdded", conversation: conversation.name, entry });
    else this.emitReceived(conversation.name, entry, id);
  }

  /**
   * @param {string} conversation
   * @param {import("./entries.js").Entry} entry
   * @param {string} id
   */
  emitReceived(conversation, entry, id) {
    const { nick, text, msgid } = entry;
    this.exchange.emit({ type: "Received", conversation, nick, text, msgid, id, entry });
  }

  /**
   * Handle a line about another line, which is no entry; false for any other.
   * @param {Conversation} conversation
   * @param {Message} message
   * @param {number} now
   */
  annotate({ name: conversation }, message, now) {
    const nick = nickOf(message.source);
    if (message.verb === "REDACT") {
      const [, msgid, reason = ""] = message.params;
      this.exchange.emit({ type: "Redacted", conversation, nick, msgid, reason });
    } else if (message.verb === "TAGMSG") {
      const at = timeOf(message, now);
      const msgid = replyTo(message.tags);
      for (const [tag, isRemoved] of REACTION_TAGS) {
        const reaction = message.tags.get(tag);
        if (!msgid || !reaction || !isReaction(reaction)) continue;
        this.exchange.emit({ type: "Reacted", conversation, nick, msgid, reaction, isRemoved, at });
      }
    } else {
      return false;
    }
    return true;
  }

  /**
   * Hand on a page of history that the person requested, or the first one of a conversation.
   * @param {Conversation} conversation
   * @param {import("./history.js").PageKind} kind
   * @param {Message[]} messages
   * @param {boolean} isLast
   * @param {number} now
   */
  onPage(conversation, kind, messages, isLast, now) {
    const { naming } = this.exchange;
    const isMine = (/** @type {string} */ nick) => naming.isMine(nick) || naming.wasMine(nick);
    /** @type {import("./entries.js").Entry[]} */
    const entries = [];
    for (const message of messages) {
      this.confirm(message);
      if (kind === "latest") this.shownIds.add(message);
      const entry = this.annotate(conversation, message, now) ? null : entryOf(message, now, isMine);
      if (entry) entries.push(entry);
    }
    const last = messages.at(-1);
    if (kind === "latest" && last) conversation.position = positionOf(last, now);
    this.exchange.emit({ type: "HistoryLoaded", conversation: conversation.name, kind, entries, isLast });
  }

  /**
   * Remove the message of ours that this one is from the outbox, as it has arrived. Returns its id, "" if there is
   * none.
   * @param {Message} message
   */
  confirm(message) {
    const unsent = this.outbox.remove(message.tags.get(ID_TAG) || message.tags.get("label") || "");
    if (!unsent) return "";
    this.exchange.emit({ type: "Confirmed", id: unsent.id, conversation: unsent.target });
    if (!isRoom(unsent.target)) this.noteConfirmed(unsent);
    return unsent.id;
  }

  /**
   * Remember a message to a person: their gateway may still find that they have left.
   * @param {UnsentMessage} unsent
   */
  noteConfirmed(unsent) {
    this.confirmed.set(unsent.id, unsent);
    for (const id of this.confirmed.keys()) {
      if (this.confirmed.size <= CONFIRMED_LIMIT) break;
      this.confirmed.delete(id);
    }
  }
}
