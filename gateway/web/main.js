/**
 * The page. The actions of the person go to the session, the events of the session to the buffers, and once a frame the
 * views draw what has changed.
 */

import { Buffers } from "./buffers.js";
import { casefold } from "./irc.js";
import { askToNotify, notify } from "./notifications.js";
import { conversationsIn, fragmentOf, socketUrl } from "./page_url.js";
import { Session } from "./session.js";
import { SessionActions } from "./session_actions.js";
import { keepInTab, load, loadPassword, save, savePassword } from "./settings.js";
import { Tabs } from "./tabs.js";
import { Transport } from "./transport.js";
import { Composer } from "./view/composer.js";
import { ConversationList } from "./view/conversation_list.js";
import { Dialogs } from "./view/dialogs.js";
import { byId } from "./view/dom.js";
import { Drawers } from "./view/drawers.js";
import { Finder } from "./view/finder.js";
import { Header } from "./view/header.js";
import { Members } from "./view/members.js";
import { MessageActions } from "./view/message_actions.js";
import { Messages } from "./view/messages.js";
import { Shortcuts } from "./view/shortcuts.js";
import { applyTheme } from "./view/theme.js";
import { askForName, askForOtherName } from "./view/welcome.js";

/**
 * @typedef {import("./buffer.js").Buffer} Buffer
 * @typedef {import("./entries.js").Entry} Entry
 * @typedef {import("./settings.js").Settings} Settings
 */

const HIDDEN_FRAME_MS = 500; // a hidden page gets no frames from the browser
const RECENT_MS = 60_000; // older messages are not notified
const SAVE_AFTER_MS = 1_000;

