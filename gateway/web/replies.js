/**
 * The answers to WHOIS and LIST, collected from several lines each. Pure.
 *
 * @typedef {{title: string, note: string, facts: [string, string][]}} WhoisCard what is known about one person
 * @typedef {{name: string, count: number, topic: string}} ListedRoom
 * @typedef {import("./events.js").SessionEvent} SessionEvent
 */

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/**
 * WHOIS and WHOWAS: numeric -> a fact about a person, from the parameters after their nick.
 * @type {Record<string, (...params: string[]) => [string, string]>}
 */
const FACTS = {
  276: (words) => ["Certificate", words],
  301: (reason) => ["Away", reason],
  307: () => ["Account", "identified"],
  312: (server, words) => ["Gateway", words ? `${server} (${words})` : server],
  313: () => ["Role", "operator of the network"],
  317: (idle, signedOn) => [
    "Active",
    `${ago(idle)}${Number(signedOn) > 0 ? `, connected since ${moment(signedOn)}` : ""}`,
  ],
  319: (rooms) => ["Rooms", rooms.trim().replaceAll(/(^| )[@+]+/g, "$1")],
  320: (words) => ["Note", words],
  330: (account) => ["Account", account],
  335: () => ["Kind", "a bot"],
  338: (host, address = "") => ["Address", [host, address].filter((each) => /[.:@]/.test(each)).join(", ")],
  378: (words) => ["Address", words],
  379: (words) => ["Modes", words],
  671: () => ["Connection", "encrypted"],
};

/** @param {string} seconds */
function ago(seconds) {
  const idle = Number(seconds);
  if (idle < MINUTE_S) return "now";
  if (idle < HOUR_S) return `${Math.floor(idle / MINUTE_S)} min ago`;
  if (idle < DAY_S) return `${Math.floor(idle / HOUR_S)} h ago`;
  return `${Math.floor(idle / DAY_S)} days ago`;
}

/** @param {string} seconds since the epoch */
const moment = (seconds) =>
  new Date(Number(seconds) * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export class Replies {
  constructor() {
    /** @type {WhoisCard | null} */
    this.card = null;
    /** @type {ListedRoom[]} */
    this.rooms = [];
  }

  /**
   * Collect a numeric of an answer. Returns the event at its end, null before that, undefined for any other numeric.
   * @param {import("./irc.js").Message} message
   * @returns {SessionEvent | null | undefined}
   */
  take({ verb, params: [, ...params] }) {
    const [name = "", ...rest] = params;
    switch (verb) {
      case "311":
      case "314":
        this.card = begunCard(verb, name, rest);
        return null;
      case "318":
      case "369":
        return this.endCard();
      case "321":
        this.rooms = [];
        return null;
      case "322":
        this.rooms.push({ name, count: Number(rest[0]) || 0, topic: rest[1] ?? "" });
        return null;
      case "323":
        return { type: "RoomsListed", rooms: this.rooms.splice(0) };
    }
    if (this.card?.title !== name || !FACTS[verb]) return undefined;
    const fact = FACTS[verb](...rest);
    if (fact[1]) this.card.facts.push(fact);
    return null;
  }

  /** @returns {SessionEvent | null} */
  endCard() {
    const { card } = this;
    this.card = null;
    return card && { type: "WhoisReceived", card };
  }
}

/**
 * @param {string} verb
 * @param {string} title
 * @param {string[]} params
 * @returns {WhoisCard}
 */
function begunCard(verb, title, [user, host, , realname]) {
  const note = verb === "314" ? `was here as ${user}@${host}` : `${user}@${host}`;
  return { title, note, facts: realname && realname !== title ? [["Name", realname]] : [] };
}
