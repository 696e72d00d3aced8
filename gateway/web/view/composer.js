/** The field where messages are written, the message that it replies to, and the people who are typing. */

import { run } from "../commands.js";
import { beginning } from "../text.js";
import { TypingState } from "../typing_and_read_markers.js";
import { byId, setText } from "./dom.js";
import { Suggestions } from "./suggestions.js";

const HEIGHT_LIMIT_PX = 220;
const PAUSED_AFTER_MS = 4_000;

export class Composer {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.input = byId("say", HTMLTextAreaElement);
    this.suggestions = new Suggestions(app, this.input);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pauseTimer = undefined;
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => this.suggestions.close());
    byId("reply-cancel").addEventListener("click", () => this.replyTo(null));
    byId("compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /**
   * Show the draft of the current conversation.
   * @param {import("../buffer.js").Buffer | null} from the conversation that was shown before
   */
  show(from) {
    if (from) this.app.saveDraft(from, this.input.value);
    const { current } = this.app.buffers;
    this.input.value = current?.draft ?? "";
    this.input.placeholder = current ? `Message ${current.name}` : "";
    this.fit();
    this.drawReply();
    this.suggestions.close();
  }

  onInput() {
    this.fit();
    this.suggestions.update();
    this.saveDraft();
    const { value } = this.input;
    const isMessage = value && (!value.startsWith("/") || value.startsWith("//"));
    clearTimeout(this.pauseTimer);
    if (isMessage) {
      this.app.actions.type(TypingState.ACTIVE);
      this.pauseTimer = setTimeout(() => this.app.actions.type(TypingState.PAUSED), PAUSED_AFTER_MS);
    } else if (!value) {
      this.app.actions.type(TypingState.DONE);
    }
  }

  saveDraft() {
    const { current } = this.app.buffers;
    if (current) this.app.saveDraft(current, this.input.value);
  }

  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, HEIGHT_LIMIT_PX)}px`;
  }

  /** @param {KeyboardEvent} event */
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
      this.app.messageActions.focusLast();
    } else if (event.key === "Escape") {
      this.replyTo(null);
    }
  }

  /**
   * Tab completes a name if there is one to complete; else it moves the focus.
   * @param {KeyboardEvent} event
   */
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
    this.app.messages.showEnd(); // where the answer will be
    const problem = run(this.app.actions, text);
    if (problem) {
      this.app.actions.notify(problem);
      this.write(text);
    } else if (current) {
      current.draftReply = null;
      this.drawReply();
    }
  }

  /**
   * Replace the text in the field.
   * @param {string} text
   */
  write(text) {
    this.input.value = text;
    this.saveDraft();
    this.fit();
    this.suggestions.close();
  }

  /**
   * Let the message that is written reply to an entry, or to none.
   * @param {import("../entries.js").Entry | null} entry
   */
  replyTo(entry) {
    const { current } = this.app.buffers;
    if (current) current.draftReply = entry;
    this.drawReply();
    if (entry) this.focus();
  }

  drawReply() {
    const entry = this.app.buffers.current?.draftReply;
    byId("reply").hidden = !entry;
    if (entry) setText(byId("reply-text"), `Reply to ${entry.nick}: ${beginning(entry.text, 120)}`);
  }

  drawTyping() {
    const nicks = [...(this.app.buffers.current?.typing.values() ?? [])].map(({ nick }) => nick);
    setText(byId("typing"), TYPING[Math.min(nicks.length, 4)](nicks));
  }
}

/** @type {((nicks: string[]) => string)[]} */
const TYPING = [
  () => "",
  ([a]) => `${a} is typing…`,
  ([a, b]) => `${a} and ${b} are typing…`,
  ([a, b, c]) => `${a}, ${b} and ${c} are typing…`,
  () => "Several people are typing…",
];
