/** The errors that a gateway answers with, FAIL and numerics: which command each is about, and what follows. Pure. */

import { SyncState } from "./conversation.js";
import { casefold } from "./irc.js";
import { sentence } from "./phrases.js";

/** @typedef {import("./irc.js").Message} Message */

const JOIN_REFUSED = new Set(["403", "405", "471", "473", "474", "475", "476"]);
const NICK_REFUSED = new Set(["432", "433", "436", "437"]);
const MESSAGE_REFUSED = new Set(["401", "403", "404", "407"]);
const FIRST_ERROR = "400";

export class ErrorReplies {
  /**
   * @param {import("./exchange.js").Exchange} exchange
   * @param {Map<string, import("./conversation.js").Conversation>} conversations
   * @param {import("./messaging.js").Messaging} messaging
   * @param {import("./history.js").HistoryLoader} history
   */
  constructor(exchange, conversations, messaging, history) {
    this.exchange = exchange;
    this.conversations = conversations;
    this.messaging = messaging;
    this.history = history;
    this.last = ""; // the reason why this connection has no nick
  }

  /**
   * Handle a standard reply (IRCv3 standard-replies).
   * @param {Message} message
   * @param {import("./pings.js").Pings} pings
   * @param {number} now
   */
  onFail(message, pings, now) {
    const { params } = message;
    const verb = params[0].toUpperCase();
    if (this.messaging.isAnswer(message)) this.messaging.onRefused(message);
    else if (verb === "PING" && pings.failed()) return;
    else if (verb === "CHATHISTORY") this.history.onFail(params, now);
    else if (verb === "REDACT" && params.length > 4) this.onRedact(params);
    else if (verb === "MARKREAD")
      return; // it is sent again with the next marker
    else if (!["PRIVMSG", "TAGMSG", "BATCH"].includes(verb) || !this.messaging.onRefused(message)) {
      this.exchange.notice(params[1], params.at(-1) ?? "");
    }
  }

  /** @param {string[]} params */
  onRedact([, code, target, msgid, reason]) {
    this.exchange.emit({ type: "RedactionUndone", conversation: target, msgid });
    this.exchange.notice(code, reason, target);
  }

  /**
   * Handle a numeric that nothing else has handled: an error for a command of ours, or a text to read.
   * @param {Message} message
   * @param {boolean} isGreeted
   * @param {number} now
   */
  onNumeric(message, isGreeted, now) {
    const { verb, params } = message;
    const conversation = this.conversations.get(casefold(params[1] ?? ""));
    if (NICK_REFUSED.has(verb) && !conversation?.isRoom) {
      this.onNick(message, now);
    } else if (JOIN_REFUSED.has(verb) && conversation?.syncState === SyncState.AWAITED) {
      this.conversations.delete(conversation.key);
      this.exchange.emit({ type: "JoinFailed", conversation: conversation.name });
      this.show(message, conversation.name);
    } else if (MESSAGE_REFUSED.has(verb) || (verb >= FIRST_ERROR && this.messaging.isAnswer(message))) {
      if (!this.messaging.onRefused(message)) this.show(message);
    } else {
      const text = sentence(message, isGreeted);
      if (text) this.exchange.notice(verb, text);
    }
  }

  /** @param {Message} message */
  show(message, conversation = "") {
    this.exchange.notice(message.verb, sentence(message) ?? "", conversation);
  }

  /**
   * @param {Message} message
   * @param {number} now
   */
  onNick(message, now) {
    const { naming } = this.exchange;
    if (!this.exchange.isRegistered) {
      const rejected = naming.current;
      const nick = naming.nextNick();
      if (nick === null) {
        this.last = message.params.at(-1) ?? "";
        return;
      }
      if (!naming.wasOurs) this.exchange.notify(`The name ${rejected} is taken. You are ${nick} for now.`);
      this.exchange.send("NICK", [nick]);
    } else if (!naming.isReclaiming || casefold(message.params[1] ?? "") !== casefold(naming.wanted)) {
      this.show(message);
    } else if (naming.givesUp(now)) {
      this.exchange.notify(`Your old name is still taken. You keep the name ${naming.current}.`);
    }
  }
}
