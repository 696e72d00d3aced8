/** The URL of the page: the gateway that serves it, and the conversations in its fragment. */

import { isRoom } from "./irc.js";

/** The WebSocket of the gateway that served this page. */
export function socketUrl() {
  const url = new URL("./", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}

/**
 * The conversations in a fragment: "#lobby,dev", or "#@alice". A fragment that cannot be decoded has none.
 * @param {string} fragment
 */
export function conversationsIn(fragment) {
  const words = decoded(fragment.replace(/^#/, "")).split(",").filter(Boolean);
  return words.map((word) => (word.startsWith("@") ? word.slice(1) : isRoom(word) ? word : `#${word}`));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // as "%E0%A4%A"
  }
}

/**
 * The fragment of a conversation. A room whose name begins with "##" or "#@" keeps its sign, as the rest would be
 * another room, or a person.
 * @param {string} name
 */
export function fragmentOf(name) {
  const word = isRoom(name) ? name.replace(/^#(?![#@])/, "") : `@${name}`;
  return `#${encodeURIComponent(word)}`;
}
