/**
 * The rows of a window over the entries of a conversation: it draws the entries that have none, or look different now,
 * and removes the others.
 */

import { byId, focused } from "./dom.js";
import { dayOf, isContinued, row } from "./message_row.js";

/**
 * @typedef {import("../buffer.js").Buffer} Buffer
 * @typedef {import("../entries.js").Entry} Entry
 * @typedef {import("./message_row.js").RowContext} RowContext
 */

export class Rows {
  constructor() {
    this.list = byId("rows");
    /** @type {Map<string, {element: HTMLElement, signature: string, entry: Entry}>} by the key of the entry */
    this.byKey = new Map();
    /** @type {Set<string>} the keys of long texts that are shown whole */
    this.open = new Set();
  }

  clear() {
    this.byKey.clear();
    this.open.clear();
    this.list.replaceChildren();
  }

  /**
   * The entry of the row around an element.
   * @param {Element} element
   */
  entryOf(element) {
    /** @type {HTMLElement | null} */
    const found = element.closest("li.entry");
    return this.byKey.get(found?.dataset.key ?? "")?.entry;
  }

  /**
   * @param {Buffer} buffer
   * @param {string} nick ours
   * @param {Entry[]} shown
   * @param {number} start of the window
   * @param {number} end
   */
  draw(buffer, nick, shown, start, end) {
    const wanted = shown.slice(start, end);
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { element }] of this.byKey) {
      if (!keys.has(key) && this.byKey.delete(key)) element.remove();
    }
    let next = this.list.firstElementChild;
    const firstNew = buffer.marker ? shown.findIndex((entry) => entry.at > buffer.marker && !entry.isMine) : -1;
    wanted.forEach((entry, index) => {
      const at = start + index;
      const context = this.context(buffer, nick, entry, shown[at - 1], firstNew === at);
      const isNext = next !== null && next === this.byKey.get(entry.key)?.element;
      const element = this.element(entry, context);
      if (isNext) next = element.nextElementSibling;
      else this.list.insertBefore(element, next);
    });
  }

  /**
   * @param {Buffer} buffer
   * @param {string} nick
   * @param {Entry} entry
   * @param {Entry | undefined} before
   * @param {boolean} isNew
   * @returns {RowContext}
   */
  context(buffer, nick, entry, before, isNew) {
    return {
      buffer,
      nick,
      isNew,
      isNewDay: !before || dayOf(before.at) !== dayOf(entry.at),
      isContinued: !isNew && isContinued(entry, before),
      isOpen: this.open.has(entry.key),
    };
  }

  /**
   * The row of an entry, drawn again if it looks different now.
   * @param {Entry} entry
   * @param {RowContext} context
   */
  element(entry, context) {
    const { isNew, isNewDay, isContinued: continues, isOpen, nick } = context;
    const signature = [entry.version, entry.state, isNew, isNewDay, continues, isOpen, nick].join();
    const old = this.byKey.get(entry.key);
    if (old?.signature === signature && old.entry === entry) return old.element;
    const element = row(entry, context);
    if (old) replace(old.element, element);
    this.byKey.set(entry.key, { element, signature, entry });
    return element;
  }
}

/**
 * @param {HTMLElement} old
 * @param {HTMLElement} element
 */
function replace(old, element) {
  const hasFocus = old === focused();
  const actions = old.querySelector("#actions");
  if (actions) element.append(actions);
  old.replaceWith(element);
  if (hasFocus) element.focus({ preventScroll: true });
}
