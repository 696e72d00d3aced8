/**
 * Search for a room or a person: among the open conversations, the public rooms of the network, and the members of the
 * open rooms. Pure.
 *
 * @typedef {object} Choice
 * @property {string} name
 * @property {boolean} isRoom
 * @property {boolean} isKnown false: the name was typed, and no such room or person is known
 * @property {boolean} isOpen it has a conversation on this page
 * @property {number} count of members; 0: not known
 * @property {string} topic
 */

import { casefold, isRoom } from "./irc.js";

/** @typedef {import("./replies.js").ListedRoom} ListedRoom */
/** @typedef {{name: string, isRoom: boolean}} OpenConversation */

const SHOWN_LIMIT = 60;
const NO_ROOM = /[\s,\x00-\x20]/;
const NICK = /^[A-Za-z[\]\\`_^{|}][\w[\]\\`^{|}-]{0,29}$/;
const NONE = 9; // the rank of a choice that does not match

/**
 * The choices that match a text, the best first.
 * @param {string} text "#" before it means rooms only, "@" people only
 * @param {ListedRoom[]} listed
 * @param {OpenConversation[]} open
 * @param {string[]} people
 */
export function find(text, listed, open, people) {
  const query = text.trim();
  const word = casefold(query.replace(/^[#@]/, ""));
  const known = candidates(listed, open, people).filter(
    (choice) => (choice.isRoom || !query.startsWith("#")) && (!choice.isRoom || !query.startsWith("@")),
  );
  const ranked = known.map((choice) => ({ choice, rank: rank(choice, word) })).filter((each) => each.rank < NONE);
  ranked.sort((a, b) => a.rank - b.rank || better(a.choice, b.choice));
  return [...ranked.slice(0, SHOWN_LIMIT).map(({ choice }) => choice), ...unknown(query, known)];
}

/**
 * @param {ListedRoom[]} listed
 * @param {OpenConversation[]} open
 * @param {string[]} people
 */
function candidates(listed, open, people) {
  /** @type {Map<string, Choice>} */
  const found = new Map();
  const add = (/** @type {string} */ name, /** @type {Partial<Choice>} */ facts) => {
    found.set(casefold(name), { name, ...NOTHING, ...found.get(casefold(name)), ...facts });
  };
  for (const { name, count, topic } of listed) add(name, { isRoom: true, count, topic });
  for (const nick of people) add(nick, { isRoom: false });
  for (const { name, isRoom: isInRoom } of open) add(name, { isRoom: isInRoom, isOpen: true });
  return [...found.values()];
}

const NOTHING = { isRoom: false, isKnown: true, isOpen: false, count: 0, topic: "" };

/**
 * @param {Choice} choice
 * @param {string} word
 */
function rank({ name, topic }, word) {
  const bare = casefold(name.replace(/^#/, ""));
  if (bare === word) return 0;
  if (bare.startsWith(word)) return 1;
  if (bare.includes(word)) return 2;
  return topic.toLowerCase().includes(word.toLowerCase()) ? 3 : NONE;
}

/**
 * Open conversations, then rooms, then those with most members, then by name.
 * @param {Choice} a
 * @param {Choice} b
 */
function better(a, b) {
  const order = Number(b.isOpen) - Number(a.isOpen) || Number(b.isRoom) - Number(a.isRoom) || b.count - a.count;
  return order || (casefold(a.name) < casefold(b.name) ? -1 : 1);
}

/**
 * The room and the person with exactly this name, if they are not known.
 * @param {string} query
 * @param {Choice[]} known
 */
function unknown(query, known) {
  const names = new Set(known.map(({ name }) => casefold(name)));
  const room = isRoom(query) ? query : `#${query}`;
  const choices = [];
  if (room.length > 1 && !query.startsWith("@") && !NO_ROOM.test(room) && !names.has(casefold(room))) {
    choices.push({ ...NOTHING, name: room, isRoom: true, isKnown: false });
  }
  const nick = query.replace(/^@/, "");
  if (NICK.test(nick) && !names.has(casefold(nick))) choices.push({ ...NOTHING, name: nick, isKnown: false });
  return choices;
}
