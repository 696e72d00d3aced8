/**
 * The history of conversations (IRCv3 chathistory): missed lines after a reconnect, and the pages a person scrolls to.
 * Pure.
 *
 * A conversation catches up after joining. It requests the pages AFTER the last line shown, or the LATEST page if no
 * line was shown. Live lines wait meanwhile. A conversation has one request at a time; the target of a batch
 * identifies the conversation that it answers.
 */

import { Conversation, SyncState, positionOf } from "./conversation.js";
import { casefold, isRoom } from "./irc.js";
import { timeReference } from "./tags.js";

/**
 * @typedef {import("./irc.js").Message} Message
 * @typedef {import("./batches.js").Batch} Batch
 * @typedef {"missed" | "latest" | "older" | "newer" | "around"} PageKind
 */

const BACKLOG = 60; // lines in the first page of a room
const HISTORY_PAGE = 100;
const MISSED_PAGES = 20; // if more was missed: the latest page, and older ones on scrolling
const END_TAG = "draft/chathistory-end";
const ANSWER_LIMIT_MS = 10_000;
const TRY_AGAIN_MS = 2_000; // after a temporary failure
const DAY_MS = 86_400_000;
/** The pages that a conversation requests on its own. @type {Set<PageKind>} */
const CATCHING_UP = new Set(["missed", "latest"]);

const SUBCOMMANDS = { missed: "AFTER", latest: "LATEST", older: "BEFORE", newer: "AFTER", around: "AROUND" };

export class HistoryLoader {
  /**
   * @param {import("./exchange.js").Exchange} exchange
   * @param {Map<string, Conversation>} conversations
   * @param {import("./messaging.js").Messaging} messaging
   * @param {() => string} newId
   */
  constructor(exchange, conversations, messaging, newId) {
    this.exchange = exchange;
    this.conversations = conversations;
    this.messaging = messaging;
    this.newId = newId;
    this.pageLimit = HISTORY_PAGE;
    this.targetsSince = 0;
  }

  /**
   * Catch up with a conversation after joining it, for the first time or again.
   * @param {Conversation} conversation
   * @param {number} now
   */
  begin(conversation, now) {
    conversation.syncState = SyncState.CATCHING_UP;
    if (!this.exchange.login.hasHistory) this.finish(conversation, now);
    else this.request(conversation, conversation.position ? "missed" : "latest", now);
  }

  /**
   * Request the lines around an entry; false if the conversation waits for another answer, or there is no history.
   * @param {Conversation} conversation
   * @param {PageKind} kind
   * @param {{msgid: string, at: number}} entry
   * @param {number} now
   */
  requestAround(conversation, kind, entry, now) {
    if (conversation.request || conversation.syncState !== SyncState.READY) return false;
    if (!this.exchange.login.hasHistory) return false;
    // CHATHISTORY excludes the whole millisecond of a timestamp. Entries that are here already are not shown again.
    const near = kind === "older" ? entry.at + 1 : entry.at - 1;
    this.request(conversation, kind, now, entry.msgid ? `msgid=${entry.msgid}` : timeReference(near));
    return true;
  }

  /**
   * @param {Conversation} conversation
   * @param {PageKind} kind
   * @param {number} now
   */
  request(conversation, kind, now, reference = kind === "latest" ? "*" : conversation.reference) {
    conversation.request = { kind, at: now };
    conversation.tryAgainAt = 0;
    const params = [SUBCOMMANDS[kind], conversation.name, reference, String(this.limitOf(kind))];
    const hasLabel = !CATCHING_UP.has(kind) && this.exchange.has("labeled-response");
    this.exchange.send("CHATHISTORY", params, hasLabel ? { label: this.newId() } : {});
  }

  /**
   * Ask who has written to us since the last message that we received (CHATHISTORY TARGETS).
   * @param {number} since 0: there was none
   * @param {number} now
   */
  requestTargets(since, now) {
    if (!since || !this.exchange.login.hasHistory || !this.exchange.has("labeled-response")) return;
    this.targetsSince = since;
    const params = ["TARGETS", timeReference(since), timeReference(now + DAY_MS), String(this.limitOf("missed"))];
    this.exchange.send("CHATHISTORY", params, { label: this.newId() });
  }

