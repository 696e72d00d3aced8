/** Which conversation this is, the state of the connection, and the document's title. */

import { hue, pieces } from "../text.js";
import { byId, initial, setText } from "./dom.js";
import { piece } from "./formatted.js";

const TROUBLE_AFTER_MS = 600; // a gap that short is not worth a word

export class HeadView {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.troubleSince = 0;
    byId("retry").addEventListener("click", () => this.retry());
    byId("enter").addEventListener("click", () => app.open(app.place));
    byId("leave").addEventListener("click", () => app.part(app.place));
  }

  draw() {
    const buffer = this.app.buffers.current;
    setText(byId("place-name"), buffer?.name ?? "Hubbub");
    this.drawTopic(buffer);
    byId("compose").hidden = !buffer;
    byId("nowhere").hidden = Boolean(buffer);
    byId("log").hidden = !buffer;
    byId("toggle-members").hidden = !buffer?.isRoom;
    byId("leave").hidden = !buffer;
    const words = buffer?.isRoom ? `Leave ${buffer.name}` : `Close the conversation with ${buffer?.name}`;
    byId("leave").setAttribute("aria-label", words);
    byId("leave").title = words;
  }

  /** One that is wider than the head is shown whole while it has the focus, so on a click. */
  drawTopic(buffer) {
    const topic = byId("topic");
    const text = topicOf(buffer);
    if (topic.textContent !== text) topic.replaceChildren(...pieces(text, "").map(piece));
    topic.title = buffer?.topic ?? "";
    topic.tabIndex = buffer?.topic ? 0 : -1;
  }

  retry() {
    if (this.app.connection.state === "stopped") this.app.askForPassword();
    else this.app.connection.retry();
  }

  drawState() {
    const { buffers, connection, session } = this.app;
    const isUp = session.isRegistered;
    const tile = byId("my-tile");
    setText(tile, initial(session.naming.current));
    tile.className = `tile hue-${hue(session.naming.current)}`;
    setText(byId("my-name"), session.naming.current);
    setText(byId("network"), buffers.network || "Hubbub");
    setText(byId("server"), isUp ? buffers.server : "not connected");
    byId("server").title = isUp ? `${buffers.server}, ${buffers.latencyMs} ms` : "";
    byId("server").classList.toggle("up", isUp);
    setText(byId("nowhere-text"), isUp ? "You are in no room." : "Connecting…");
    const { current } = buffers;
    byId("outside").hidden = !isUp || !current || session.places.has(current.key);
    this.drawTrouble(isUp, connection);
  }

  drawTrouble(isUp, connection) {
    const now = Date.now();
    this.troubleSince = isUp ? 0 : this.troubleSince || now;
    const shows = !isUp && now - this.troubleSince >= TROUBLE_AFTER_MS;
    byId("trouble").hidden = !shows;
    if (!shows) return;
    const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
    const isWaiting = connection.state === "waiting" && seconds > 0;
    const count = this.app.session.unconfirmed;
    const kept = count ? ` ${count} ${count === 1 ? "message waits" : "messages wait"} to be sent.` : "";
    const reason = connection.lastError ? ` (${connection.lastError})` : "";
    const isStopped = connection.state === "stopped";
    const state = isStopped ? "This network has a password" : isWaiting ? "Connection lost, trying again soon" : "Connecting";
    setText(byId("trouble-text"), `${state}${reason}.${kept}`);
    byId("retry").hidden = !isWaiting && !isStopped;
    setText(byId("retry"), isStopped ? "Enter it" : "Try now");
  }

  drawTitle() {
    const { unread, mentions, current } = this.app.buffers;
    const count = mentions ? `(${mentions}) ` : unread ? "• " : "";
    document.title = `${count}${current ? `${current.name} · ` : ""}${this.app.buffers.network || "Hubbub"}`;
  }
}

function topicOf(buffer) {
  if (!buffer) return "";
  if (!buffer.isRoom) return "Direct messages";
  return buffer.isJoined ? buffer.topic : "You are not in this room";
}