/** A token of 128 random bits: digits and lower-case letters, as it is the reference of a batch, too. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class App {
  /**
   * @param {Settings} settings
   * @param {Tabs} tabs
   * @param {string} name
   */
  constructor(settings, tabs, name) {
    this.settings = settings;
    this.tabs = tabs;
    const wasOurs = settings.name === name;
    this.settings.name = this.tabs.name = name;
    save(settings); // so that a tab that is opened now finds the name
    const conversations = [...new Set([...conversationsIn(location.hash), ...settings.conversations])];
    this.wantsLobby = !conversations.length; // until there is a first conversation
    /** @type {Buffers} */
    this.buffers = this.newBuffers(name);
    this.session = new Session(name, conversations, newId, wasOurs);
    this.session.password = loadPassword();
    this.session.messaging.ignored = this.buffers.ignored;
    this.transport = new Transport(socketUrl(), this.session, () => this.onEvents());
    this.actions = new SessionActions(this);
    this.messages = new Messages(this);
    this.conversationList = new ConversationList(this);
    this.members = new Members(this);
    this.header = new Header(this);
    this.composer = new Composer(this);
    this.messageActions = new MessageActions(this);
    this.dialogs = new Dialogs(this);
    this.finder = new Finder(this);
    this.drawers = new Drawers();
    this.shortcuts = new Shortcuts(this);
    this.frameRequest = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.saveTimer = undefined;
    for (const conversation of conversations) this.restore(conversation);
    this.buffers.show(this.buffers.byKey.values().next().value ?? null);
  }

  /** @param {string} nick */
  newBuffers(nick) {
    const buffers = new Buffers();
    buffers.nick = nick;
    buffers.ignored = new Set(this.settings.ignored);
    buffers.onAddressed = (buffer, entry) => this.onAddressed(buffer, entry);
    buffers.onRead = (buffer) => this.onRead(buffer);
    buffers.onInvited = (entry) => this.notify("Invitation", entry, () => undefined);
    return buffers;
  }

  start() {
    byId("app").hidden = false;
    addEventListener("hashchange", () => conversationsIn(location.hash).forEach((name) => this.actions.enter(name)));
    addEventListener("focus", () => this.noteWatching());
    addEventListener("blur", () => this.noteWatching());
    document.addEventListener("visibilitychange", () => this.noteWatching());
    addEventListener("beforeunload", (event) => this.session.unconfirmed && event.preventDefault());
    addEventListener("pagehide", () => this.onHide());
    this.onShown(null);
    this.transport.retry();
    if (matchMedia("(pointer: fine)").matches) this.composer.focus();
  }

  // --- from the session to the views ---------------------------------------------------------------------------

  onEvents() {
    for (const event of this.session.takeEvents()) {
      this.buffers.apply(event);
      if (event.type === "ConversationStarted") this.saveConversations();
      if (event.type === "LobbyNamed" && this.wantsLobby) this.actions.enter(event.conversation);
      if (event.type === "RoomsListed") this.finder.take(event.rooms);
      if (event.type === "PasswordRequired") this.askForPassword();
      if (event.type === "Renamed" && event.isMine) this.saveName(event.newNick);
    }
    this.buffers.tick(Date.now());
    this.redraw("state");
  }

  /** @param {import("./buffers.js").Part} part */
  redraw(part) {
    this.buffers.change(part);
    if (this.frameRequest) return;
    this.frameRequest = document.hidden
      ? Number(setTimeout(() => this.draw(), HIDDEN_FRAME_MS))
      : requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frameRequest = 0;
    const { changed } = this.buffers;
    const parts = new Set(changed);
    changed.clear();
    if (parts.has("log")) this.messages.draw();
    if (parts.has("log")) this.messages.continueJump();
    this.noteWatching();
    if (parts.has("list") || changed.has("list")) this.conversationList.draw();
    if (parts.has("members")) this.members.draw();
    if (parts.has("head")) this.header.draw();
    if (parts.has("typing")) this.composer.drawTyping();
    if (parts.has("state")) this.header.drawState();
    if (parts.has("state")) this.messageActions.drawUndo();
    this.header.drawTitle();
    changed.clear();
  }

  /** Note whether the person sees the end of the conversation. */
  noteWatching() {
    const isVisible = document.hasFocus() && !document.hidden;
    this.buffers.watch(isVisible && this.messages.isWatching && this.messages.buffer === this.buffers.current);
    if (this.buffers.changed.has("list")) this.redraw("list");
  }

  /**
   * @param {Buffer} buffer
   * @param {Entry} entry
   */
  onAddressed(buffer, entry) {
    const title = buffer.isRoom ? `${entry.nick} in ${buffer.name}` : entry.nick;
    this.notify(title, entry, () => this.show(buffer.key));
  }

  /**
   * @param {string} title
   * @param {Entry} entry
   * @param {() => void} onClick
   */
  notify(title, entry, onClick) {
    if (!this.settings.notifies || document.hasFocus() || entry.at < Date.now() - RECENT_MS) return;
    notify(title, entry.text, onClick);
  }

  // --- the current conversation --------------------------------------------------------------------------------

  /** @param {string} key */
  show(key) {
    const from = this.buffers.current;
    const to = this.buffers.byKey.get(key);
    if (!to || to === from) return this.drawers.close();
    this.buffers.show(to);
    this.onShown(from);
  }

  /** @param {string} key */
  close(key) {
    const from = this.buffers.current;
    this.buffers.close(key);
    if (from !== this.buffers.current) this.onShown(null);
    this.saveConversations();
  }

  /** @param {Buffer | null} from the conversation that was shown before */
  onShown(from) {
    const { current } = this.buffers;
    history.replaceState(null, "", current ? fragmentOf(current.name) : location.pathname);
    this.drawers.close();
    this.composer.show(from);
    this.saveConversations();
    this.redraw("state");
  }

  /** The network has a password, and the password that was sent, if any, is wrong. */
  askForPassword() {
    const problem = this.session.password ? "That password is wrong." : "";
    this.session.password = "";
    this.transport.stop();
    this.dialogs.password("This network has a password", "Password", problem, (password) => {
      savePassword(password);
      this.session.password = password;
      this.transport.resume();
    });
  }

  // --- what the browser stores ---------------------------------------------------------------------------------

  /**
   * Open a buffer with the stored draft and read marker.
   * @param {string} name
   */
  restore(name) {
    const buffer = this.buffers.open(name);
    buffer.readAt = this.settings.readAt[buffer.key] ?? 0;
    buffer.draft = this.settings.drafts[buffer.key] ?? "";
    return buffer;
  }

  /** @param {Buffer} buffer */
  onRead(buffer) {
    this.settings.readAt[buffer.key] = buffer.readAt;
    this.session.markRead(buffer.name, buffer.readAt, Date.now());
    this.saveSoon();
  }

  /** The page may be closed in a moment. */
  onHide() {
    this.actions.perform((session) => session.redactions.send(Infinity));
    save(this.settings);
  }

  /**
   * Store a text that is not sent yet, but no command: it may have a password.
   * @param {Buffer} buffer
   * @param {string} text
   */
  saveDraft(buffer, text) {
    buffer.draft = text;
    this.settings.drafts[buffer.key] = text.startsWith("/") ? "" : text;
    this.saveSoon();
  }

  saveSoon() {
    this.saveTimer ??= setTimeout(() => {
      this.saveTimer = undefined;
      save(this.settings);
    }, SAVE_AFTER_MS);
  }

  /**
   * Store our name, if the person chose it.
   * @param {string} nick
   */
  saveName(nick) {
    if (casefold(this.session.naming.wanted) === casefold(nick)) this.settings.name = this.tabs.name = nick;
    this.saveSoon();
  }

  saveConversations() {
    this.settings.conversations = [...this.session.conversations.values()].map(({ name }) => name);
    this.saveSoon();
  }

  /**
   * @param {string} name
   * @param {Pick<Settings, "theme" | "notifies" | "sendsTyping" | "showsMemberChanges">} preferences
   */
  async changeSettings(name, preferences) {
    if (name !== this.session.naming.current) this.actions.rename(name);
    if (preferences.notifies && !(await askToNotify())) preferences.notifies = false;
    Object.assign(this.settings, preferences);
    applyTheme(preferences.theme);
    save(this.settings);
    this.redraw("log");
  }
}

/** Find a name for this tab, then start. */
async function begin() {
  const settings = load();
  applyTheme(settings.theme);
  const tabs = new Tabs();
  let name = settings.name || (await askForName());
  const taken = settings.name ? await tabs.others(name) : new Set();
  if (taken.has(name)) {
    name = await askForOtherName(name, taken);
    keepInTab();
  }
  new App(settings, tabs, name).start();
}

begin();
