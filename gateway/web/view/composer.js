/** Where messages are written: the field, what the message answers, and who else is typing. */

import { typed } from "../commands.js";
import { beginning } from "../text.js";
import { byId, setText } from "./dom.js";
import { Suggestions } from "./suggestions.js";

const HEIGHT_LIMIT_PX = 220;
const PAUSED_AFTER_MS = 4_000;

export class Composer {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.input = byId("say");
    this.suggestions = new Suggestions(app, this.input);
    this.pauseTimer = 0;
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => this.suggestions.close());
    byId("answer-nothing").addEventListener("click", () => this.answer(null));
    byId("compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /** Shows the current conversation's draft in place of the last one's. */
  turn(from) {
    if (from) this.app.noteDraft(from, this.input.value);
    const { current } = this.app.buffers;
    this.input.value = current?.draft ?? "";
    this.input.placeholder = current ? `Message ${current.name}` : "";
    this.fit();
    this.drawAnswer();
    this.suggestions.close();
  }

  onInput() {
    this.fit();
    this.suggestions.update();
    this.keepDraft();
    const { value } = this.input;
    const isMessage = value && (!value.startsWith("/") || value.startsWith("//"));
    clearTimeout(this.pauseTimer);
    if (isMessage) {
      this.app.typing("active");
      this.pauseTimer = setTimeout(() => this.app.typing("paused"), PAUSED_AFTER_MS);
    } else if (!value) {
      this.app.typing("done");
    }
  }

  keepDraft() {
    const { current } = this.app.buffers;
    if (current) this.app.noteDraft(current, this.input.value);
  }

  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, HEIGHT_LIMIT_PX)}px`;
  }

  onKey(event) {
    if (event.isComposing) return;
    if (this.suggestions.onKey(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Tab" && !event.shiftKey && this.input.value) {
      this.complete(event);
    } else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      this.app.actions.focusLast();
    } else if (event.key === "Escape") {
      this.answer(null);
    }
  }

  /** Tab completes a name where there is one to complete; else it goes on, as everywhere. */
  complete(event) {
    this.suggestions.update(true);
    if (!this.suggestions.isOpen) return;
    event.preventDefault();
    if (this.suggestions.found.length === 1) this.suggestions.accept(0);
  }

  submit() {
    const text = this.input.value.replace(/\s+$/, "");
    if (!text) return;
    clearTimeout(this.pauseTimer);
    const { current } = this.app.buffers;
    this.write("");
    this.app.log.showEnd(); // where the answer will be
    const problem = typed(this.app, text);
    if (problem) {
      this.app.tell(problem);
      this.write(text);
    } else if (current) {
      current.draftReply = null;
      this.drawAnswer();
    }
  }

  /** Puts a text in the field in the place of what is there. */
  write(text) {
    this.input.value = text;
    this.keepDraft();
    this.fit();
    this.suggestions.close();
  }

  /** Lets the message that is written answer an entry, or nothing. */
  answer(entry) {
    const { current } = this.app.buffers;
    if (current) current.draftReply = entry;
    this.drawAnswer();
    if (entry) this.focus();
  }

  drawAnswer() {
    const entry = this.app.buffers.current?.draftReply;
    byId("answering").hidden = !entry;
    if (entry) setText(byId("answering-text"), `Answering ${entry.nick}: ${beginning(entry.text, 120)}`);
  }

  drawTyping() {
    const nicks = [...(this.app.buffers.current?.typing.values() ?? [])].map(({ nick }) => nick);
    setText(byId("typing"), TYPING[Math.min(nicks.length, 4)](nicks));
  }
}

const TYPING = [
  () => "",
  ([a]) => `${a} is typing…`,
  ([a, b]) => `${a} and ${b} are typing…`,
  ([a, b, c]) => `${a}, ${b} and ${c} are typing…`,
  () => "Several people are typing…",
];
