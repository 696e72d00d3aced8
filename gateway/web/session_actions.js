/** The actions of the person on the session: what they type, click and choose. */

import { infoEntry } from "./entries.js";
import { casefold } from "./irc.js";
import { isReaction } from "./reactions.js";
import { replyTags } from "./tags.js";

/**
 * @typedef {import("./buffer.js").Buffer} Buffer
 * @typedef {import("./entries.js").Entry} Entry
 * @typedef {import("./session.js").Session} Session
 */

export class SessionActions {
  /** @param {import("./main.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** The name of the current conversation. */
  get target() {
    return this.app.buffers.current?.name ?? "";
  }

  /** The current room, "" if the conversation is with a person. */
  get room() {
    return this.app.buffers.current?.isRoom ? this.target : "";
  }

  /**
   * Let the session do something; send and show what follows.
   * @template T
   * @param {(session: Session, now: number) => T} action
   */
  perform(action) {
    const result = action(this.app.session, Date.now());
    this.app.transport.flush();
    return result;
  }

  // --- conversations -------------------------------------------------------------------------------------------

  /**
   * Join a room or talk to a person, and show the conversation.
   * @param {string} name
   */
  enter(name, key = "") {
    if (!name) return;
    this.app.wantsLobby = false;
    const buffer = this.app.buffers.byKey.get(casefold(name)) ?? this.app.restore(name);
    this.perform((session, now) => session.enter(name, key, now));
    this.app.show(buffer.key);
    this.app.saveConversations();
  }

  /**
   * @param {string} nick
   * @param {string} text
   */
  query(nick, text) {
    this.enter(nick);
    if (text) this.perform((session, now) => session.say(nick, text, {}, now));
    this.app.composer.focus();
  }

  /** @param {string} name */
  leave(name) {
    this.perform((session) => session.leave(name));
    this.app.close(casefold(name));
  }

  findRoom(text = "") {
    this.app.finder.open(text);
  }

  /**
   * @param {Buffer} buffer
   * @param {import("./history.js").PageKind} kind
   * @param {{msgid: string, at: number} | undefined} entry
   */
  loadPage(buffer, kind, entry) {
    this.app.buffers.load(buffer, kind, entry, (...page) =>
      this.perform((session, now) => session.loadPage(...page, now)),
    );
  }

  /** @param {Buffer} buffer */
  loadLatest(buffer) {
    this.perform((session, now) => session.loadLatest(buffer.name, now));
  }

  // --- messages ------------------------------------------------------------------------------------------------

  /** @param {string} text */
  say(text) {
    const { current } = this.app.buffers;
    if (!current) return this.findRoom();
    const { session } = this.app;
    if (!current.isJoined && session.isRegistered && !session.conversations.has(current.key)) this.enter(current.name);
    const tags = current.draftReply ? replyTags(current.draftReply.msgid) : {};
    this.perform((_, now) => session.say(current.name, text, tags, now));
  }

  /** @param {string} text */
  act(text) {
    this.perform((session, now) => session.act(this.target, text, now));
  }

  /** @param {Entry} entry that was not delivered */
  sendAgain({ unsent }) {
    if (unsent) this.perform((session, now) => session.sendAgain(unsent, now));
  }

  /** @param {Entry} entry that was not delivered */
  discard(entry) {
    if (this.app.buffers.current) this.app.buffers.discard(this.app.buffers.current, entry);
    this.app.redraw("log");
  }

  /**
   * React to a message, or remove our reaction.
   * @param {Entry} entry
   * @param {string} reaction
   */
  react({ msgid }, reaction) {
    const { current, nick } = this.app.buffers;
    if (!current || !isReaction(reaction)) return;
    const nicks = current.annotations.reactionsTo(msgid).find(([each]) => each === reaction)?.[1] ?? [];
    this.perform((session, now) => session.react(this.target, msgid, reaction, nicks.includes(nick), now));
  }

  /** @param {Entry} entry */
  redact({ msgid }) {
    this.perform((session, now) => session.redactions.add(this.target, msgid, now));
  }

  undoRedactions() {
    this.perform((session) => session.redactions.undo());
  }

  /** @param {import("./typing_and_read_markers.js").TypingState} state */
  type(state) {
    if (!this.app.settings.sendsTyping || !this.target) return;
    this.perform((session, now) => session.type(this.target, state, now));
  }

  // --- the network ---------------------------------------------------------------------------------------------

  /** @param {string} nick */
  rename(nick) {
    this.perform((session) => session.rename(nick));
  }

  /**
   * @param {string} verb
   * @param {string[]} params
   */
  command(verb, params) {
    this.perform((session) => session.command(verb, params));
  }

  /**
   * @param {string} name
   * @param {string} password
   */
  becomeOperator(name, password) {
    if (password) return this.command("OPER", [name, password]);
    const label = `Password of ${name}`;
    this.app.dialogs.password("Become an operator", label, "", (typed) => this.becomeOperator(name, typed));
  }

  // --- the page ------------------------------------------------------------------------------------------------

  help() {
    this.app.dialogs.help();
  }

  /**
   * Hide the messages of a person, or show them again.
   * @param {string} nick
   */
  ignore(nick) {
    const { ignored } = this.app.buffers;
    if (nick && !ignored.delete(casefold(nick))) ignored.add(casefold(nick));
    this.app.settings.ignored = [...ignored];
    this.app.saveSoon();
    this.notify(ignored.size ? `You ignore ${[...ignored].join(", ")}.` : "You ignore nobody.");
  }

  /** @param {string} text */
  notify(text) {
    this.app.buffers.inform(infoEntry(text, Date.now()));
    this.app.redraw("log");
  }
}
