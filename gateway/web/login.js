/**
 * The login on one connection, and the capabilities that it has (IRCv3 capability-negotiation). Pure; each method
 * returns the lines to send next.
 */

import { CAPABILITIES } from "./capabilities.js";
import { parseLimits } from "./composing.js";
import { format } from "./irc.js";

const HISTORY_NEEDS = ["draft/chathistory", "batch", "server-time"];

export class Login {
  constructor() {
    /** @type {Set<string>} */
    this.agreed = new Set();
    /** @type {Map<string, string>} with their values */
    this.offered = new Map();
    this.isOpen = true; // CAP END is not sent yet
  }

  get hasEcho() {
    return this.agreed.has("echo-message");
  }

  /** Whether missed messages can be requested, and a page of them has an end. */
  get hasHistory() {
    return HISTORY_NEEDS.every((name) => this.agreed.has(name));
  }

  /** The limits of a message of several lines (IRCv3 multiline); null if the gateway accepts none. */
  get batchLimits() {
    if (!this.agreed.has("draft/multiline") || !this.agreed.has("batch")) return null;
    return parseLimits(this.offered.get("draft/multiline") ?? "");
  }

  /**
   * @param {string} nick
   * @param {string} user
   */
  begin(nick, user, password = "") {
    const pass = password ? [format("PASS", [password])] : [];
    return [format("CAP", ["LS", "302"]), ...pass, format("NICK", [nick]), format("USER", [user, "0", "*", nick])];
  }

  /**
   * Handle a CAP line.
   * @param {string} subcommand
   * @param {string[]} params those after the subcommand
   * @returns {string[]}
   */
  handle(subcommand, params) {
    const words = (params.at(-1) ?? "").split(" ").filter(Boolean);
    switch (subcommand) {
      case "LS": {
        const isUnfinished = params[0] === "*" && params.length > 1;
        this.offer(words);
        return isUnfinished ? [] : this.request([...this.offered.keys()]);
      }
      case "NEW":
        return this.request(this.offer(words));
      case "DEL":
        for (const name of words) this.agreed.delete(name);
        return [];
      case "ACK":
        for (const name of words) {
          if (name.startsWith("-")) this.agreed.delete(name.slice(1));
          else this.agreed.add(name);
        }
        return this.end();
      case "NAK":
        return this.end();
    }
    return [];
  }

  /** @param {string[]} words */
  offer(words) {
    return words.map((word) => {
      const [name, ...value] = word.split("=");
      this.offered.set(name, value.join("="));
      return name;
    });
  }

  /** @param {string[]} offered */
  request(offered) {
    const usable = CAPABILITIES.filter((name) => offered.includes(name) && !this.agreed.has(name));
    return usable.length ? [format("CAP", ["REQ", usable.join(" ")])] : this.end();
  }

  end() {
    const wasOpen = this.isOpen;
    this.isOpen = false;
    return wasOpen ? [format("CAP", ["END"])] : [];
  }
}
