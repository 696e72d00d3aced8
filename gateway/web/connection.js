/**
 * The WebSocket to the gateway that served this page (IRCv3 websocket, text.ircv3.net), made again when it is lost.
 *
 * Owns the socket and the clock; gives a session its lines and sends what it has to say.
 */

const RETRY_FIRST_MS = 500;
const RETRY_LIMIT_MS = 15_000;
const TICK_MS = 1_000;
const OPEN_WITHIN_MS = 10_000;

export class Connection {
  /**
   * @param {string} url
   * @param {import("./session.js").Session} session
   * @param {() => void} onEvents the session has events, or `state` has changed
   */
  constructor(url, session, onEvents) {
    this.url = url;
    this.session = session;
    this.onEvents = onEvents;
    /** @type {"connecting" | "open" | "waiting" | "stopped"} */
    this.state = "waiting";
    this.failures = 0;
    this.lastError = ""; // what the gateway said when it closed
    this.retryAt = 0;
    this.begunAt = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    setInterval(() => this.tick(), TICK_MS);
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.tick());
  }

  /** Connects now, if it is not connected. */
  retry() {
    if (this.state === "waiting") this.open();
  }

  /** Ends the connection, and makes no other one until `resume`. */
  stop() {
    const { socket } = this;
    this.state = "stopped";
    this.socket = null;
    socket?.close();
    this.session.closed(Date.now());
  }

  resume() {
    if (this.state === "stopped") this.open();
  }

  /** Sends what the session has to say, and tells of its events. */
  flush() {
    for (const line of this.session.takeLines()) {
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(line);
    }
    this.onEvents();
  }

  open() {
    const socket = new WebSocket(this.url, "text.ircv3.net");
    this.socket = socket;
    this.state = "connecting";
    this.begunAt = Date.now();
    socket.onopen = () => this.act(socket, () => this.onOpen());
    socket.onmessage = ({ data }) => this.act(socket, () => this.session.receive(data, Date.now()));
    socket.onclose = () => this.act(socket, () => this.onClose());
    this.onEvents();
  }

  /** What a socket that was given up still tells is of no interest. */
  act(socket, action) {
    if (socket !== this.socket) return;
    action();
    this.flush();
  }

  onOpen() {
    this.state = "open";
    this.lastError = "";
    this.session.opened(Date.now());
  }

  onClose() {
    const wasRegistered = this.session.isRegistered;
    this.lastError = this.session.lastError || this.lastError;
    this.socket = null;
    this.session.closed(Date.now());
    this.failures = wasRegistered ? 0 : this.failures + 1;
    const pause = Math.min(RETRY_LIMIT_MS, RETRY_FIRST_MS * 2 ** this.failures) * (0.5 + Math.random());
    this.retryAt = Date.now() + pause;
    this.state = "waiting";
    setTimeout(() => this.retryIfDue(), pause);
  }

  retryIfDue() {
    if (this.state === "waiting" && Date.now() >= this.retryAt - 5) this.open();
  }

  tick() {
    const now = Date.now();
    this.session.tick(now);
    const isStuck = this.state === "connecting" && now - this.begunAt >= OPEN_WITHIN_MS;
    if (this.session.isDead || isStuck) this.giveUp();
    this.retryIfDue();
    this.flush();
  }

  /** Does not wait for a peer that is silent to say that it is gone. */
  giveUp() {
    this.socket?.close();
    this.onClose();
  }
}

/** Of the gateway that served this page. */
export function socketUrl() {
  const url = new URL("./", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}
