/**
 * The tabs of one browser that have this page open. They share its storage, and each has a connection of its own, so
 * that two of them cannot have one name. Tabs ask and answer over a BroadcastChannel. How many there are is told by a
 * lock that each tab holds (Web Locks, in secure contexts only), so that a slow tab is waited for.
 */

const LOCK = "hubbub-tab";
const ANSWER_WITHIN_MS = 3000;
const UNCOUNTED_ANSWER_WITHIN_MS = 100; // each start of the page takes that long
const POLL_MS = 10;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Tabs {
  constructor() {
    this.name = ""; // which this tab has
    this.order = Math.random(); // of two tabs that ask at once the lower one has the name
    this.isAsking = false;
    /** @type {Set<string>} */
    this.names = new Set();
    /** @type {Set<number>} */
    this.heard = new Set(); // the orders of the tabs that have asked or answered
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("hubbub") : null;
    this.channel?.addEventListener("message", ({ data }) => this.onMessage(data));
    this.isCounted = holdLock();
  }

  /** The names that other tabs have. */
  async others(name) {
    this.name = name;
    this.isAsking = true;
    this.send("ask", name);
    if (this.channel) await this.answers();
    this.isAsking = false;
    return this.names;
  }

  /** Wait until each of the other tabs has answered. */
  async answers() {
    const isCounted = await this.isCounted;
    const until = performance.now() + (isCounted ? ANSWER_WITHIN_MS : UNCOUNTED_ANSWER_WITHIN_MS);
    while (performance.now() < until && !(isCounted && this.heard.size >= (await countLocks()) - 1)) await sleep(POLL_MS);
  }

  send(type, name) {
    this.channel?.postMessage({ type, name, order: this.order });
  }

  onMessage({ type, name, order }) {
    this.heard.add(order);
    const isFirst = this.name && (!this.isAsking || this.order < order);
    if (name && !(type === "ask" && isFirst)) this.names.add(name);
    if (type === "ask") this.send("answer", isFirst ? this.name : "");
  }
}

/** Hold a lock until the tab is closed; false where the browser does not allow that. */
async function holdLock() {
  if (!navigator.locks) return false;
  return new Promise((resolve) => {
    const hold = () => new Promise(() => resolve(true));
    navigator.locks.request(LOCK, { mode: "shared" }, hold).catch(() => resolve(false));
  });
}

async function countLocks() {
  const { held } = await navigator.locks.query();
  return held.filter((lock) => lock.name === LOCK).length;
}

/** A name like this one that none of these is. */
export function freeName(name, taken) {
  const stem = name.replace(/_\d+$/, "").slice(0, 26);
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}
