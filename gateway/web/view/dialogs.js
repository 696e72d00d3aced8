/** The dialogs: the first visit, joining, settings, reactions, help. */

import { COMMANDS } from "../commands.js";
import { withEmoji } from "../emoji.js";
import { suggestNick } from "../naming.js";
import { RULE, isReaction } from "../reactions.js";
import { freeName } from "../tabs.js";
import { byId, make, setText } from "./dom.js";

const EMOJI = ["👍", "❤️", "😄", "🎉", "🙏", "👀", "✅", "🔥", "🤔", "😢", "👋", "🚀"];
const KEYS = [
  ["Enter", "send"],
  ["Shift + Enter", "a new line"],
  ["Tab", "complete a name, a #room, a /command or an :emoji:"],
  ["↑ in an empty field", "go to the messages; ↑ ↓ move, r replies, e reacts, Del deletes, any other letter goes back"],
  ["Ctrl + Z", "take a deletion back, within 5 seconds"],
  ["Alt + ↑ ↓", "the conversation above or below"],
  ["Ctrl + K", "find a room or a person"],
];

const ownReaction = () => withEmoji(byId("own-emoji").value.trim());

export class Dialogs {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.reactsTo = null;
    byId("emoji").append(
      // No submit buttons: Enter in the field below would press the first of them.
      ...EMOJI.map((emoji) => make("button", { type: "button", onclick: () => this.reactWith(emoji) }, emoji)),
    );
    byId("help-keys").append(...KEYS.flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));
    const commands = Object.entries(COMMANDS).map(([name, { usage, help }]) => [
      make("dt", {}, `/${name} ${usage}`),
      make("dd", {}, help),
    ]);
    byId("help-commands").append(...commands.flat());
    byId("open-settings").addEventListener("click", () => this.settings());
    for (const button of document.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    this.on("settings", () => this.save());
    this.on("react", () => this.reactWith(ownReaction()));
    byId("own-emoji").addEventListener("input", ({ target }) => {
      target.setCustomValidity(!target.value.trim() || isReaction(ownReaction()) ? "" : RULE);
    });
    this.on("help", () => undefined);
    this.on("password", () => this.onPassword(byId("password-text").value));
    this.onPassword = (_password) => undefined;
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

  /** Says that another tab of this browser has the name, and asks for one for this tab. */
  anotherTab(name, taken, done) {
    const input = byId("tab-name");
    setText(byId("tab-text"), `You are talking there as ${name}. Close this tab, or take another name to talk here too.`);
    input.value = freeName(name, taken);
    byId("tab").addEventListener("close", () => {
      const chosen = suggestNick(input.value.trim());
      if (taken.has(chosen)) byId("tab").showModal();
      else done(chosen);
    });
    byId("tab").addEventListener("cancel", (event) => event.preventDefault());
    byId("tab").showModal();
    input.select();
  }

  /** @param {(password: string) => void} done not called where the person cancels */
  password(title, label, problem, done) {
    setText(byId("password-title"), title);
    setText(byId("password-label"), label);
    setText(byId("password-problem"), problem);
    byId("password-problem").hidden = !problem;
    byId("password-text").value = "";
    this.onPassword = done;
    if (!byId("password").open) byId("password").showModal();
  }

  settings() {
    const { settings, session, buffers } = this.app;
    byId("set-name").value = session.naming.current;
    byId("set-theme").value = settings.theme;
    byId("set-notifies").checked = settings.notifies;
    byId("set-typing").checked = settings.tellsTyping;
    byId("set-moves").checked = settings.showsMoves;
    const facts = session.isRegistered
      ? `Connected to the gateway ${buffers.server}. A message takes ${buffers.latencyMs} ms to arrive.`
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

  reactWith(emoji) {
    byId("react").close();
    this.app.react(this.reactsTo, emoji);
  }

  react(entry) {
    this.reactsTo = entry;
    byId("own-emoji").value = "";
    byId("own-emoji").setCustomValidity("");
    byId("react").showModal();
  }

  help() {
    byId("help").showModal();
  }
}
