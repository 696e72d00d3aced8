/** The lists at the sides: columns that can be hidden, and drawers on a narrow screen. */

import { byId } from "./dom.js";

const NARROW = matchMedia("(max-width: 900px)"); // as in app.css

export class Drawers {
  constructor() {
    byId("toggle-side").addEventListener("click", () => this.toggle("side"));
    byId("toggle-members").addEventListener("click", () => this.toggle("members"));
    byId("backdrop").addEventListener("click", () => this.close());
  }

  /** @param {"side" | "members"} id */
  toggle(id) {
    const isOn = byId("app").classList.toggle(`${id}-toggled`);
    byId(`toggle-${id}`).setAttribute("aria-expanded", String(NARROW.matches ? isOn : !isOn));
    byId("backdrop").hidden = !(isOn && NARROW.matches);
    if (isOn && NARROW.matches) byId(id).querySelector("button")?.focus();
  }

  close() {
    if (!NARROW.matches) return;
    byId("app").classList.remove("side-toggled", "members-toggled");
    byId("toggle-side").setAttribute("aria-expanded", "false");
    byId("toggle-members").setAttribute("aria-expanded", "false");
    byId("backdrop").hidden = true;
  }
}
