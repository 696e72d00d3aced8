/** The members of the current room. */

import { hue } from "../text.js";
import { byId, initial, make, setText, targetOf } from "./dom.js";

const SHOWN_LIMIT = 400;
/** @type {Record<string, string>} */
const RANKS = { o: "operator", v: "has a voice" };

export class Members {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.list = byId("member-list");
    this.list.addEventListener("click", (event) => {
      const nick = targetOf(event, "button[data-nick]")?.dataset.nick;
      if (nick) app.actions.query(nick, "");
    });
  }

  draw() {
    const buffer = this.app.buffers.current;
    byId("app").classList.toggle("direct", !buffer?.isRoom);
    const members = buffer?.roster.sorted() ?? [];
    setText(byId("member-count"), String(members.length));
    setText(byId("members-title"), `${members.length} ${members.length === 1 ? "member" : "members"}`);
    const items = members.slice(0, SHOWN_LIMIT).map((member) => this.item(member));
    if (members.length > SHOWN_LIMIT) items.push(make("li.rest", {}, `and ${members.length - SHOWN_LIMIT} more`));
    this.list.replaceChildren(...items);
  }

  /** @param {import("../roster.js").Member} member */
  item({ nick, modes, isAway }) {
    const rank = RANKS[modes[0]];
    const words = [rank, isAway && "away"].filter(Boolean).map((word) => `, ${word}`);
    return make(
      "li",
      {},
      make(
        `button.member${isAway ? ".away" : ""}`,
        { type: "button", "data-nick": nick, title: `Message ${nick}${words.join("")}` },
        make(`span.tile.hue-${hue(nick)}`, { "aria-hidden": "true" }, initial(nick)),
        make("bdi.label", {}, nick),
        ...(rank ? [make("span.rank", { "aria-hidden": "true" }, rank === "operator" ? "op" : "voice")] : []),
        make("span.visually-hidden", {}, words.join("")),
      ),
    );
  }
}
