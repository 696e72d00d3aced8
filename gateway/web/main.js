/**
 * The page: what the person does goes to the session, what the session tells goes to the buffers, and once a frame the
 * views draw what has changed.
 */

import { Buffers } from "./buffers.js";
import { Connection, socketUrl } from "./connection.js";
import { infoEntry, replyTags } from "./entries.js";
import { fold, isRoom } from "./irc.js";
import { askToNotify, notify } from "./notify.js";
import { isReaction } from "./reactions.js";
import { Session } from "./session.js";
import { keepInTab, load, loadPassword, save, savePassword } from "./settings.js";
import { Tabs } from "./tabs.js";
import { Actions } from "./view/actions.js";
import { Composer } from "./view/composer.js";
import { Dialogs } from "./view/dialogs.js";
import { byId } from "./view/dom.js";
import { Finder } from "./view/finder.js";
import { Frame, applyTheme } from "./view/frame.js";
import { HeadView } from "./view/head.js";
import { LogView } from "./view/log.js";
import { PeopleView } from "./view/people.js";
import { SideView } from "./view/side.js";

const HIDDEN_FRAME_MS = 500; // a page that nobody sees gets no frames
const RECENT_MS = 60_000; // what is older is no news
const SAVE_AFTER_MS = 1_000;
const MARK_READ_EVERY_MS = 3_000;

