/** The dialog that finds a room or a person: a field and the list of choices (WAI-ARIA "combobox"). */

import { find } from "../finder.js";
import { hue } from "../text.js";
import { byId, initial, make, setText, targetOf } from "./dom.js";

const FRESH_MS = 10_000; // a list of rooms this old is not requested again

/** @typedef {import("../finder.js").Choice} Choice */

export class Finder {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.dialog = byId("join", HTMLDialogElement);
    this.input = byId("join-name", HTMLInputElement);
    this.list = byId("found");
    /** @type {import("../replies.js").ListedRoom[]} */
    this.listed = [];
    this.listedAt = 0;
    /** @type {Choice[]} */
    this.choices = [];
    this.selected = 0;
    this.input.addEventListener("input", () => this.find());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("click", (event) => {
      const option = targetOf(event, "li");
      if (option) this.go(this.choices[Number(option.dataset.at)]);
    });
    this.dialog.querySelector("form")?.addEventListener("submit", () => this.go(this.choices[this.selected]));
    this.dialog.addEventListener("close", () => app.composer.focus());
    byId("open-join").addEventListener("click", () => this.open());
    byId("find-room").addEventListener("click", () => this.open());
  }

  open(text = "") {
    this.input.value = text;
    this.dialog.showModal();
    this.input.focus();
    this.find();
    if (!this.app.session.isRegistered || Date.now() - this.listedAt < FRESH_MS) return;
    this.app.actions.command("LIST", []);
  }

  /**
   * Take the public rooms of the network.
   * @param {import("../replies.js").ListedRoom[]} rooms
   */
  take(rooms) {
    this.listed = rooms;
    this.listedAt = Date.now();
    if (this.dialog.open) this.find();
  }

  find() {
    const { buffers } = this.app;
    const open = [...buffers.byKey.values()];
    const people = new Set(open.flatMap(({ roster }) => roster.sorted().map(({ nick }) => nick)));
    people.delete(buffers.nick);
    this.choices = find(this.input.value, this.listed, open, [...people]);
    this.selected = 0;
    this.draw();
  }

  draw() {
    const options = this.choices.map((choice, at) => this.option(choice, at));
    this.list.replaceChildren(...options);
    this.input.setAttribute("aria-activedescendant", options.length ? `found-${this.selected}` : "");
    options[this.selected]?.scrollIntoView({ block: "nearest" });
    const count = this.listed.length;
    const rooms = count ? `${count} public ${count === 1 ? "room" : "rooms"} on this network` : "";
    setText(byId("found-note"), options.length ? rooms : "Nothing found.");
    const chosen = this.choices[this.selected];
    byId("join-go", HTMLButtonElement).disabled = !chosen;
    setText(byId("join-go"), chosen ? verb(chosen) : "Join");
  }

  /**
   * @param {Choice} choice
   * @param {number} at
   */
  option(choice, at) {
    const { name, isRoom, count } = choice;
    const sign = isRoom
      ? make("span.sign", { "aria-hidden": "true" }, "#")
      : make(`span.tile.hue-${hue(name)}`, { "aria-hidden": "true" }, initial(name));
    const isSelected = String(at === this.selected);
    return make(
      "li",
      { id: `found-${at}`, role: "option", "data-at": String(at), "aria-selected": isSelected },
      sign,
      make(
        "div.found-text",
        {},
        make("bdi", {}, isRoom ? name.slice(1) : name),
        make("p", { dir: "auto" }, about(choice)),
      ),
      make("span.found-facts", {}, count ? people(count) : verb(choice)),
    );
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const { length } = this.choices;
    if (length) this.selected = (this.selected + (event.key === "ArrowDown" ? 1 : length - 1)) % length;
    this.draw();
  }

  /** @param {Choice | undefined} choice */
  go(choice) {
    this.dialog.close();
    if (!choice) return;
    this.app.actions.enter(choice.name);
    if (!choice.isRoom && !choice.isKnown) this.app.actions.command("ISON", [choice.name]);
  }
}

/** @param {number} count */
const people = (count) => `${count} ${count === 1 ? "person" : "people"}`;

/** @param {Choice} choice */
function verb({ isRoom, isOpen }) {
  if (isOpen) return "Go there";
  return isRoom ? "Join" : "Talk";
}

/** @param {Choice} choice */
function about({ isRoom, isKnown, topic }) {
  if (isKnown) return topic;
  return isRoom
    ? "No public room has this name. If there is none, it is created."
    : "Nobody with this name is in your rooms.";
}
