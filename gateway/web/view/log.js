/**
 * The messages of the current conversation: a window of rows over its entries.
 *
 * Never more than ROWS_LIMIT rows stand in the document; scrolling near an end of them brings the next ones, from
 * memory or from the history, and takes as many away at the other end. What the person looks at stays where it is.
 */

import { byId, setText } from "./dom.js";
import { dayOf, isContinued, row } from "./row.js";

const ROWS_LIMIT = 300;
const ROWS_STEP = 100;
const END_ROWS_LIMIT = 150; // at the end, where rows come and go with every message
const END_ROWS = 75;
const NEAR_PX = 800; // from an end
const AT_END_PX = 40;

export class LogView {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.box = byId("log");
    this.list = byId("rows");
    this.end = byId("to-end");
    /** @type {Map<string, {element: HTMLElement, signature: string, entry: object}>} by the entry's key */
    this.rows = new Map();
    this.buffer = null;
    this.isAtEnd = true; // what is new comes into sight
    this.firstKey = ""; // the first entry in the window, where it does not follow the end
    this.count = 0; // of the rows in the window
    this.isWindowAtEnd = true; // as it was drawn; entries may have come since
    this.wanted = ""; // the msgid of an entry to jump to when its page has come
    this.open = new Set(); // keys of long texts that are shown whole
    this.box.addEventListener("scroll", () => this.onScroll(), { passive: true });
    new ResizeObserver(() => this.isAtEnd && this.toBottom()).observe(this.box);
    this.end.addEventListener("click", () => this.goToEnd());
  }

  get isWatching() {
    return this.isAtEnd && this.buffer?.slice.isAtEnd;
  }

  // --- drawing -------------------------------------------------------------------------------------------------

  draw() {
    const buffer = this.app.buffers.current;
    const isOther = buffer !== this.buffer;
    if (isOther) this.begin(buffer);
    if (!buffer) return;
    const shown = this.entries(buffer);
    const [start, end] = this.range(shown);
    const anchor = this.isAtEnd ? null : this.anchor();
    this.box.setAttribute("aria-busy", String(isOther || Boolean(buffer.loading)));
    this.place(buffer, shown, start, end);
    this.firstKey = shown[start]?.key ?? "";
    this.count = end - start;
    this.isWindowAtEnd = end === shown.length;
    this.drawEnds(buffer, start === 0);
    if (this.isAtEnd) this.toBottom();
    else this.hold(anchor);
    this.fetch(buffer, start === 0);
  }

  begin(buffer) {
    this.buffer = buffer;
    this.rows.clear();
    this.list.replaceChildren();
    this.box.setAttribute("aria-label", buffer ? `Messages in ${buffer.name}` : "Messages");
    this.isAtEnd = true;
    this.open.clear();
  }

  entries(buffer) {
    const { shown } = buffer;
    const { settings, buffers } = this.app;
    if (settings.showsMoves && !buffers.ignored.size) return shown;
    return shown.filter((entry) => (settings.showsMoves || !entry.moves) && !buffers.hides(entry));
  }

  /**
   * Which entries have rows: the last ones, or those around what is in sight. At the end rows are only added in most
   * frames, and taken away seldom: what stays where it is costs no layout.
   */
  range(shown) {
    let start = Math.max(
      0,
      shown.findIndex(({ key }) => key === this.firstKey),
    );
    if (this.isAtEnd) {
      const isKept = this.rows.size > 0 && shown.length - start <= END_ROWS_LIMIT;
      return [isKept ? start : Math.max(0, shown.length - END_ROWS), shown.length];
    }
    let end = Math.min(shown.length, start + Math.max(this.count, ROWS_STEP));
    if (this.isNearTop) {
      start = Math.max(0, start - ROWS_STEP);
      end = Math.min(end, start + ROWS_LIMIT);
    } else if (this.isNearBottom) {
      end = Math.min(shown.length, end + ROWS_STEP);
      start = Math.max(start, end - ROWS_LIMIT);
    }
    return [start, end];
  }

  get isNearTop() {
    return this.box.scrollTop < NEAR_PX;
  }

  get below() {
    return this.box.scrollHeight - this.box.clientHeight - this.box.scrollTop;
  }

  get isNearBottom() {
    return this.below < NEAR_PX;
  }

  place(buffer, shown, start, end) {
    const wanted = shown.slice(start, end);
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { element }] of this.rows) {
      if (!keys.has(key) && this.rows.delete(key)) element.remove();
    }
    let next = this.list.firstElementChild;
    const isNewAt = buffer.marker ? shown.findIndex((entry) => entry.at > buffer.marker && !entry.isMine) : -1;
    wanted.forEach((entry, index) => {
      const before = shown[start + index - 1];
      const context = this.context(buffer, entry, before, isNewAt === start + index);
      const isNext = next !== null && next === this.rows.get(entry.key)?.element;
      const element = this.element(entry, context);
      if (isNext) next = element.nextElementSibling;
      else this.list.insertBefore(element, next);
    });
  }

  context(buffer, entry, before, isNew) {
    const { nick } = this.app.buffers;
    return {
      buffer,
      nick,
      isNew,
      day: !before || dayOf(before.at) !== dayOf(entry.at),
      isContinued: !isNew && isContinued(entry, before),
      isOpen: this.open.has(entry.key),
    };
  }

  /** The row of an entry, made anew where it would look otherwise. */
  element(entry, context) {
    const { isNew, day, isContinued: goesOn, isOpen, nick } = context;
    const signature = [entry.version, entry.state, isNew, day, goesOn, isOpen, nick].join();
    const old = this.rows.get(entry.key);
    if (old?.signature === signature && old.entry === entry) return old.element;
    const element = row(entry, context);
    if (old) this.replace(old.element, element);
    this.rows.set(entry.key, { element, signature, entry });
    return element;
  }

  replace(old, element) {
    const hasFocus = old === document.activeElement;
    const actions = old.querySelector("#actions");
    if (actions) element.append(actions);
    old.replaceWith(element);
    if (hasFocus) element.focus({ preventScroll: true });
  }

  drawEnds(buffer, isFirst) {
    const beginning = byId("beginning");
    beginning.hidden = !(isFirst && (buffer.loading === "older" || !buffer.slice.hasOlder));
    setText(beginning, buffer.loading === "older" ? "Loading older messages…" : welcome(buffer));
    this.end.hidden = this.isAtEnd && buffer.slice.isAtEnd;
    setText(byId("to-end-text"), buffer.unread ? `${buffer.unread} new` : "Latest");
  }

  /** Asks the history for what is about to come into sight. */
  fetch(buffer, isFirst) {
    const { slice } = buffer;
    if (isFirst && slice.hasOlder && this.isNearTop) this.app.loadPage(buffer, "older", slice.oldest);
    else if (this.isWindowAtEnd && !slice.isAtEnd && this.isNearBottom)
      this.app.loadPage(buffer, "newer", slice.newest);
  }

  // --- scrolling -----------------------------------------------------------------------------------------------

  /** A row in sight and where it ends: above it a day's or the new ones' heading may come or go. */
  anchor() {
    const top = this.box.scrollTop;
    const element = [...this.list.children].find((each) => bottomOf(each) > top);
    return element && { key: element.dataset.key, offset: bottomOf(element) - top };
  }

  hold(anchor) {
    const element = anchor && this.rows.get(anchor.key)?.element;
    if (element) this.box.scrollTop = bottomOf(element) - anchor.offset;
  }

  toBottom() {
    this.box.scrollTop = this.box.scrollHeight;
  }

  onScroll() {
    this.isAtEnd = this.isWindowAtEnd && this.below < AT_END_PX;
    this.app.noteWatching();
    this.app.redraw("log");
  }

  goToEnd() {
    this.showEnd();
    this.app.noteWatching();
    this.app.redraw("log");
  }

  showEnd() {
    this.isAtEnd = true;
    if (this.buffer && !this.buffer.slice.isAtEnd) this.app.loadLatest(this.buffer);
  }

  /** Shows an entry and lets it stand out; what is not in memory is asked for. */
  jump(msgid) {
    const entry = this.buffer.slice.byKey.get(msgid);
    if (!entry) {
      this.wanted = msgid;
      this.app.loadPage(this.buffer, "around", { msgid, at: 0 });
      return;
    }
    const shown = this.entries(this.buffer);
    const at = shown.indexOf(entry);
    this.isAtEnd = false;
    if (!this.rows.has(entry.key)) {
      const first = Math.max(0, at - ROWS_STEP);
      this.firstKey = shown[first].key;
      this.count = Math.min(2 * ROWS_STEP, shown.length - first);
    }
    this.draw();
    const { element } = this.rows.get(entry.key);
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    element.classList.add("found");
  }

  /** Goes on with a jump whose page has come. */
  arrive() {
    const msgid = this.wanted;
    this.wanted = "";
    if (msgid && this.buffer?.slice.byKey.has(msgid)) this.jump(msgid);
  }

  entryOf(element) {
    return this.rows.get(element.closest("li.entry")?.dataset.key ?? "")?.entry;
  }

  toggleOpen(key) {
    this.open.add(key);
    this.app.redraw("log");
  }
}

/** What stands before the first message of a conversation, and in place of it. */
function welcome({ name, isRoom, shown }) {
  const isSilent = shown.every(({ kind }) => kind === "event" || kind === "info");
  if (isRoom) {
    const more = isSilent ? " Nothing has been said yet. This page's address leads others here." : "";
    return `This is the beginning of the room ${name}.${more}`;
  }
  const more = isSilent ? " Only the two of you can read it." : "";
  return `This is the beginning of your conversation with ${name}.${more}`;
}

const bottomOf = (element) => element.offsetTop + element.offsetHeight;
