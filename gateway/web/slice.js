/**
 * The part of a conversation that is in memory: entries that follow each other without a gap. What was before and after
 * them is in the history. Pure.
 */

const GATHER_WITHIN_MS = 10 * 60_000;
// Live events have no msgid, and a NICK or QUIT has the time of one of the rooms alone: within this it is the same one.
const SAME_EVENT_WITHIN_MS = 10_000;
const SLACK = 200; // entries over a limit that are let be, so that forgetting is done seldom

export class Slice {
  constructor() {
    /** @type {import("./entries.js").Entry[]} */
    this.entries = [];
    /** @type {Map<string, import("./entries.js").Entry>} by key */
    this.byKey = new Map();
    /** @type {Map<string, number>} event -> when it was last */
    this.events = new Map();
    this.isAtEnd = true; // nothing was said after it
    this.hasOlder = true; // as far as is known
    /** @type {import("./entries.js").Entry | null} the last one that was said while it was not at the end */
    this.missed = null;
  }

  get oldest() {
    return this.entries[0];
  }

  get newest() {
    return this.entries.at(-1);
  }

  /** Takes what is said now, if nothing is lacking before it; false if it is here already. */
  take(entry) {
    if (this.isAtEnd) return this.append(entry);
    if (entry.msgid) this.missed = entry;
    return true;
  }

  /** Adds what was said next; false if it is here already. */
  append(entry) {
    if (this.has(entry)) return false;
    if (entry.event) this.events.set(entry.event, entry.at);
    const isGathered = gather(this.newest, entry);
    if (!isGathered) this.entries.push(entry);
    this.byKey.set(entry.key, isGathered ? this.newest : entry);
    return true;
  }

  has({ key, event, at }) {
    return this.byKey.has(key) || Math.abs(at - this.events.get(event)) < SAME_EVENT_WITHIN_MS;
  }

  /** Adds a page of what was said before. */
  prepend(entries) {
    const before = new Slice();
    for (const entry of entries) if (!this.has(entry)) before.append(entry);
    this.entries = [...before.entries, ...this.entries];
    this.byKey = new Map([...before.byKey, ...this.byKey]);
    this.events = new Map([...before.events, ...this.events]);
  }

  /** Adds a page of what was said next; one that brings nothing new is the last, too. */
  extend(entries, isLast = false) {
    const added = entries.map((entry) => this.append(entry));
    if (isLast || !added.includes(true)) this.findEnd();
  }

  /** Begins again with the latest page; the page's own words, which no history has, stay. */
  restart(entries) {
    const infos = this.entries.filter(({ kind }) => kind === "info");
    this.replace([...entries, ...infos]);
    this.findEnd();
  }

  replace(entries) {
    const { missed } = this;
    Object.assign(this, new Slice(), { missed, isAtEnd: false });
    for (const entry of entries) this.append(entry);
  }

  /** Is at the end, unless something was said while the last page was on its way. */
  findEnd() {
    this.isAtEnd = !this.missed || this.byKey.has(this.missed.key);
  }

  forgetOldest(limit) {
    if (this.entries.length <= limit + SLACK) return;
    this.hasOlder = true;
    this.forget(this.entries.splice(0, this.entries.length - limit));
  }

  forgetNewest(limit) {
    if (this.entries.length <= limit) return;
    this.isAtEnd = false;
    this.forget(this.entries.splice(limit));
  }

  forget(entries) {
    const gone = new Set(entries);
    for (const [key, entry] of this.byKey) if (gone.has(entry)) this.byKey.delete(key);
    const { at: first = 0 } = this.oldest ?? {};
    for (const [event, at] of this.events) if (at < first) this.events.delete(event);
  }
}

/** Puts comings and goings that follow each other into one entry; false for any other. */
function gather(last, entry) {
  if (!last?.moves || !entry.moves || entry.at - last.at > GATHER_WITHIN_MS) return false;
  last.moves.push(...entry.moves);
  last.version += 1;
  return true;
}
