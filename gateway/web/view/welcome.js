/** The dialogs before the first connection: they ask for a name. */

import { suggestNick } from "../naming.js";
import { freeName } from "../tabs.js";
import { byId, setText } from "./dom.js";

/**
 * Ask for a name on the first visit.
 * @returns {Promise<string>}
 */
export function askForName() {
  const dialog = byId("welcome", HTMLDialogElement);
  const input = byId("first-name", HTMLInputElement);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const name = input.value.trim();
      if (name) resolve(suggestNick(name));
      else dialog.showModal();
    });
    dialog.showModal();
    input.focus();
  });
}

/**
 * Another tab of this browser has the name: ask for one for this tab.
 * @param {string} name
 * @param {Set<string>} taken the names of the other tabs
 * @returns {Promise<string>}
 */
export function askForOtherName(name, taken) {
  const dialog = byId("tab", HTMLDialogElement);
  const input = byId("tab-name", HTMLInputElement);
  setText(byId("tab-text"), `You are ${name} there. Close this tab, or choose another name to chat here too.`);
  input.value = freeName(name, taken);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const chosen = suggestNick(input.value.trim());
      if (taken.has(chosen)) dialog.showModal();
      else resolve(chosen);
    });
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
    input.select();
  });
}
