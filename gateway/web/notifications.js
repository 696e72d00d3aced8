/** Desktop notifications (Notifications API): permission is requested on a click only, they are shown without focus. */

import { beginning } from "./text.js";

const SHOWN_CHARACTERS = 200;

/** Request permission if the person has not decided yet; returns whether there is one. */
export async function askToNotify() {
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission()) === "granted";
}

/**
 * @param {string} title
 * @param {string} text
 * @param {() => void} onClick
 */
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
    // Some phones have the API, but only for service workers.
  }
}
