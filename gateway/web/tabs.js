/**
 * The tabs of one browser that have this page open. They share its storage, and each has its own connection, so two of
 * them cannot have the same name. Tabs ask and answer over a BroadcastChannel. Each tab holds a shared lock (Web Locks,
 * in secure contexts only): the number of locks is the number of answers to wait for, plus one.
 */

const LOCK = "hubbub-tab";
const ANSWER_WITHIN_MS = 3000;
const UNCOUNTED_ANSWER_WITHIN_MS = 100; // each start of the page takes that long
const POLL_MS = 10;

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Tabs {
  constructor() {
    this.name = ""; // of this tab
    this.order = Math.random(); // if two tabs ask at once, the lower one gets the name
    this.isAsking = false;
    /** @type {Set<string>} */
    this.names = new Set();
    /** @type {Set<number>} */
    this.answered = new Set(); // the orders of the tabs that have asked or answered
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("hubbub") : null;
    this.channel?.addEventListener("message", ({ data }) => this.onMessage(data));
    this.isCounted = holdLock();
  }

  /**
   * The names of the other tabs.
   * @param {string} name that this tab wants
   */
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
    while (performance.now() < until) {
      if (isCounted && this.answered.size >= (await countLocks()) - 1) return;
      await sleep(POLL_MS);
    }
  }

  /**
   * @param {"ask" | "answer"} type
   * @param {string} name
   */
  send(type, name) {
    this.channel?.postMessage({ type, name, order: this.order });
  }

  /** @param {{type: "ask" | "answer", name: string, order: number}} message */
  onMessage({ type, name, order }) {
    this.answered.add(order);
    const isFirst = this.name !== "" && (!this.isAsking || this.order < order);
    if (name && !(type === "ask" && isFirst)) this.names.add(name);
    if (type === "ask") this.send("answer", isFirst ? this.name : "");
  }
}

/**
 * Hold a lock until the tab is closed; false if the browser does not allow that.
 * @returns {Promise<boolean>}
 */
async function holdLock() {
  if (!navigator.locks) return false;
  return new Promise((resolve) => {
    const hold = () => new Promise(() => resolve(true)); // never ends
    navigator.locks.request(LOCK, { mode: "shared" }, hold).catch(() => resolve(false));
  });
}

async function countLocks() {
  const { held = [] } = await navigator.locks.query();
  return held.filter((lock) => lock.name === LOCK).length;
}

/**
 * A name like this one that is not taken.
 * @param {string} name
 * @param {Set<string>} taken
 */
export function freeName(name, taken) {
  const stem = name.replace(/_\d+$/, "").slice(0, 26);
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}
