/** The list of suggestions for a word that is typed: commands, names, rooms, emoji (WAI-ARIA "combobox"). */

import { COMMANDS } from "../commands.js";
import { emojiLike } from "../emoji.js";
import { casefold } from "../irc.js";
import { byId, make, targetOf } from "./dom.js";

/** @typedef {{text: string, end: string, help: string}} Suggestion `end` follows the text when it is accepted */

const SHOWN_LIMIT = 8;

export class Suggestions {
  /**
   * @param {import("../main.js").App} app
   * @param {HTMLTextAreaElement} input
   */
  constructor(app, input) {
    this.app = app;
    this.input = input;
    this.list = byId("suggestions");
    /** @type {Suggestion[]} */
    this.found = [];
    this.selected = 0;
    this.start = 0; // of the word in the field
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the input keeps the focus
      const option = targetOf(event, "li");
      if (option) this.accept(Number(option.dataset.at));
    });
  }

  get isOpen() {
    return this.found.length > 0;
  }

  /** Find suggestions for the word before the caret; `asked`: also for one without a sign at its beginning. */
  update(asked = false) {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const [word] = before.match(/\S*$/) ?? [""];
    this.start = before.length - word.length;
    this.found = this.find(word, before, asked).slice(0, SHOWN_LIMIT);
    this.selected = 0;
    this.draw();
  }

  /**
   * @param {string} word
   * @param {string} before the text up to the caret
   * @param {boolean} asked
   * @returns {Suggestion[]}
   */
  find(word, before, asked) {
    if (/^\/\w*$/.test(before)) return commands(word.slice(1));
    const command = before.match(/^\/(\w+) +\S*$/);
    if (command && COMMANDS[command[1]]) return asked ? this.names(word, "") : [];
    if (word.startsWith("@") && word.length > 1) return this.names(word.slice(1), this.start ? " " : ": ");
    if (/^:[a-z+-]./i.test(word)) return emoji(word.slice(1));
    if (word.startsWith("#")) return this.rooms(word);
    return asked && word ? this.names(word, this.start ? " " : ": ") : [];
  }

  /**
   * @param {string} start
   * @param {string} end
   */
  names(start, end) {
    const { current } = this.app.buffers;
    if (!current) return [];
    const names = current.isRoom
      ? current.roster.beginningWith(start)
      : [current.name].filter((name) => casefold(name).startsWith(casefold(start)));
    return names.map((nick) => ({ text: nick, end, help: "" }));
  }

  /** @param {string} start */
  rooms(start) {
    const rooms = [...this.app.buffers.byKey.values()].filter(
      ({ isRoom, key }) => isRoom && key.startsWith(casefold(start)) && key !== casefold(start),
    );
    return rooms.map(({ name }) => ({ text: name, end: " ", help: "" }));
  }

  draw() {
    this.list.hidden = !this.isOpen;
    this.input.setAttribute("aria-expanded", String(this.isOpen));
    if (this.isOpen) this.input.setAttribute("aria-activedescendant", `suggestion-${this.selected}`);
    else this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(
      ...this.found.map(({ text, help }, at) =>
        make(
          "li",
          {
            id: `suggestion-${at}`,
            role: "option",
            "data-at": String(at),
            "aria-selected": String(at === this.selected),
          },
          make("bdi", {}, text),
          ...(help ? [make("span", {}, help)] : []),
        ),
      ),
    );
  }

  /**
   * Handle a key; false if it is not for the list.
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    if (!this.isOpen) return false;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        const step = event.key === "ArrowDown" ? 1 : this.found.length - 1;
        this.selected = (this.selected + step) % this.found.length;
        this.draw();
        return true;
      }
      case "Enter":
      case "Tab":
        this.accept(this.selected);
        return true;
      case "Escape":
        this.close();
        return true;
    }
    return false;
  }

  /** @param {number} at */
  accept(at) {
    const { text, end } = this.found[at];
    this.input.setRangeText(text + end, this.start, this.input.selectionStart, "end");
    this.close();
    this.input.dispatchEvent(new Event("input"));
  }

  close() {
    this.found = [];
    this.draw();
  }
}

/** @param {string} start */
function emoji(start) {
  return emojiLike(start.replace(/:$/, "")).map(([name, text]) => ({ text, end: " ", help: `:${name}:` }));
}

/** @param {string} start */
function commands(start) {
  return Object.entries(COMMANDS)
    .filter(([name]) => name.startsWith(start.toLowerCase()) && name !== start.toLowerCase())
    .map(([name, { usage, help }]) => ({ text: `/${name}`, end: " ", help: usage ? `${usage} · ${help}` : help }));
}
