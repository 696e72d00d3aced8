/**
 * The numerics of a gateway as sentences for people, and what WHOIS and LIST say as one answer each. Pure.
 *
 * @typedef {{title: string, note: string, facts: [string, string][]}} Card what is known of one person
 * @typedef {{name: string, count: number, topic: string}} ListedRoom
 */

// Answers that the page asked for itself, and ends of lists.
const SILENT = new Set("002 003 004 219 315 318 321 329 333 337 353 365 366 369 374 375 376 422 706 733".split(" "));
const COUNTS = new Set("251 252 253 254 255 265 266".split(" ")); // LUSERS, and part of every greeting
const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

const text = (...params) => params.at(-1);
const noRights = (room) => `Only operators of ${room} may do that.`;

/** Numeric -> the sentence for its parameters after the own nick; one that declares more than came is not asked. */
const SENTENCES = {
  212: (command, count) => `${command} was used ${count} times.`,
  221: (modes) => (modes === "+" ? "You have no modes." : `Your modes are ${modes}.`),
  242: text,
  251: text,
  252: (count) => `Operators of the network who are connected: ${count}.`,
  253: (count) => `Connections that are not registered yet: ${count}.`,
  254: (count) => (count === "1" ? "There is 1 room." : `There are ${count} rooms.`),
  255: text,
  256: text,
  257: text,
  258: text,
  259: text,
  263: () => "The gateway is busy. Try again in a moment.",
  265: text,
  266: text,
  301: (nick, reason) => `${nick} is away: ${reason}`,
  302: (hosts) => (hosts ? `Found: ${hosts}` : "Nobody of that name is connected."),
  303: (nicks) => (nicks.trim() ? `Connected now: ${nicks.trim().split(" ").join(", ")}.` : "Nobody of that name is connected."),
  305: () => "You are no longer shown as away.",
  306: () => "You are shown as away.",
  324: (room, modes, ...values) => `The modes of ${room} are ${[modes, ...values].join(" ")}.`,
  331: (room) => `${room} has no topic.`,
  336: (room) => `You are invited to ${room}.`,
  341: (nick, room) => `${nick} is invited to ${room}.`,
  346: (room, mask) => `${mask} may join ${room} without an invitation.`,
  347: (room) => `That is the whole invite list of ${room}.`,
  348: (room, mask) => `${mask} may join ${room} in spite of a ban.`,
  349: (room) => `That is the whole list of ban exceptions of ${room}.`,
  351: (version, server) => `${server} runs ${version}.`,
  364: (server, _via, words) => `${server}: ${words.replace(/^\d+ /, "")}`,
  367: (room, mask) => `${mask} is banned from ${room}.`,
  368: (room) => `That is the whole ban list of ${room}.`,
  371: text,
  372: text,
  381: () => "You are an operator of the network now.",
  382: () => "The gateway reads its settings again.",
  391: (server, time) => `It is ${time} at ${server}.`,
  401: (name) => (name.startsWith("#") ? `There is no room ${name}.` : `Nobody is called ${name}.`),
  402: (server) => `There is no server ${server}.`,
  403: (room) => `There is no room ${room}.`,
  404: (room) => `You may not write in ${room}.`,
  405: (room) => `You are in too many rooms to join ${room}.`,
  406: (nick) => `Nobody called ${nick} was here lately.`,
  407: () => "That is too many names at once.",
  411: () => "Say whom it is for.",
  412: () => "There is no text to send.",
  417: () => "That line is too long.",
  421: (command) => `The gateway does not know the command ${command}.`,
  423: () => "This gateway has no administrative information.",
  431: () => "Say which name.",
  432: (nick) => `${nick} cannot be a name here.`,
  433: (nick) => `The name ${nick} is taken.`,
  435: (nick, room) => `You cannot change your name to ${nick} while you are banned in ${room}.`,
  436: (nick) => `The name ${nick} is taken.`,
  437: (name) => `${name} is not available at the moment.`,
  441: (nick, room) => `${nick} is not in ${room}.`,
  442: (room) => `You are not in ${room}.`,
  443: (nick, room) => `${nick} is in ${room} already.`,
  451: () => "You are not connected yet.",
  461: (command) => `${command} needs more than that.`,
  462: () => "You are connected already.",
  464: () => "That password is wrong.",
  465: () => "You are banned from this network.",
  471: (room) => `${room} is full.`,
  472: (mode) => `There is no mode ${mode}.`,
  473: (room) => `${room} is for invited people only.`,
  474: (room) => `You are banned from ${room}.`,
  475: (room) => `${room} needs a key. Type /join ${room} KEY.`,
  476: (room) => `${room} is not a valid name for a room.`,
  478: (room) => `The list of ${room} is full.`,
  481: () => "Only operators of the network may do that.",
  482: noRights,
  483: () => "A server cannot be killed.",
  491: () => "This network has no operators.",
  501: () => "There is no such mode.",
  502: () => "You cannot change the modes of others.",
  524: (subject) => `There is no help about ${subject}.`,
  525: (room) => `That is no valid key for ${room}.`,
  670: text,
  691: text,
  696: (name, mode, value, words) => words ?? `${value} is no value for mode ${mode} of ${name}.`,
  704: text,
  705: text,
  723: () => "Your operator account does not allow that.",
  730: (people) => `Connected now: ${nicksOf(people)}.`,
  731: (people) => `Not connected: ${nicksOf(people)}.`,
  732: (people) => `You watch: ${nicksOf(people)}.`,
  734: () => "You watch as many people as you may.",
};

