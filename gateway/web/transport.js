/**
 * The WebSocket to the gateway that served this page (IRCv3 websocket, text.ircv3.net). It reconnects when it is lost.
 *
 * Owns the socket and the clock; hands the received lines to a session, and sends the lines of the session.
 */

const RETRY_FIRST_MS = 500;
const RETRY_LIMIT_MS = 15_000;
const TICK_MS = 1_000;
const OPEN_WITHIN_MS = 10_000;

export class Transport {
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
    this.lastError = ""; // the reason that the gateway gave for closing
    this.retryAt = 0;
    this.openedAt = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    setInterval(() => this.tick(), TICK_MS);
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.tick());
  }

  /** Connect now, if there is no connection. */
  retry() {
    if (this.state === "waiting") this.open();
  }

  /** Close the connection, and open no other one until `resume`. */
  stop() {
    const { socket } = this;
    this.state = "stopped";
    this.socket = null;
    socket?.close();
    this.session.disconnected(Date.now());
  }

  resume() {
    if (this.state === "stopped") this.open();
  }

  /** Send the lines of the session, and report its events. */
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
    this.openedAt = Date.now();
    socket.onopen = () => this.act(socket, () => this.onOpen());
    socket.onmessage = ({ data }) => this.act(socket, () => this.session.receive(data, Date.now()));
    socket.onclose = () => this.act(socket, () => this.onClose());
    this.onEvents();
  }

  /**
   * Handle an event of the socket, unless that was given up.
   * @param {WebSocket} socket
   * @param {() => void} action
   */
  act(socket, action) {
    if (socket !== this.socket) return;
    action();
    this.flush();
  }

  onOpen() {
    this.state = "open";
    this.lastError = "";
    this.session.connected(Date.now());
  }

  onClose() {
    const wasRegistered = this.session.isRegistered;
    this.lastError = this.session.problem || this.lastError;
    this.socket = null;
    this.session.disconnected(Date.now());
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
    const isStuck = this.state === "connecting" && now - this.openedAt >= OPEN_WITHIN_MS;
    if (this.session.isDead || isStuck) this.giveUp();
    this.retryIfDue();
    this.flush();
  }

  /** Close without waiting for an answer of the silent peer. */
  giveUp() {
    this.socket?.close();
    this.onClose();
  }
}
