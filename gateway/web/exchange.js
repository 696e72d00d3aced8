/** Where the parts of a session put what they have to say: lines for the gateway, events for the page. Pure. */

import { format } from "./irc.js";
import { Registration } from "./registration.js";

export class Exchange {
  /** @param {import("./naming.js").Naming} naming */
  constructor(naming) {
    this.naming = naming;
    /** @type {string[]} */
    this.lines = [];
    /** @type {{type: string, [key: string]: any}[]} see buffers.js for what each is taken as */
    this.events = [];
    this.reset();
  }

  /** For another connection; lines for the old one are dropped, events are not. */
  reset() {
    this.registration = new Registration();
    this.isRegistered = false;
    this.lines.length = 0;
  }

  has(capability) {
    return this.registration.agreed.has(capability);
  }

  send(verb, params = [], tags = {}) {
    this.lines.push(format(verb, params, tags));
  }

  emit(type, event = {}) {
    this.events.push({ type, ...event });
  }

  /** Tells the person something, at a place or wherever they are. */
  tell(text, place = "") {
    this.emit("told", { text, place });
  }
}