/** A token of 128 random bits: digits and small letters alone, as it is the reference of a batch too. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Places that the URL's fragment names: "lobby,dev", or "@alice". One that cannot be decoded names none. */
function placesIn(fragment) {
  const words = decoded(fragment.replace(/^#/, "")).split(",").filter(Boolean);
  return words.map((word) => (word.startsWith("@") ? word.slice(1) : isRoom(word) ? word : `#${word}`));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // as "%E0%A4%A"
  }
}

const fragmentOf = ({ name, isRoom: isInRoom }) => `#${encodeURIComponent(isInRoom ? name.slice(1) : `@${name}`)}`;

export class App {
  constructor() {
    this.settings = load();
    this.buffers = new Buffers();
    this.buffers.onAddressed = (buffer, entry) => this.announce(buffer, entry);
    this.buffers.onRead = (buffer) => this.noteRead(buffer);
    this.buffers.onInvited = (entry) => this.notify("Invitation", entry, () => undefined);
    this.buffers.ignored = new Set(this.settings.ignored);
    this.log = new LogView(this);
    this.side = new SideView(this);
    this.people = new PeopleView(this);
    this.head = new HeadView(this);
    this.composer = new Composer(this);
    this.actions = new Actions(this);
    this.dialogs = new Dialogs(this);
    this.finder = new Finder(this);
    this.tabs = new Tabs();
    this.frame = new Frame(this);
    this.frameRequest = 0;
    this.saveTimer = 0;
    this.marks = new Map(); // read markers to be sent
    applyTheme(this.settings.theme);
  }

  /** Asks for what it has to know first. */
  async begin() {
    const { name } = this.settings;
    if (!name) return this.dialogs.welcome((chosen) => this.start(chosen));
    const taken = await this.tabs.others(name);
    if (!taken.has(name)) return this.start(name);
    return this.dialogs.anotherTab(name, taken, (chosen) => {
      keepInTab();
      this.start(chosen);
    });
  }

  /** Begins to talk, under a name that there is by now. */
  start(name) {
    const wasOurs = this.settings.name === name;
    this.settings.name = name;
    this.tabs.name = name;
    save(this.settings); // so that a tab that is opened now knows it
    const fromUrl = placesIn(location.hash);
    const places = [...new Set([...fromUrl, ...this.settings.places])];
    this.wantsLobby = !places.length; // until there is a first conversation
    this.session = new Session(name, places, newId, wasOurs);
    this.session.password = loadPassword();
    this.session.ignored = this.buffers.ignored;
    this.buffers.nick = name;
    for (const place of places) this.restore(place);
    this.buffers.show(places.length ? this.buffers.byKey.get(fold(places[0])) : null);
    this.connection = new Connection(socketUrl(), this.session, () => this.onEvents());
    byId("app").hidden = false;
    this.listen();
    this.turn(null);
    this.connection.retry();
    if (matchMedia("(pointer: fine)").matches) this.composer.focus();
  }

  restore(name) {
    const buffer = this.buffers.open(name);
    buffer.readAt = this.settings.readAt[buffer.key] ?? 0;
    buffer.draft = this.settings.drafts[buffer.key] ?? "";
    return buffer;
  }

  listen() {
    addEventListener("hashchange", () => placesIn(location.hash).forEach((place) => this.open(place)));
    addEventListener("focus", () => this.noteWatching());
    addEventListener("blur", () => this.noteWatching());
    document.addEventListener("visibilitychange", () => this.noteWatching());
    addEventListener("beforeunload", (event) => this.session.unconfirmed && event.preventDefault());
    addEventListener("pagehide", () => this.onHide());
    this.frame.listen();
    setInterval(() => this.onTick(), MARK_READ_EVERY_MS);
  }

  // --- from the session to the views ---------------------------------------------------------------------------

  onEvents() {
    for (const event of this.session.takeEvents()) {
      this.buffers.apply(event);
      if (event.type === "met") this.remember();
      if (event.type === "lobby" && this.wantsLobby) this.open(event.room);
      if (event.type === "rooms") this.finder.take(event.rooms);
      if (event.type === "password-refused") this.askForPassword();
      if (event.type === "renamed" && event.isMine) this.rememberName(event.to);
    }
    this.buffers.tick(Date.now());
    this.redraw("state");
  }

  redraw(part) {
    this.buffers.changed.add(part);
    this.frameRequest ||= document.hidden
      ? setTimeout(() => this.draw(), HIDDEN_FRAME_MS)
      : requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frameRequest = 0;
    const { changed } = this.buffers;
    const parts = new Set(changed);
    changed.clear();
    if (parts.has("log")) this.log.draw();
    if (parts.has("log")) this.log.arrive();
    this.noteWatching();
    if (parts.has("list") || changed.has("list")) this.side.draw();
    if (parts.has("members")) this.people.draw();
    if (parts.has("head")) this.head.draw();
    if (parts.has("typing")) this.composer.drawTyping();
    if (parts.has("state")) this.head.drawState();
    if (parts.has("state")) this.actions.drawUndo();
    this.head.drawTitle();
    changed.clear();
  }

  /** Notes whether the person sees the end of the conversation. */
  noteWatching() {
    this.buffers.watch(
      document.hasFocus() &&
        !document.hidden &&
        Boolean(this.log.isWatching) &&
        this.log.buffer === this.buffers.current,
    );
    if (this.buffers.changed.has("list")) this.redraw("list");
  }

  announce(buffer, entry) {
    const title = buffer.isRoom ? `${entry.nick} in ${buffer.name}` : entry.nick;
    this.notify(title, entry, () => this.show(buffer.key));
  }

  notify(title, entry, onClick) {
    if (!this.settings.notifies || document.hasFocus() || entry.at < Date.now() - RECENT_MS) return;
    notify(title, entry.text, onClick);
  }

  noteRead(buffer) {
    this.settings.readAt[buffer.key] = buffer.readAt;
    this.marks.set(buffer.name, buffer.readAt);
    this.saveSoon();
  }

  onTick() {
    for (const [name, at] of this.marks) this.session.markRead(name, at);
    this.marks.clear();
    this.connection.flush();
  }

  /** The page may be gone in a moment. */
  onHide() {
    this.perform((session) => session.sendRedactions(Infinity));
    save(this.settings);
  }

  /** Keeps what is not sent yet, but no command: one may hold a password. */
  noteDraft(buffer, text) {
    buffer.draft = text;
    this.settings.drafts[buffer.key] = text.startsWith("/") ? "" : text;
    this.saveSoon();
  }

  saveSoon() {
    this.saveTimer ||= setTimeout(() => {
      this.saveTimer = 0;
      save(this.settings);
    }, SAVE_AFTER_MS);
  }

  /** A name that the person wished for; not one that they have to bear for a while. */
  rememberName(nick) {
    if (fold(this.session.naming.wanted) === fold(nick)) this.settings.name = this.tabs.name = nick;
    this.saveSoon();
  }

  remember() {
    this.settings.places = [...this.session.places.values()].map(({ name }) => name);
    this.saveSoon();
  }

  // --- what the person does ------------------------------------------------------------------------------------

  /** The current conversation's name. */
  get place() {
    return this.buffers.current?.name ?? "";
  }

  /** The current room, "" where it is a person. */
  get room() {
    return this.buffers.current?.isRoom ? this.place : "";
  }

  /** Lets the session do something, and sends and shows what comes of it. */
  perform(action) {
    const result = action(this.session, Date.now());
    this.connection.flush();
    return result;
  }

  show(key) {
    const from = this.buffers.current;
    const to = this.buffers.byKey.get(key);
    if (!to || to === from) return this.frame.closeDrawers();
    this.buffers.show(to);
    this.turn(from);
  }

  turn(from) {
    const { current } = this.buffers;
    history.replaceState(null, "", current ? fragmentOf(current) : location.pathname);
    this.frame.closeDrawers();
    this.composer.turn(from);
    this.remember();
    this.redraw("state");
  }

  open(name, key = "") {
    if (!name) return;
    this.wantsLobby = false;
    const buffer = this.buffers.byKey.get(fold(name)) ?? this.restore(name);
    this.perform((session, now) => session.enter(name, key, now));
    this.show(buffer.key);
    this.remember();
  }

  join(room, key = "") {
    this.open(room, key);
  }

  talkTo(nick, text) {
    this.open(nick);
    if (text) this.perform((session, now) => session.say(nick, text, {}, now));
    this.composer.focus();
  }

  part(name) {
    this.perform((session) => session.leave(name));
    const from = this.buffers.current;
    this.buffers.close(fold(name));
    if (from !== this.buffers.current) this.turn(null);
    this.remember();
  }

  say(text) {
    const { current } = this.buffers;
    if (!current) return this.finder.open();
    if (!current.isJoined && this.session.isRegistered && !this.session.places.has(current.key))
      this.open(current.name);
    const tags = current.draftReply ? replyTags(current.draftReply.msgid) : {};
    return this.perform((session, now) => session.say(current.name, text, tags, now));
  }

  act(text) {
    return this.perform((session, now) => session.act(this.place, text, now));
  }

  sayAgain(entry) {
    this.perform((session, now) => session.sayAgain(entry.pending, now));
  }

  discard(entry) {
    this.buffers.discard(this.buffers.current, entry);
    this.redraw("log");
  }

  react(entry, emoji) {
    if (!isReaction(emoji)) return;
    const mine = this.buffers.current.marks.reactionsTo(entry.msgid).find(([each]) => each === emoji)?.[1] ?? [];
    this.perform((session, now) =>
      session.react(this.place, entry.msgid, emoji, !mine.includes(this.buffers.nick), now),
    );
  }

  redact(entry) {
    this.perform((session, now) => session.redact(this.place, entry.msgid, now));
  }

  undoRedactions() {
    this.perform((session) => session.undoRedactions());
  }

  typing(state) {
    if (this.settings.tellsTyping && this.place) this.perform((session, now) => session.typing(this.place, state, now));
  }

  rename(nick) {
    this.perform((session) => session.rename(nick));
  }

  command(verb, params) {
    this.perform((session) => session.command(verb, params));
  }

  help() {
    this.dialogs.help();
  }

  /** Hides what somebody says, or no longer. */
  ignore(nick) {
    const { ignored } = this.buffers;
    if (nick && !ignored.delete(fold(nick))) ignored.add(fold(nick));
    this.settings.ignored = [...ignored];
    this.saveSoon();
    this.tell(ignored.size ? `You ignore ${this.settings.ignored.join(", ")}.` : "You ignore nobody.");
  }

  becomeOperator(name, password) {
    if (password) this.command("OPER", [name, password]);
    else this.dialogs.password("Become an operator", `Password of ${name}`, "", (typed) => this.becomeOperator(name, typed));
  }

  /** The network has a password, and the one that was sent, if any, is wrong. */
  askForPassword() {
    const problem = this.session.password ? "That password is wrong." : "";
    this.session.password = "";
    this.connection.stop();
    this.dialogs.password("This network has a password", "Password", problem, (password) => {
      savePassword(password);
      this.session.password = password;
      this.connection.resume();
    });
  }

  tell(text) {
    this.buffers.inform(infoEntry(text, Date.now()));
    this.redraw("log");
  }

  loadPage(buffer, kind, entry) {
    this.buffers.load(buffer, kind, entry, (...asked) => this.perform((session, now) => session.page(...asked, now)));
  }

  loadLatest(buffer) {
    this.perform((session, now) => session.latest(buffer.name, now));
  }

  /** Takes new settings. */
  async change({ name, ...tastes }) {
    if (name !== this.session.naming.current) this.rename(name);
    if (tastes.notifies && !(await askToNotify())) tastes.notifies = false;
    Object.assign(this.settings, tastes);
    applyTheme(tastes.theme);
    save(this.settings);
    this.redraw("log");
  }
}

new App().begin();
