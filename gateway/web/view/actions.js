/**
 * What can be done with a message: one toolbar, which goes to the row that the pointer or the focus is on; and the keys
 * of a row that has the focus.
 */

import { byId, setText } from "./dom.js";
import { copyCode } from "./formatted.js";

export class Actions {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.bar = byId("actions");
    this.rows = byId("rows");
    this.entry = null;
    this.rows.addEventListener("pointerover", ({ target }) => this.goTo(target));
    this.rows.addEventListener("focusin", ({ target }) => this.goTo(target));
    this.rows.addEventListener("pointerleave", () => this.bar.contains(document.activeElement) || this.hide());
    this.rows.addEventListener("keydown", (event) => this.onKey(event));
    this.rows.addEventListener("click", (event) => this.onClick(event));
    byId("undo-button").addEventListener("click", () => {
      app.undoRedactions();
      app.composer.focus();
    });
  }

  goTo(target) {
    const row = target.closest("li.entry");
    const entry = row && this.app.log.entryOf(row);
    if (!entry || row.contains(this.bar) || this.bar.contains(document.activeElement)) return;
    if (!this.canAnswer(entry)) return this.hide();
    this.entry = entry;
    this.bar.querySelector('[data-act="redact"]').hidden = !this.canRedact(entry);
    this.bar.hidden = false;
    row.append(this.bar);
  }

  hide() {
    this.bar.hidden = true;
    document.body.append(this.bar);
  }

  /** Shows what can be taken back yet. */
  drawUndo() {
    const { size } = this.app.session.redactions;
    byId("undo").hidden = !size;
    if (size) setText(byId("undo-text"), size === 1 ? "Message deleted." : `${size} messages deleted.`);
  }

  canAnswer(entry) {
    const { buffer } = this.app.log;
    return (
      Boolean(entry.msgid) &&
      !entry.moves &&
      entry.kind !== "event" &&
      !buffer.marks.redactions.has(entry.msgid) &&
      this.app.session.can("message-tags")
    );
  }

  canRedact(entry) {
    return entry.isMine && this.canAnswer(entry) && this.app.session.can("draft/message-redaction");
  }

  act(name, entry) {
    if (!this.canAnswer(entry)) return;
    if (name === "reply") this.app.composer.answer(entry);
    else if (name === "react") this.app.dialogs.react(entry);
    else if (name === "redact" && this.canRedact(entry)) {
      this.app.redact(entry);
      this.hide();
    }
  }

  onClick({ target }) {
    const { app } = this;
    const button = target.closest(
      "[data-act], [data-copy], [data-react], [data-jump], [data-open], [data-again], [data-discard], [data-nick], " +
        "[data-room]",
    );
    const entry = app.log.entryOf(target);
    if (!button || !entry) return;
    const { act, react, jump, open, nick, room } = button.dataset;
    if (act) this.act(act, entry);
    else if (react) app.react(entry, react);
    else if (jump) app.log.jump(jump);
    else if (open) app.log.toggleOpen(open);
    else if (nick) app.talkTo(nick, "");
    else if ("copy" in button.dataset) copyCode(button);
    else if ("again" in button.dataset) app.sayAgain(entry);
    else if ("discard" in button.dataset) app.discard(entry);
    else if (room) app.join(room);
  }

  focusLast() {
    this.rows.lastElementChild?.focus();
  }

  onKey(event) {
    const row = event.target.closest("li.entry");
    if (event.key === "Escape") return this.app.composer.focus();
    if (event.target !== row || event.ctrlKey || event.metaKey || event.altKey) return;
    const entry = this.app.log.entryOf(row);
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    if (action === "up") row.previousElementSibling?.focus();
    else if (action === "down") (row.nextElementSibling ?? byId("say")).focus();
    else this.act(action, entry);
  }
}

const KEYS = { ArrowUp: "up", ArrowDown: "down", r: "reply", e: "react", Delete: "redact", Backspace: "redact" };
