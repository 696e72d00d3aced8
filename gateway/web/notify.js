/** Notifications of the desktop (the Notifications API): asked for on a click only, shown while nobody looks. */

import { beginning } from "./text.js";

const SHOWN_CHARACTERS = 200;

/** Whether they are allowed now, asking where nobody has answered yet. */
export async function askToNotify() {
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission()) === "granted";
}

/** @param {() => void} onClick */
export function notify(title, text, onClick) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const notification = new Notification(title, {
      body: beginning(text, SHOWN_CHARACTERS),
      tag: title,
      icon: "icon.svg",
    });
    notification.onclick = () => {
      window.focus();
      notification.close();
      onClick();
    };
  } catch {
    // Some phones have the name, and allow it to service workers alone.
  }
}
