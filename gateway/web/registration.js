/**
 * The first exchange on a connection: which capabilities to use (IRCv3 capability-negotiation). Pure; each method gives
 * the lines to send next.
 */

import { format } from "./irc.js";

const WANTED = [
  "away-notify",
  "batch",
  "cap-notify",
  "draft/chathistory",
  "draft/event-playback",
  "draft/message-redaction",
  "draft/multiline",
  "draft/read-marker",
  "echo-message",
  "labeled-response",
  "message-tags",
  "multi-prefix",
  "server-time",
  "standard-replies",
];

export class Registration {
  constructor() {
    this.agreed = new Set();
    /** @type {Map<string, string>} */
    this.offered = new Map();
    this.isOpen = true; // CAP END is not sent yet
  }

  /** Whether missed messages can be fetched, and where they end can be told. */
  get hasHistory() {
    return ["draft/chathistory", "batch", "server-time"].every((name) => this.agreed.has(name));
  }

  /** What a message of several lines may hold (IRCv3 multiline); null where it is not to be had. */
  get multiline() {
    if (!this.agreed.has("draft/multiline") || !this.agreed.has("batch")) return null;
    const limits = new Map((this.offered.get("draft/multiline") ?? "").split(",").map((token) => token.split("=")));
    return { bytes: Number(limits.get("max-bytes")) || 4096, lines: Number(limits.get("max-lines")) || 100 };
  }

  begin(nick, user, password = "") {
    const pass = password ? [format("PASS", [password])] : [];
    return [format("CAP", ["LS", "302"]), ...pass, format("NICK", [nick]), format("USER", [user, "0", "*", nick])];
  }

  handle(subcommand, params) {
    const words = (params.at(-1) ?? "").split(" ").filter(Boolean);
    switch (subcommand) {
      case "LS":
      case "NEW": {
        for (const [name, ...value] of words.map((word) => word.split("="))) this.offered.set(name, value.join("="));
        const isUnfinished = params[0] === "*" && params.length > 1;
        return isUnfinished ? [] : this.request();
      }
      case "DEL":
        for (const name of words) this.agreed.delete(name);
        return [];
      case "ACK":
        for (const name of words) this.agreed.add(name);
        return this.end();
      case "NAK":
        return this.end();
    }
    return [];
  }

  request() {
    const usable = WANTED.filter((name) => this.offered.has(name) && !this.agreed.has(name));
    return usable.length ? [format("CAP", ["REQ", usable.join(" ")])] : this.end();
  }

  end() {
    const wasOpen = this.isOpen;
    this.isOpen = false;
    return wasOpen ? [format("CAP", ["END"])] : [];
  }
}
