/**
 * The tabs of one browser that have this page open. They share its storage, and each has a connection of its own, so
 * that two of them cannot have one name. Tabs ask and answer over a BroadcastChannel.
 */

const ANSWER_WITHIN_MS = 100;

export class Tabs {
  constructor() {
    this.name = ""; // which this tab has
    this.order = Math.random(); // of two tabs that ask at once the lower one has the name
    this.isAsking = false;
    /** @type {Set<string>} */
    this.names = new Set();
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("hubbub") : null;
    this.channel?.addEventListener("message", ({ data }) => this.onMessage(data));
  }

  /** The names that other tabs have. */
  async others(name) {
    this.name = name;
    this.isAsking = true;
    this.channel?.postMessage({ type: "ask", name, order: this.order });
    if (this.channel) await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS));
    this.isAsking = false;
    return this.names;
  }

  onMessage({ type, name, order }) {
    const isFirst = this.name && (!this.isAsking || this.order < order);
    if (type === "ask" && isFirst) this.channel.postMessage({ type: "answer", name: this.name });
    else this.names.add(name);
  }
}

/** A name like this one that none of these is. */
export function freeName(name, taken) {
  const stem = name.replace(/_\d+$/, "").slice(0, 26);
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}
