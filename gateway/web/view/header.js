/** The header of the conversation, the state of the connection, and the title of the document. */

import { hue, pieces } from "../text.js";
import { byId, initial, setText } from "./dom.js";
import { piece } from "./formatted_text.js";

/** @typedef {import("../buffer.js").Buffer} Buffer */

const PROBLEM_AFTER_MS = 600; // a shorter gap is not shown

export class Header {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.disconnectedAt = 0;
    byId("retry").addEventListener("click", () => this.retry());
    byId("enter").addEventListener("click", () => app.actions.enter(app.actions.target));
    byId("leave").addEventListener("click", () => app.actions.leave(app.actions.target));
  }

  draw() {
    const buffer = this.app.buffers.current;
    setText(byId("conversation-name"), buffer?.name ?? "Hubbub");
    this.drawTopic(buffer);
    byId("compose").hidden = !buffer;
    byId("no-conversation").hidden = Boolean(buffer);
    byId("log").hidden = !buffer;
    byId("toggle-members").hidden = !buffer?.isRoom;
    byId("leave").hidden = !buffer;
    const words = buffer?.isRoom ? `Leave ${buffer.name}` : `Close the conversation with ${buffer?.name}`;
    byId("leave").setAttribute("aria-label", words);
    byId("leave").title = words;
  }

  /**
   * A topic that is wider than the header is shown whole while it has the focus, so on a click.
   * @param {Buffer | null} buffer
   */
  drawTopic(buffer) {
    const topic = byId("topic");
    const text = topicOf(buffer);
    if (topic.textContent !== text) topic.replaceChildren(...pieces(text, "").map(piece));
    topic.title = buffer?.topic ?? "";
    topic.tabIndex = buffer?.topic ? 0 : -1;
  }

  retry() {
    if (this.app.transport.state === "stopped") this.app.askForPassword();
    else this.app.transport.retry();
  }

  drawState() {
    const { buffers, session } = this.app;
    const isUp = session.isRegistered;
    const nick = session.naming.current;
    setText(byId("my-tile"), initial(nick));
    byId("my-tile").className = `tile hue-${hue(nick)}`;
    setText(byId("my-name"), nick);
    setText(byId("network"), buffers.network || "Hubbub");
    setText(byId("server"), isUp ? buffers.server : "not connected");
    const latency = buffers.latencyMs === null ? "" : `, ${buffers.latencyMs} ms`;
    byId("server").title = isUp ? buffers.server + latency : "";
    byId("server").classList.toggle("up", isUp);
    setText(byId("no-conversation-text"), isUp ? "You are in no room." : "Connecting…");
    const { current } = buffers;
    byId("not-joined").hidden = !isUp || !current || session.conversations.has(current.key);
    this.drawProblem(isUp, Date.now());
  }

  /**
   * @param {boolean} isUp
   * @param {number} now
   */
  drawProblem(isUp, now) {
    const { transport, session } = this.app;
    this.disconnectedAt = isUp ? 0 : this.disconnectedAt || now;
    const isShown = !isUp && now - this.disconnectedAt >= PROBLEM_AFTER_MS;
    byId("connection-problem").hidden = !isShown;
    if (!isShown) return;
    const isStopped = transport.state === "stopped";
    const isWaiting = transport.state === "waiting" && transport.retryAt > now;
    const reason = transport.lastError ? ` (${transport.lastError})` : "";
    setText(
      byId("connection-problem-text"),
      `${stateText(isStopped, isWaiting)}${reason}.${unsentText(session.unconfirmed)}`,
    );
    byId("retry").hidden = !isWaiting && !isStopped;
    setText(byId("retry"), isStopped ? "Enter it" : "Try now");
  }

  drawTitle() {
    const { unread, mentions, current } = this.app.buffers;
    const count = mentions ? `(${mentions}) ` : unread ? "• " : "";
    document.title = `${count}${current ? `${current.name} · ` : ""}${this.app.buffers.network || "Hubbub"}`;
  }
}

/**
 * @param {boolean} isStopped
 * @param {boolean} isWaiting
 */
function stateText(isStopped, isWaiting) {
  if (isStopped) return "This network has a password";
  return isWaiting ? "Connection lost, trying again soon" : "Connecting";
}

/** @param {number} count of unsent messages */
const unsentText = (count) => (count ? ` ${count} ${count === 1 ? "message waits" : "messages wait"} to be sent.` : "");

/** @param {Buffer | null} buffer */
function topicOf(buffer) {
  if (!buffer) return "";
  if (!buffer.isRoom) return "Direct messages";
  return buffer.isJoined ? buffer.topic : "You are not in this room";
}
