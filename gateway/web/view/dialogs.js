/** The dialogs of a person who is connected: a password, settings, reactions, help. */

import { COMMANDS } from "../commands.js";
import { withEmoji } from "../emoji.js";
import { suggestNick } from "../naming.js";
import { RULE, isReaction } from "../reactions.js";
import { byId, make, setText } from "./dom.js";

const EMOJI = ["👍", "❤️", "😄", "🎉", "🙏", "👀", "✅", "🔥", "🤔", "😢", "👋", "🚀"];
const KEYS = [
  ["Enter", "send"],
  ["Shift + Enter", "new line"],
  ["Tab", "complete a name, a #room, a /command or an :emoji:"],
  ["↑ in an empty field", "go to the messages: ↑ ↓ move, r replies, e reacts, Del deletes, any other letter returns"],
  ["Ctrl + Z", "undo a deletion, within 5 seconds"],
  ["Alt + ↑ ↓", "previous or next conversation"],
  ["Ctrl + K", "find a room or a person"],
];

/** @param {string} id */
const dialog = (id) => byId(id, HTMLDialogElement);
/** @param {string} id */
const input = (id) => byId(id, HTMLInputElement);
const typedReaction = () => withEmoji(input("own-emoji").value.trim());

export class Dialogs {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {import("../entries.js").Entry | null} */
    this.reactsTo = null;
    /** @type {(password: string) => void} */
    this.onPassword = () => undefined;
    this.fill();
    byId("open-settings").addEventListener("click", () => this.settings());
    for (const button of document.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => button.closest("dialog")?.close());
    }
    this.on("settings", () => this.save());
    this.on("react", () => this.reactWith(typedReaction()));
    const ownEmoji = input("own-emoji");
    ownEmoji.addEventListener("input", () => {
      ownEmoji.setCustomValidity(!ownEmoji.value.trim() || isReaction(typedReaction()) ? "" : RULE);
    });
    this.on("help", () => undefined);
    this.on("password", () => this.onPassword(input("password-text").value));
  }

  fill() {
    byId("emoji").append(
      // No submit buttons: Enter in the field below would press the first of them.
      ...EMOJI.map((emoji) => make("button", { type: "button", onclick: () => this.reactWith(emoji) }, emoji)),
    );
    byId("help-keys").append(...KEYS.flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));
    const commands = Object.entries(COMMANDS).flatMap(([name, { usage, help }]) => [
      make("dt", {}, `/${name} ${usage}`),
      make("dd", {}, help),
    ]);
    byId("help-commands").append(...commands);
  }

  /**
   * @param {string} id
   * @param {() => void} action
   */
  on(id, action) {
    byId(id).querySelector("form")?.addEventListener("submit", action);
    byId(id).addEventListener("close", () => this.app.composer.focus());
  }

  /**
   * @param {string} title
   * @param {string} label
   * @param {string} problem
   * @param {(password: string) => void} done not called if the person cancels
   */
  password(title, label, problem, done) {
    setText(byId("password-title"), title);
    setText(byId("password-label"), label);
    setText(byId("password-problem"), problem);
    byId("password-problem").hidden = !problem;
    input("password-text").value = "";
    this.onPassword = done;
    if (!dialog("password").open) dialog("password").showModal();
  }

  settings() {
    const { settings, session, buffers } = this.app;
    input("set-name").value = session.naming.current;
    byId("set-theme", HTMLSelectElement).value = settings.theme;
    input("set-notifies").checked = settings.notifies;
    input("set-typing").checked = settings.sendsTyping;
    input("set-moves").checked = settings.showsMemberChanges;
    const latency = buffers.latencyMs === null ? "" : ` A message takes ${buffers.latencyMs} ms to arrive.`;
    const facts = session.isRegistered ? `Connected to the gateway ${buffers.server}.${latency}` : "Not connected.";
    setText(byId("connection-facts"), facts);
    dialog("settings").showModal();
  }

  save() {
    this.app.changeSettings(suggestNick(input("set-name").value.trim()), {
      theme: byId("set-theme", HTMLSelectElement).value,
      notifies: input("set-notifies").checked,
      sendsTyping: input("set-typing").checked,
      showsMemberChanges: input("set-moves").checked,
    });
  }

  /** @param {string} reaction */
  reactWith(reaction) {
    dialog("react").close();
    if (this.reactsTo) this.app.actions.react(this.reactsTo, reaction);
  }

  /** @param {import("../entries.js").Entry} entry */
  react(entry) {
    this.reactsTo = entry;
    input("own-emoji").value = "";
    input("own-emoji").setCustomValidity("");
    dialog("react").showModal();
  }

  help() {
    dialog("help").showModal();
  }
}