  /**
   * Catch up with the people who have written, unless we do that already.
   * @param {Message[]} lines
   * @param {number} now
   */
  onTargets(lines, now) {
    for (const {
      params: [, nick = ""],
    } of lines) {
      const known = this.conversations.get(casefold(nick));
      if (!nick || isRoom(nick) || known?.position || known?.request) continue;
      if (this.messaging.ignored.has(casefold(nick))) continue;
      const conversation = known ?? new Conversation(nick);
      if (!known) this.messaging.start(conversation);
      conversation.position = { msgid: "", at: this.targetsSince };
      this.begin(conversation, now);
    }
  }

  /** @param {PageKind} kind */
  limitOf(kind) {
    return Math.min(kind === "latest" ? BACKLOG : HISTORY_PAGE, this.pageLimit);
  }

  /**
   * @param {Batch} batch
   * @param {Message[]} lines of the batch; a message of several lines is one of them
   * @param {number} now
   */
  onPage(batch, lines, now) {
    const conversation = this.conversations.get(casefold(batch.target));
    if (!conversation?.request) return;
    const { kind } = conversation.request;
    const isLast = batch.opening.tags.has(END_TAG) || lines.length < this.limitOf(kind);
    conversation.request = null;
    if (kind === "missed") {
      this.onMissed(conversation, lines, isLast, now);
    } else {
      this.messaging.onPage(conversation, kind, lines, isLast, now);
      if (conversation.syncState === SyncState.CATCHING_UP) this.finish(conversation, now);
    }
  }

  /**
   * Request the next page, until a page is the last, has nothing new, or reaches the live lines.
   * @param {Conversation} conversation
   * @param {Message[]} lines
   * @param {boolean} isLast
   * @param {number} now
   */
  onMissed(conversation, lines, isLast, now) {
    let hasNew = false;
    let meetsLive = false;
    for (const message of lines) {
      conversation.position = positionOf(message, now);
      meetsLive ||= conversation.holds(message);
      hasNew = this.messaging.showOnce(conversation, message, now) || hasNew;
    }
    conversation.pages += 1;
    if (!hasNew || meetsLive || isLast) this.finish(conversation, now);
    else this.request(conversation, conversation.pages < MISSED_PAGES ? "missed" : "latest", now);
  }

  /**
   * Handle FAIL CHATHISTORY for the conversation that it names, or for all that wait.
   * @param {string[]} params
   * @param {number} now
   */
  onFail(params, now) {
    const named = new Set(params.map(casefold));
    const waiting = [...this.conversations.values()].filter((conversation) => conversation.request);
    const failed = waiting.filter(({ key }) => named.has(key));
    for (const conversation of failed.length ? failed : waiting) {
      this.fail(conversation, params[1] === "MESSAGE_ERROR", params.at(-1) ?? "", now);
    }
  }

  /**
   * Try again after a temporary failure; ask by time if the msgid is not known; else go on without, and say so.
   * @param {Conversation} conversation
   * @param {boolean} isTemporary
   * @param {string} reason
   * @param {number} now
   */
  fail(conversation, isTemporary, reason, now) {
    if (!conversation.request) return;
    const { kind } = conversation.request;
    if (conversation.syncState === SyncState.READY) {
      conversation.request = null;
      this.exchange.emit({ type: "HistoryFailed", conversation: conversation.name, kind });
    } else if (isTemporary && conversation.mayTryAgain()) {
      conversation.tryAgainAt = now + TRY_AGAIN_MS;
    } else if (!isTemporary && kind === "missed" && conversation.fallBackToTime()) {
      this.request(conversation, kind, now);
    } else {
      this.finish(conversation, now, kind === "missed" && conversation.isRoom ? reason : "");
    }
  }

  /**
   * @param {Conversation} conversation
   * @param {number} now
   */
  tick(conversation, now) {
    if (!conversation.request) return;
    if (conversation.tryAgainAt) {
      if (now >= conversation.tryAgainAt) this.request(conversation, conversation.request.kind, now);
    } else if (now - conversation.request.at >= ANSWER_LIMIT_MS) {
      this.fail(conversation, false, "the gateway does not answer", now);
    }
  }

  /**
   * @param {Conversation} conversation
   * @param {number} now
   */
  finish(conversation, now, problem = "") {
    conversation.request = null;
    const { name } = conversation;
    if (problem) this.exchange.notify(`Messages that you missed in ${name} may not be shown: ${problem}`, name);
    for (const message of conversation.releaseHeld()) this.messaging.showOnce(conversation, message, now);
    this.exchange.emit({ type: "CaughtUp", conversation: name });
  }
}
