/** The members of the current room. */

import { hue } from "../text.js";
import { byId, initial, make, setText } from "./dom.js";

const SHOWN_LIMIT = 400;
const RANKS = { o: "operator", v: "has a voice" };

export class PeopleView {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.list = byId("member-list");
    this.list.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-nick]");
      if (button) app.talkTo(button.dataset.nick, "");
    });
  }

  draw() {
    const buffer = this.app.buffers.current;
    byId("app").classList.toggle("direct", !buffer?.isRoom);
    const members = buffer?.members.sorted() ?? [];
    setText(byId("member-count"), String(members.length));
    setText(byId("members-title"), `${members.length} ${members.length === 1 ? "member" : "members"}`);
    const items = members.slice(0, SHOWN_LIMIT).map((member) => this.item(member));
    if (members.length > SHOWN_LIMIT) items.push(make("li.rest", {}, `and ${members.length - SHOWN_LIMIT} more`));
    this.list.replaceChildren(...items);
  }

  item({ nick, modes, isAway }) {
    const rank = RANKS[modes[0]];
    const words = [rank, isAway && "away"].filter(Boolean).map((word) => `, ${word}`);
    return make(
      "li",
      {},
      make(
        `button.member${isAway ? ".away" : ""}`,
        { type: "button", "data-nick": nick, title: `Talk to ${nick}${words.join("")}` },
        make(`span.tile.hue-${hue(nick)}`, { "aria-hidden": "true" }, initial(nick)),
        make("bdi.label", {}, nick),
        ...(rank ? [make("span.rank", { "aria-hidden": "true" }, rank === "operator" ? "op" : "voice")] : []),
        make("span.unseen", {}, words.join("")),
      ),
    );
  }
}
