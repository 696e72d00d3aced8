/**
 * The messages of the current conversation: a window of rows over its entries.
 *
 * The document has at most ROWS_LIMIT rows. Scrolling near an end of them adds the next ones, from memory or from the
 * history, and removes as many at the other end. What the person reads stays at its place.
 */

import { byId, setText } from "./dom.js";
import { Rows } from "./rows.js";

/**
 * @typedef {import("../buffer.js").Buffer} Buffer
 * @typedef {import("../entries.js").Entry} Entry
 * @typedef {{key: string, offset: number}} Anchor
 */

const ROWS_LIMIT = 300;
const ROWS_STEP = 100;
const END_ROWS_LIMIT = 150; // at the end, where every message adds a row
const END_ROWS = 75;
const NEAR_PX = 800; // from an end
const AT_END_PX = 40;

export class Messages {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.box = byId("log");
    this.end = byId("to-end");
    this.rows = new Rows();
    /** @type {Buffer | null} */
    this.buffer = null;
    this.isAtEnd = true; // new messages are visible
    this.firstKey = ""; // of the first entry in the window, if it is not at the end
    this.count = 0; // of the rows in the window
    this.isWindowAtEnd = true; // as it was drawn; entries may have come since
    this.wanted = ""; // the msgid of an entry to jump to when its page has come
    this.box.addEventListener("scroll", () => this.onScroll(), { passive: true });
    new ResizeObserver(() => this.isAtEnd && this.toBottom()).observe(this.box);
    this.end.addEventListener("click", () => this.goToEnd());
  }

  /** Whether the newest message is visible. */
  get isWatching() {
    return this.isAtEnd && this.buffer !== null && this.buffer.viewport.isAtEnd;
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
    this.rows.draw(buffer, this.app.buffers.nick, shown, start, end);
    this.firstKey = shown[start]?.key ?? "";
    this.count = end - start;
    this.isWindowAtEnd = end === shown.length;
    this.drawEnds(buffer, start === 0);
    if (this.isAtEnd) this.toBottom();
    else this.hold(anchor);
    this.load(buffer, start === 0);
  }

  /** @param {Buffer | null} buffer */
  begin(buffer) {
    this.buffer = buffer;
    this.rows.clear();
    this.box.setAttribute("aria-label", buffer ? `Messages in ${buffer.name}` : "Messages");
    this.isAtEnd = true;
  }

  /** @param {Buffer} buffer */
  entries(buffer) {
    const { shown } = buffer;
    const { settings, buffers } = this.app;
    if (settings.showsMemberChanges && !buffers.ignored.size) return shown;
    return shown.filter((entry) => (settings.showsMemberChanges || !entry.memberChanges) && !buffers.hides(entry));
  }

  /**
   * The entries that have rows: the last ones, or those around the visible ones. At the end, most frames only add rows,
   * as rows that stay at their place cost no layout.
   * @param {Entry[]} shown
   */
  range(shown) {
    const first = shown.findIndex(({ key }) => key === this.firstKey);
    let start = Math.max(0, first);
    if (this.isAtEnd) {
      const stays = this.rows.byKey.size > 0 && shown.length - start <= END_ROWS_LIMIT;
      return [stays ? start : Math.max(0, shown.length - END_ROWS), shown.length];
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

  /**
   * @param {Buffer} buffer
   * @param {boolean} isFirst whether the window begins with the first entry
   */
  drawEnds(buffer, isFirst) {
    const beginning = byId("beginning");
    beginning.hidden = !(isFirst && (buffer.loading === "older" || !buffer.viewport.hasOlder));
    setText(beginning, buffer.loading === "older" ? "Loading older messages…" : welcome(buffer));
    this.end.hidden = this.isAtEnd && buffer.viewport.isAtEnd;
    setText(byId("to-end-text"), buffer.unread ? `${buffer.unread} new` : "Latest");
  }

  /**
   * Request the page of history that is about to become visible.
   * @param {Buffer} buffer
   * @param {boolean} isFirst
   */
  load(buffer, isFirst) {
    const { viewport } = buffer;
    if (isFirst && viewport.hasOlder && this.isNearTop) {
      this.app.actions.loadPage(buffer, "older", viewport.oldest);
    } else if (this.isWindowAtEnd && !viewport.isAtEnd && this.isNearBottom) {
      this.app.actions.loadPage(buffer, "newer", viewport.newest);
    }
  }

  // --- scrolling -----------------------------------------------------------------------------------------------

  /**
   * A visible row and the position of its end: a heading above its text may come or go.
   * @returns {Anchor | null}
   */
  anchor() {
    const top = this.box.scrollTop;
    const rows = /** @type {HTMLElement[]} */ ([...this.rows.list.children]);
    const element = rows.find((each) => bottomOf(each) > top);
    return element ? { key: element.dataset.key ?? "", offset: bottomOf(element) - top } : null;
  }

  /** @param {Anchor | null} anchor */
  hold(anchor) {
    const element = anchor && this.rows.byKey.get(anchor.key)?.element;
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
    if (this.buffer && !this.buffer.viewport.isAtEnd) this.app.actions.loadLatest(this.buffer);
  }

  /**
   * Show a message and highlight it. If it is not in memory, request it.
   * @param {string} msgid
   */
  jump(msgid) {
    if (!this.buffer) return;
    const entry = this.buffer.viewport.byKey.get(msgid);
    if (!entry) {
      this.wanted = msgid;
      this.app.actions.loadPage(this.buffer, "around", { msgid, at: 0 });
      return;
    }
    const shown = this.entries(this.buffer);
    const at = shown.indexOf(entry);
    this.isAtEnd = false;
    if (!this.rows.byKey.has(entry.key)) {
      const first = Math.max(0, at - ROWS_STEP);
      this.firstKey = shown[first].key;
      this.count = Math.min(2 * ROWS_STEP, shown.length - first);
    }
    this.draw();
    const element = this.rows.byKey.get(entry.key)?.element;
    element?.scrollIntoView({ block: "center" });
    element?.focus({ preventScroll: true });
    element?.classList.add("found");
  }

  /** Continue a jump whose page has come. */
  continueJump() {
    const msgid = this.wanted;
    this.wanted = "";
    if (msgid && this.buffer?.viewport.byKey.has(msgid)) this.jump(msgid);
  }

  /** @param {Element} element */
  entryOf(element) {
    return this.rows.entryOf(element);
  }

  /** @param {string} key of an entry whose text is shown whole from now on */
  expand(key) {
    this.rows.open.add(key);
    this.app.redraw("log");
  }
}

/**
 * The text before the first message of a conversation.
 * @param {Buffer} buffer
 */
function welcome({ name, isRoom, shown }) {
  const isEmpty = shown.every(({ kind }) => kind === "event" || kind === "info");
  if (isRoom) {
    const more = isEmpty ? " Nothing has been said yet. Share the address of this page to invite others." : "";
    return `This is the beginning of the room ${name}.${more}`;
  }
  const more = isEmpty ? " Only the two of you can read it." : "";
  return `This is the beginning of your conversation with ${name}.${more}`;
}

/** @param {HTMLElement} element */
const bottomOf = (element) => element.offsetTop + element.offsetHeight;
