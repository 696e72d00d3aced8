/**
 * What a person could mean who looks for a room or for somebody: the conversations that are open, all public rooms of
 * the network, and the people of the rooms that are open. Pure.
 *
 * @typedef {object} Choice
 * @property {string} name
 * @property {boolean} isRoom
 * @property {boolean} isKnown the room or the person is there
 * @property {boolean} isOpen a conversation of this page
 * @property {number} count of people; 0: not known
 * @property {string} topic
 */

import { fold, isRoom } from "./irc.js";

const SHOWN_LIMIT = 60;
const NO_ROOM = /[\s,\x00-\x20]/;
const NICK = /^[A-Za-z[\]\\`_^{|}][\w[\]\\`^{|}-]{0,29}$/;
const NONE = 9; // the rank of what does not fit

/**
 * @param {string} text what was typed; "#" before it means rooms only
 * @param {import("./replies.js").ListedRoom[]} listed
 * @param {{name: string, isRoom: boolean}[]} open
 * @param {string[]} people
 * @returns {Choice[]} the best first
 */
export function find(text, listed, open, people) {
  const query = text.trim();
  const word = fold(query.replace(/^[#@]/, ""));
  const known = candidates(listed, open, people).filter(
    (choice) => (choice.isRoom || !query.startsWith("#")) && (!choice.isRoom || !query.startsWith("@")),
  );
  const ranked = known.map((choice) => ({ choice, rank: rank(choice, word) })).filter((each) => each.rank < NONE);
  ranked.sort((a, b) => a.rank - b.rank || better(a.choice, b.choice));
  return [...ranked.slice(0, SHOWN_LIMIT).map(({ choice }) => choice), ...unknown(query, known)];
}

function candidates(listed, open, people) {
  const found = new Map();
  const add = (name, facts) => found.set(fold(name), { name, ...NOTHING, ...found.get(fold(name)), ...facts });
  for (const { name, count, topic } of listed) add(name, { isRoom: true, count, topic });
  for (const nick of people) add(nick, { isRoom: false });
  for (const { name, isRoom: isInRoom } of open) add(name, { isRoom: isInRoom, isOpen: true });
  return [...found.values()];
}

const NOTHING = { isKnown: true, isOpen: false, count: 0, topic: "" };

function rank({ name, topic }, word) {
  const bare = fold(name.replace(/^#/, ""));
  if (bare === word) return 0;
  if (bare.startsWith(word)) return 1;
  if (bare.includes(word)) return 2;
  return topic.toLowerCase().includes(word.toLowerCase()) ? 3 : NONE;
}

function better(a, b) {
  return b.isOpen - a.isOpen || b.isRoom - a.isRoom || b.count - a.count || (fold(a.name) < fold(b.name) ? -1 : 1);
}

/** The room, and the person, of exactly this name, where neither is known. */
function unknown(query, known) {
  const names = new Set(known.map(({ name }) => fold(name)));
  const room = isRoom(query) ? query : `#${query}`;
  const choices = [];
  if (room.length > 1 && !query.startsWith("@") && !NO_ROOM.test(room) && !names.has(fold(room))) {
    choices.push({ name: room, isRoom: true, ...NOTHING, isKnown: false });
  }
  const nick = query.replace(/^@/, "");
  if (NICK.test(nick) && !names.has(fold(nick))) choices.push({ name: nick, isRoom: false, ...NOTHING, isKnown: false });
  return choices;
}
