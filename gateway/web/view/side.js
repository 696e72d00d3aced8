/** The list of conversations, and who and where we are. */

import { hue } from "../text.js";
import { byId, initial, make, setText } from "./dom.js";

export class SideView {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.places = byId("places");
    this.places.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-place]");
      if (button) app.show(button.dataset.place);
    });
    this.places.addEventListener("keydown", (event) => this.onKey(event));
  }

  draw() {
    const all = [...this.app.buffers.byKey.values()];
    const focused = document.activeElement?.dataset.place;
    this.places.replaceChildren(
      ...this.group(
        "Rooms",
        all.filter(({ isRoom }) => isRoom),
      ),
      ...this.group(
        "People",
        all.filter(({ isRoom }) => !isRoom),
      ),
    );
    if (focused !== undefined) this.places.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
    this.drawCount();
  }

  group(title, buffers) {
    if (!buffers.length) return [];
    return [make("h2", {}, title), make("ul", { "aria-label": title }, ...buffers.map((buffer) => this.item(buffer)))];
  }

  item(buffer) {
    const isCurrent = buffer === this.app.buffers.current;
    const classes = [isCurrent && "current", buffer.unread && "unread", !buffer.isJoined && "outside"].filter(Boolean);
    const properties = { type: "button", "data-place": buffer.key, "aria-current": isCurrent ? "page" : null };
    const sign = buffer.isRoom
      ? make("span.sign", { "aria-hidden": "true" }, "#")
      : make(`span.tile.hue-${hue(buffer.name)}`, { "aria-hidden": "true" }, initial(buffer.name));
    const name = make("bdi.label", {}, buffer.isRoom ? buffer.name.slice(1) : buffer.name);
    return make("li", {}, make(["button", "place", ...classes].join("."), properties, sign, name, ...badge(buffer)));
  }

  drawCount() {
    const { mentions, unread } = this.app.buffers;
    const count = byId("side-count");
    count.hidden = !unread;
    count.classList.toggle("strong", mentions > 0);
    setText(count, mentions ? String(mentions) : "•");
  }

  onKey(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const buttons = [...this.places.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    buttons.at(at % buttons.length)?.focus();
    event.preventDefault();
  }
}

function badge({ unread, mentions, isRoom }) {
  if (!unread) return [];
  const words = isRoom && mentions ? `${mentions} ${mentions === 1 ? "mention" : "mentions"}, ${unread} unread` : `${unread} unread`;
  const shown = mentions || unread;
  return [
    make(`span.badge${mentions ? ".strong" : ""}`, { "aria-hidden": "true" }, shown > 99 ? "99+" : String(shown)),
    make("span.unseen", {}, `, ${words}`),
  ];
}
