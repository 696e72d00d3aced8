/** What is around the messages: keys that hold everywhere, and the lists at the sides, which are drawers on a phone. */

import { byId } from "./dom.js";

const NARROW = matchMedia("(max-width: 900px)"); // as in app.css

export class Frame {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
  }

  listen() {
    addEventListener("keydown", (event) => this.onKey(event));
    byId("toggle-side").addEventListener("click", () => this.toggle("side"));
    byId("toggle-members").addEventListener("click", () => this.toggle("members"));
    byId("veil").addEventListener("click", () => this.closeDrawers());
  }

  onKey(event) {
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.step(event.key === "ArrowDown" ? 1 : -1);
    } else if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) this.app.finder.open();
    } else if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.value) {
      this.app.undoRedactions();
    } else if (event.key === "Escape") {
      this.closeDrawers();
    } else if (isTyping(event)) {
      this.app.composer.focus(); // which the letter then goes to
    }
  }

  /** Goes to the conversation above or below. */
  step(by) {
    const { byKey, current } = this.app.buffers;
    const all = [...byKey.values()];
    const ordered = [...all.filter((buffer) => buffer.isRoom), ...all.filter((buffer) => !buffer.isRoom)];
    const at = ordered.indexOf(current) + by + ordered.length;
    if (current) this.app.show(ordered[at % ordered.length].key);
  }

  toggle(id) {
    const isOn = byId("app").classList.toggle(`${id}-toggled`);
    byId(`toggle-${id}`).setAttribute("aria-expanded", String(NARROW.matches ? isOn : !isOn));
    byId("veil").hidden = !(isOn && NARROW.matches);
    if (isOn && NARROW.matches) byId(id).querySelector("button")?.focus();
  }

  closeDrawers() {
    if (!NARROW.matches) return;
    byId("app").classList.remove("side-toggled", "members-toggled");
    byId("toggle-side").setAttribute("aria-expanded", "false");
    byId("toggle-members").setAttribute("aria-expanded", "false");
    byId("veil").hidden = true;
  }
}

/** Shows the chosen colours, the system's where that is "auto"; a browser's own bars follow. */
export function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    const { scheme } = meta.dataset;
    meta.media = theme === "auto" ? `(prefers-color-scheme: ${scheme})` : scheme === theme ? "all" : "not all";
  }
}

/** Whether a key is a letter that nothing else is meant for. */
function isTyping({ key, target, defaultPrevented, ctrlKey, metaKey, altKey }) {
  if (defaultPrevented || ctrlKey || metaKey || altKey || [...key].length !== 1) return false;
  const isButton = key === " " && target.closest("button, a, summary");
  return !isButton && !target.closest("input, textarea, select, dialog") && !document.querySelector("dialog[open]");
}
