/** The dialogs: the first visit, joining, settings, reactions, help. */

import { COMMANDS } from "../commands.js";
import { suggestNick } from "../naming.js";
import { byId, make, setText } from "./dom.js";

const EMOJI = ["👍", "❤️", "😄", "🎉", "🙏", "👀", "✅", "🔥", "🤔", "😢", "👋", "🚀"];
const KEYS = [
  ["Enter", "send"],
  ["Shift + Enter", "a new line"],
  ["Tab", "complete a name"],
  ["↑ in an empty field", "go to the messages; ↑ ↓ move, r replies, e reacts, Del deletes, Esc goes back"],
  ["Alt + ↑ ↓", "the conversation above or below"],
  ["Ctrl + K", "join a room or person"],
];

export class Dialogs {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.reactsTo = null;
    byId("emoji").append(
      ...EMOJI.map((emoji) => make("button", { type: "submit", value: emoji, formnovalidate: true }, emoji)),
    );
    byId("help-keys").append(...KEYS.flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));
    const commands = Object.entries(COMMANDS).map(([name, { usage, help }]) => [
      make("dt", {}, `/${name} ${usage}`),
      make("dd", {}, help),
    ]);
    byId("help-commands").append(...commands.flat());
    byId("open-join").addEventListener("click", () => this.join());
    byId("open-settings").addEventListener("click", () => this.settings());
    for (const button of document.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    this.on("join", () => app.open(byId("join-name").value.trim()));
    this.on("settings", () => this.save());
    this.on("react", ({ submitter }) => app.react(this.reactsTo, submitter.value || byId("own-emoji").value.trim()));
    this.on("help", () => undefined);
  }

  on(id, action) {
    byId(id).querySelector("form").addEventListener("submit", action);
    byId(id).addEventListener("close", () => this.app.composer.focus());
  }

  /** Asks for a name until there is one. */
  welcome(done) {
    const dialog = byId("welcome");
    const input = byId("first-name");
    dialog.addEventListener("close", () => {
      const name = input.value.trim();
      if (name) done(suggestNick(name));
      else dialog.showModal();
    });
    dialog.showModal();
    input.focus();
  }

  join() {
    byId("join-name").value = "";
    byId("join").showModal();
  }

  settings() {
    const { settings, session, buffers } = this.app;
    byId("set-name").value = session.naming.current;
    byId("set-theme").value = settings.theme;
    byId("set-notifies").checked = settings.notifies;
    byId("set-typing").checked = settings.tellsTyping;
    byId("set-moves").checked = settings.showsMoves;
    const facts = session.isRegistered
      ? `Connected to ${buffers.server}; a message takes ${buffers.latencyMs} ms to the log and back.`
      : "Not connected.";
    setText(byId("connection-facts"), facts);
    byId("settings").showModal();
  }

  save() {
    this.app.change({
      name: suggestNick(byId("set-name").value.trim()),
      theme: byId("set-theme").value,
      notifies: byId("set-notifies").checked,
      tellsTyping: byId("set-typing").checked,
      showsMoves: byId("set-moves").checked,
    });
  }

  react(entry) {
    this.reactsTo = entry;
    byId("own-emoji").value = "";
    byId("react").showModal();
  }

  help() {
    byId("help").showModal();
  }
}
