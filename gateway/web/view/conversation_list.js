/** The list of conversations, and our own name and gateway. */

import { hue } from "../text.js";
import { byId, focused, initial, make, setText, targetOf } from "./dom.js";

/** @typedef {import("../buffer.js").Buffer} Buffer */

export class ConversationList {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.list = byId("conversations");
    this.list.addEventListener("click", (event) => {
      const key = targetOf(event, "button[data-conversation]")?.dataset.conversation;
      if (key) app.show(key);
    });
    this.list.addEventListener("keydown", (event) => this.onKey(event));
  }

  draw() {
    const all = [...this.app.buffers.byKey.values()];
    const key = focused()?.dataset.conversation;
    const rooms = all.filter(({ isRoom }) => isRoom);
    const people = all.filter(({ isRoom }) => !isRoom);
    this.list.replaceChildren(...this.group("Rooms", rooms), ...this.group("People", people));
    if (key !== undefined) this.buttons.find(({ dataset }) => dataset.conversation === key)?.focus();
    this.drawCount();
  }

  get buttons() {
    return [...this.list.querySelectorAll("button")];
  }

  /**
   * @param {string} title
   * @param {Buffer[]} buffers
   */
  group(title, buffers) {
    if (!buffers.length) return [];
    return [make("h2", {}, title), make("ul", { "aria-label": title }, ...buffers.map((buffer) => this.item(buffer)))];
  }

  /** @param {Buffer} buffer */
  item(buffer) {
    const isCurrent = buffer === this.app.buffers.current;
    const classes = ["button", "conversation"];
    if (isCurrent) classes.push("current");
    if (buffer.unread) classes.push("unread");
    if (!buffer.isJoined) classes.push("not-joined");
    const properties = { type: "button", "data-conversation": buffer.key, "aria-current": isCurrent ? "page" : null };
    const sign = buffer.isRoom
      ? make("span.sign", { "aria-hidden": "true" }, "#")
      : make(`span.tile.hue-${hue(buffer.name)}`, { "aria-hidden": "true" }, initial(buffer.name));
    const name = make("bdi.label", {}, buffer.isRoom ? buffer.name.slice(1) : buffer.name);
    return make("li", {}, make(classes.join("."), properties, sign, name, ...badge(buffer)));
  }

  drawCount() {
    const { mentions, unread } = this.app.buffers;
    const count = byId("side-count");
    count.hidden = !unread;
    count.classList.toggle("strong", mentions > 0);
    setText(count, mentions ? String(mentions) : "•");
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const { buttons } = this;
    const at = buttons.findIndex((button) => button === focused()) + (event.key === "ArrowDown" ? 1 : -1);
    buttons.at(at % buttons.length)?.focus();
    event.preventDefault();
  }
}

/** @param {Buffer} buffer */
function badge({ unread, mentions, isRoom }) {
  if (!unread) return [];
  const mentioned = isRoom && mentions ? `${mentions} ${mentions === 1 ? "mention" : "mentions"}, ` : "";
  const shown = mentions || unread;
  return [
    make(`span.badge${mentions ? ".strong" : ""}`, { "aria-hidden": "true" }, shown > 99 ? "99+" : String(shown)),
    make("span.visually-hidden", {}, `, ${mentioned}${unread} unread`),
  ];
}
