/** What the page holds of one conversation. Pure. */

import { Annotations } from "./annotations.js";
import { casefold, isRoom } from "./irc.js";
import { Roster } from "./roster.js";
import { mentions } from "./text.js";
import { Viewport } from "./viewport.js";

/** @typedef {import("./entries.js").Entry} Entry */

export class Buffer {
  /** @param {string} name of a room, or the nick of a person */
  constructor(name) {
    this.name = name;
    this.key = casefold(name);
    this.isRoom = isRoom(name);
    this.isJoined = !this.isRoom;
    this.topic = "";
    this.roster = new Roster();
    this.viewport = new Viewport();
    /** @type {Entry[]} typed here, not confirmed yet */
    this.unconfirmed = [];
    this.annotations = new Annotations();
    this.unread = 0;
    this.mentions = 0;
    this.readAt = 0; // the time of the last entry that the person has read; 0: not known
    this.marker = 0; // the new entries begin after this time; 0: no marker
    /** @type {Map<string, {nick: string, until: number}>} by casefolded nick */
    this.typing = new Map();
    this.draft = "";
    /** @type {Entry | null} the message that the draft answers */
    this.draftReply = null;
    /** @type {import("./history.js").PageKind | ""} the kind of the page of history that is on its way */
    this.loading = "";
  }

  /** The entries to show, oldest first. */
  get shown() {
    const { entries, isAtEnd } = this.viewport;
    return isAtEnd && this.unconfirmed.length ? [...entries, ...this.unconfirmed] : entries;
  }

  /** @param {string} name */
  rename(name) {
    this.name = name;
    this.key = casefold(name);
  }

  /** @param {string} id */
  confirm(id) {
    this.unconfirmed = this.unconfirmed.filter((entry) => entry.id !== id);
  }
}

/** @param {Entry} entry */
export const isMessage = ({ kind }) => kind !== "event" && kind !== "info";

/**
 * Whether another person says this to us.
 * @param {Entry} entry
 * @param {Buffer} buffer
 * @param {string} nick ours
 */
export function isAddressed(entry, buffer, nick) {
  return isMessage(entry) && !entry.isMine && (!buffer.isRoom || mentions(entry.text, nick));
}