const nicksOf = (people) => people.split(",").map((each) => each.split("!")[0]).join(", ");

/** What a numeric tells people; null: nothing. `isGreeted`: the greeting of the connection is over. */
export function sentence({ verb, params: [, ...params] }, isGreeted = true) {
  if (SILENT.has(verb) || (COUNTS.has(verb) && !isGreeted)) return null;
  const write = SENTENCES[verb];
  if (write && params.length >= write.length) return write(...params) ?? "";
  return params.length > 1 ? `${params.slice(0, -1).join(" ")}: ${params.at(-1)}` : params.join("");
}

/** WHOIS and WHOWAS: numeric -> a fact about a person, from the parameters after their nick. */
const FACTS = {
  276: (words) => ["Certificate", words],
  301: (reason) => ["Away", reason],
  307: () => ["Account", "identified"],
  312: (server, words) => ["Gateway", words ? `${server} (${words})` : server],
  313: () => ["Role", "operator of the network"],
  317: (idle, signedOn) => ["Active", `${ago(idle)}${signedOn > 0 ? `, connected since ${moment(signedOn)}` : ""}`],
  319: (rooms) => ["Rooms", rooms.trim().replaceAll(/(^| )[@+]+/g, "$1")],
  320: (words) => ["Note", words],
  330: (account) => ["Account", account],
  335: () => ["Kind", "a bot"],
  338: (host, address = "") => ["Address", [host, address].filter((each) => /[.:@]/.test(each)).join(", ")],
  378: (words) => ["Address", words],
  379: (words) => ["Modes", words],
  671: () => ["Connection", "encrypted"],
};

function ago(seconds) {
  const idle = Number(seconds);
  if (idle < MINUTE_S) return "now";
  if (idle < HOUR_S) return `${Math.floor(idle / MINUTE_S)} min ago`;
  if (idle < DAY_S) return `${Math.floor(idle / HOUR_S)} h ago`;
  return `${Math.floor(idle / DAY_S)} days ago`;
}

const moment = (seconds) => new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Puts the lines that answer one WHOIS or LIST together. */
export class Replies {
  constructor() {
    /** @type {Card | null} */
    this.card = null;
    /** @type {ListedRoom[]} */
    this.rooms = [];
  }

  /** Takes a numeric that is a part of an answer; true if it was, and then `done(type, event)` at its end. */
  take({ verb, params: [, ...params] }, done) {
    const [name = "", ...rest] = params;
    if (verb === "311" || verb === "314") {
      const [user, host, , realname] = rest;
      const note = verb === "314" ? `was here as ${user}@${host}` : `${user}@${host}`;
      this.card = { title: name, note, facts: realname && realname !== name ? [["Name", realname]] : [] };
    } else if (this.card?.title === name && FACTS[verb]) {
      const fact = FACTS[verb](...rest);
      if (fact[1]) this.card.facts.push(fact);
    } else if (verb === "318" || verb === "369") {
      if (this.card) done("card", { card: this.card });
      this.card = null;
    } else if (verb === "321") {
      this.rooms = [];
    } else if (verb === "322") {
      this.rooms.push({ name, count: Number(rest[0]) || 0, topic: rest[1] ?? "" });
    } else if (verb === "323") {
      done("rooms", { rooms: this.rooms });
      this.rooms = [];
    } else {
      return false;
    }
    return true;
  }
}
