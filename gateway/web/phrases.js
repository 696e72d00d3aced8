/** The numerics of a gateway as sentences for people. Pure. */

// Answers to requests of the page itself, and ends of lists.
const SILENT = new Set("002 003 004 219 315 318 321 329 333 337 353 365 366 369 374 375 376 422 706 733".split(" "));
const COUNTS = new Set("251 252 253 254 255 265 266".split(" ")); // LUSERS, and part of every greeting

/** @param {string[]} params */
const text = (...params) => params.at(-1) ?? "";

/**
 * Numeric -> the sentence for its parameters after our nick. It is used only if the line has all the parameters that
 * the function declares.
 * @type {Record<string, (...params: string[]) => string>}
 */
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
  302: (hosts) => (hosts ? `Found: ${hosts}` : "Nobody with that name is connected."),
  303: (nicks) =>
    nicks.trim() ? `Connected now: ${nicks.trim().split(" ").join(", ")}.` : "Nobody with that name is connected.",
  305: () => "You are no longer shown as away.",
  306: () => "You are shown as away.",
  324: (room, modes, ...values) => `The modes of ${room} are ${[modes, ...values].join(" ")}.`,
  331: (room) => `${room} has no topic.`,
  336: (room) => `You are invited to ${room}.`,
  341: (nick, room) => `${nick} is invited to ${room}.`,
  346: (room, mask) => `${mask} may join ${room} without an invitation.`,
  347: (room) => `That is the whole invite list of ${room}.`,
  348: (room, mask) => `${mask} may join ${room} despite a ban.`,
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
  406: (nick) => `Nobody called ${nick} was here recently.`,
  407: () => "That is too many names at once.",
  411: () => "The command needs a recipient.",
  412: () => "There is no text to send.",
  417: () => "That line is too long.",
  421: (command) => `The gateway does not know the command ${command}.`,
  423: () => "This gateway has no administrative information.",
  431: () => "The command needs a name.",
  432: (nick) => `${nick} cannot be a name here.`,
  433: (nick) => `The name ${nick} is taken.`,
  435: (nick, room) => `You cannot change your name to ${nick} while you are banned in ${room}.`,
  436: (nick) => `The name ${nick} is taken.`,
  437: (name) => `${name} is not available at the moment.`,
  441: (nick, room) => `${nick} is not in ${room}.`,
  442: (room) => `You are not in ${room}.`,
  443: (nick, room) => `${nick} is already in ${room}.`,
  451: () => "You are not connected yet.",
  461: (command) => `${command} needs more parameters.`,
  462: () => "You are already connected.",
  464: () => "That password is wrong.",
  465: () => "You are banned from this network.",
  471: (room) => `${room} is full.`,
  472: (mode) => `There is no mode ${mode}.`,
  473: (room) => `Only invited people can join ${room}.`,
  474: (room) => `You are banned from ${room}.`,
  475: (room) => `${room} needs a key: /join ${room} KEY.`,
  476: (room) => `${room} is not a valid room name.`,
  478: (room) => `The list of ${room} is full.`,
  481: () => "Only operators of the network may do that.",
  482: (room) => `Only operators of ${room} may do that.`,
  483: () => "A server cannot be killed.",
  491: () => "This network has no operators.",
  501: () => "There is no such mode.",
  502: () => "You cannot change the modes of others.",
  524: (subject) => `There is no help on ${subject}.`,
  525: (room) => `That is not a valid key for ${room}.`,
  670: text,
  691: text,
  696: (name, mode, value, words) => words ?? `${value} is not a valid value of mode ${mode} of ${name}.`,
  704: text,
  705: text,
  723: () => "Your operator account does not allow that.",
  730: (people) => `Connected now: ${nicksOf(people)}.`,
  731: (people) => `Not connected: ${nicksOf(people)}.`,
  732: (people) => `You watch: ${nicksOf(people)}.`,
  734: () => "You cannot watch more people.",
};

/** @param {string} people nick!user@host, with commas between them */
const nicksOf = (people) =>
  people
    .split(",")
    .map((each) => each.split("!")[0])
    .join(", ");

/**
 * The text of a numeric; null if there is nothing to read.
 * @param {import("./irc.js").Message} message
 * @param {boolean} isGreeted whether the greeting of the connection is over
 * @returns {string | null}
 */
export function sentence({ verb, params: [, ...params] }, isGreeted = true) {
  if (SILENT.has(verb) || (COUNTS.has(verb) && !isGreeted)) return null;
  const write = SENTENCES[verb];
  if (write && params.length >= write.length) return write(...params) ?? "";
  return params.length > 1 ? `${params.slice(0, -1).join(" ")}: ${params.at(-1)}` : params.join("");
}
