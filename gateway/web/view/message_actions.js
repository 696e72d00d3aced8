/**
 * The actions on a message: one toolbar, which moves to the row with the pointer or the focus, and the keys of a row
 * that has the focus.
 */

import { byId, focused, setText, targetOf } from "./dom.js";
import { copyCode } from "./formatted_text.js";

/** @typedef {import("../entries.js").Entry} Entry */

/** @type {Record<string, string>} */
const KEYS = { ArrowUp: "up", ArrowDown: "down", r: "reply", e: "react", Delete: "redact", Backspace: "redact" };
const BUTTONS =
  "[data-act], [data-copy], [data-react], [data-jump], [data-open], [data-again], [data-discard], [data-nick], [data-room]";

export class MessageActions {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.bar = byId("actions");
    this.rows = byId("rows");
    this.rows.addEventListener("pointerover", (event) => this.goTo(event));
    this.rows.addEventListener("focusin", (event) => this.goTo(event));
    this.rows.addEventListener("pointerleave", () => this.bar.contains(focused()) || this.hide());
    this.rows.addEventListener("keydown", (event) => this.onKey(event));
    this.rows.addEventListener("click", (event) => this.onClick(event));
    byId("undo-button").addEventListener("click", () => {
      app.actions.undoRedactions();
      app.composer.focus();
    });
  }

  /** @param {Event} event */
  goTo(event) {
    const row = targetOf(event, "li.entry");
    const entry = row && this.app.messages.entryOf(row);
    if (!entry || row.contains(this.bar) || this.bar.contains(focused())) return;
    if (!this.canReply(entry)) return this.hide();
    const redact = this.bar.querySelector('[data-act="redact"]');
    redact?.toggleAttribute("hidden", !this.canRedact(entry));
    this.bar.hidden = false;
    row.append(this.bar);
  }

  hide() {
    this.bar.hidden = true;
    document.body.append(this.bar);
  }

  /** Show the deletions that can still be undone. */
  drawUndo() {
    const { size } = this.app.session.redactions;
    byId("undo").hidden = !size;
    if (size) setText(byId("undo-text"), size === 1 ? "Message deleted." : `${size} messages deleted.`);
  }

  /** @param {Entry} entry */
  canReply(entry) {
    const isText = entry.kind !== "event" && entry.kind !== "info";
    if (!isText || !entry.msgid || !this.app.session.can("message-tags")) return false;
    return !this.app.messages.buffer?.annotations.redactions.has(entry.msgid);
  }

  /** @param {Entry} entry */
  canRedact(entry) {
    return entry.isMine && this.canReply(entry) && this.app.session.can("draft/message-redaction");
  }

  /**
   * @param {string} name
   * @param {Entry} entry
   */
  act(name, entry) {
    if (!this.canReply(entry)) return;
    if (name === "reply") this.app.composer.replyTo(entry);
    else if (name === "react") this.app.dialogs.react(entry);
    else if (name === "redact" && this.canRedact(entry)) {
      this.app.actions.redact(entry);
      this.hide();
    }
  }

  /** @param {Event} event */
  onClick(event) {
    const { actions, messages } = this.app;
    const button = targetOf(event, BUTTONS);
    const entry = button && messages.entryOf(button);
    if (!entry) return;
    const { act, react, jump, open, nick, room } = button.dataset;
    if (act) this.act(act, entry);
    else if (react) actions.react(entry, react);
    else if (jump) messages.jump(jump);
    else if (open) messages.expand(open);
    else if (nick) actions.query(nick, "");
    else if ("copy" in button.dataset) copyCode(button);
    else if ("again" in button.dataset) actions.sendAgain(entry);
    else if ("discard" in button.dataset) actions.discard(entry);
    else if (room) actions.enter(room);
  }

  focusLast() {
    /** @type {HTMLElement | null} */ (this.rows.lastElementChild)?.focus();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const row = targetOf(event, "li.entry");
    if (event.key === "Escape") return this.app.composer.focus();
    if (!row || event.target !== row || event.ctrlKey || event.metaKey || event.altKey) return;
    const entry = this.app.messages.entryOf(row);
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    if (action === "up") /** @type {HTMLElement | null} */ (row.previousElementSibling)?.focus();
    else if (action === "down") /** @type {HTMLElement} */ (row.nextElementSibling ?? byId("say")).focus();
    else if (entry) this.act(action, entry);
  }
}
