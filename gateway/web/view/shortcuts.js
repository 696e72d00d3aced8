/** The keys that work everywhere on the page. */

import { byId, targetOf } from "./dom.js";

export class Shortcuts {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    addEventListener("keydown", (event) => this.onKey(event));
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const hasCommand = event.ctrlKey || event.metaKey;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.step(event.key === "ArrowDown" ? 1 : -1);
    } else if (hasCommand && event.key === "k") {
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) this.app.finder.open();
    } else if (hasCommand && event.key === "z" && !hasText(event)) {
      this.app.actions.undoRedactions();
    } else if (event.key === "Escape") {
      this.app.drawers.close();
    } else if (isTyping(event)) {
      byId("say").focus({ preventScroll: true }); // the letter then goes there
    }
  }

  /**
   * Show the conversation above or below.
   * @param {number} by
   */
  step(by) {
    const { byKey, current } = this.app.buffers;
    if (!current) return;
    const all = [...byKey.values()];
    const ordered = [...all.filter((buffer) => buffer.isRoom), ...all.filter((buffer) => !buffer.isRoom)];
    const at = ordered.indexOf(current) + by + ordered.length;
    this.app.show(ordered[at % ordered.length].key);
  }
}

/**
 * Whether a key goes to a field with a text, whose own undo it is for.
 * @param {KeyboardEvent} event
 */
const hasText = ({ target }) =>
  (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) && target.value !== "";

/**
 * Whether a key is a letter that nothing else handles.
 * @param {KeyboardEvent} event
 */
function isTyping(event) {
  const { key, defaultPrevented, ctrlKey, metaKey, altKey } = event;
  if (defaultPrevented || ctrlKey || metaKey || altKey || [...key].length !== 1) return false;
  const isForButton = key === " " && targetOf(event, "button, a, summary");
  return !isForButton && !targetOf(event, "input, textarea, select, dialog") && !document.querySelector("dialog[open]");
}
