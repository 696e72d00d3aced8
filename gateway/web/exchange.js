/** The output of a session: lines for the gateway, events for the page. Pure. */

import { format } from "./irc.js";
import { Login } from "./login.js";

export class Exchange {
  /** @param {import("./naming.js").Naming} naming */
  constructor(naming) {
    this.naming = naming;
    /** @type {string[]} */
    this.lines = [];
    /** @type {import("./events.js").SessionEvent[]} */
    this.events = [];
    this.login = new Login();
    this.isRegistered = false;
    /** @type {Map<string, string>} ISUPPORT: what the network has, with its limits */
    this.supported = new Map();
  }

  /** Begin another connection; lines for the old one are dropped, events are not. */
  reset() {
    this.login = new Login();
    this.isRegistered = false;
    this.supported.clear();
    this.lines.length = 0;
  }

  /** @param {string} capability */
  has(capability) {
    return this.login.agreed.has(capability);
  }

  /**
   * @param {string} verb
   * @param {string[]} [params]
   * @param {Record<string, string>} [tags]
   */
  send(verb, params = [], tags = {}) {
    this.lines.push(format(verb, params, tags));
  }

  /** @param {import("./events.js").SessionEvent} event */
  emit(event) {
    this.events.push(event);
  }

  /**
   * Tell the person something about this page, in a conversation or in the current one.
   * @param {string} text
   */
  notify(text, conversation = "") {
    this.emit({ type: "ClientNotice", text, conversation });
  }

  /**
   * Show the person a text of the server.
   * @param {string} code
   * @param {string} text
   */
  notice(code, text, conversation = "") {
    this.emit({ type: "ServerNotice", code, text, conversation });
  }
}
