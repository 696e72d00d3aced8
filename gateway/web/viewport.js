/**
 * The part of a conversation that is in memory: entries without a gap between them. The entries before and after them
 * are in the history. Pure.
 */

/** @typedef {import("./entries.js").Entry} Entry */

const GATHER_WITHIN_MS = 10 * 60_000;
// Live events have no msgid, and a NICK or QUIT has the time of only one of its rooms: within this it is the same one.
const SAME_EVENT_WITHIN_MS = 10_000;
const SLACK = 200; // entries over a limit that stay, so that entries are dropped seldom

export class Viewport {
  constructor() {
    /** @type {Entry[]} */
    this.entries = [];
    /** @type {Map<string, Entry>} by key */
    this.byKey = new Map();
    /** @type {Map<string, number>} event -> the time of the last one */
    this.events = new Map();
    this.isAtEnd = true; // it has the newest entry
    this.hasOlder = true; // as far as is known
    /** @type {Entry | null} the newest entry, if it came while this was not at the end */
    this.missed = null;
  }

  get oldest() {
    return this.entries.at(0);
  }

  get newest() {
    return this.entries.at(-1);
  }

  /**
   * Take a new entry; false if it is here already. It is left out if entries before it are missing.
   * @param {Entry} entry
   */
  take(entry) {
    if (this.isAtEnd) return this.append(entry);
    if (entry.msgid) this.missed = entry;
    return true;
  }

  /**
   * Append the next entry; false if it is here already.
   * @param {Entry} entry
   */
  append(entry) {
    if (this.has(entry)) return false;
    if (entry.event) this.events.set(entry.event, entry.at);
    const gathering = gather(this.newest, entry);
    if (!gathering) this.entries.push(entry);
    this.byKey.set(entry.key, gathering ?? entry);
    return true;
  }

  /** @param {Entry} entry */
  has({ key, event = "", at }) {
    return this.byKey.has(key) || Math.abs(at - (this.events.get(event) ?? -Infinity)) < SAME_EVENT_WITHIN_MS;
  }

  /**
   * Add a page of older entries.
   * @param {Entry[]} entries
   */
  prepend(entries) {
    const before = new Viewport();
    for (const entry of entries) if (!this.has(entry)) before.append(entry);
    this.entries = [...before.entries, ...this.entries];
    this.byKey = new Map([...before.byKey, ...this.byKey]);
    this.events = new Map([...before.events, ...this.events]);
  }

  /**
   * Add a page of newer entries; a page with nothing new is the last, too.
   * @param {Entry[]} entries
   */
  extend(entries, isLast = false) {
    const added = entries.map((entry) => this.append(entry));
    if (isLast || !added.includes(true)) this.findEnd();
  }

  /**
   * Begin again with the latest page. Notices stay, as no history has them.
   * @param {Entry[]} entries
   */
  restart(entries) {
    const infos = this.entries.filter(({ kind }) => kind === "info");
    this.replace([...entries, ...infos]);
    this.findEnd();
  }

  /** @param {Entry[]} entries */
  replace(entries) {
    const { missed } = this;
    Object.assign(this, new Viewport(), { missed, isAtEnd: false });
    for (const entry of entries) this.append(entry);
  }

  /** Be at the end, unless a new entry came while the last page was on its way. */
  findEnd() {
    this.isAtEnd = !this.missed || this.byKey.has(this.missed.key);
  }

  /** @param {number} limit */
  forgetOldest(limit) {
    if (this.entries.length <= limit + SLACK) return;
    this.hasOlder = true;
    this.forget(this.entries.splice(0, this.entries.length - limit));
  }

  /** @param {number} limit */
  forgetNewest(limit) {
    if (this.entries.length <= limit) return;
    this.isAtEnd = false;
    this.forget(this.entries.splice(limit));
  }

  /** @param {Entry[]} entries */
  forget(entries) {
    const gone = new Set(entries);
    for (const [key, entry] of this.byKey) if (gone.has(entry)) this.byKey.delete(key);
    const { at: first = 0 } = this.oldest ?? {};
    for (const [event, at] of this.events) if (at < first) this.events.delete(event);
  }
}

/**
 * Put joins and parts that follow each other into one entry. Returns that entry; null if `entry` is one of its own.
 * @param {Entry | undefined} last
 * @param {Entry} entry
 */
function gather(last, entry) {
  if (!last?.memberChanges || !entry.memberChanges || entry.at - last.at > GATHER_WITHIN_MS) return null;
  last.memberChanges.push(...entry.memberChanges);
  last.version += 1;
  return last;
}
