/** Which conversation this is, the state of the connection, and the document's title. */

import { hue } from "../text.js";
import { byId, initial, setText } from "./dom.js";

const TROUBLE_AFTER_MS = 600; // a gap that short is not worth a word

export class HeadView {
  /** @param {import("../main.js").App} app */
  constructor(app) {
    this.app = app;
    this.troubleSince = 0;
    byId("retry").addEventListener("click", () => app.connection.retry());
    byId("leave").addEventListener("click", () => app.part(app.place));
  }

  draw() {
    const buffer = this.app.buffers.current;
    setText(byId("place-name"), buffer?.name ?? "Hubbub");
    setText(byId("topic"), topicOf(buffer));
    byId("topic").title = buffer?.topic ?? "";
    byId("toggle-members").hidden = !buffer?.isRoom;
    byId("leave").hidden = !buffer;
    const words = buffer?.isRoom ? `Leave ${buffer.name}` : `Close the conversation with ${buffer?.name}`;
    byId("leave").setAttribute("aria-label", words);
    byId("leave").title = words;
  }

  drawState() {
    const { buffers, connection, session } = this.app;
    const isUp = session.isRegistered;
    const tile = byId("my-tile");
    setText(tile, initial(session.naming.current));
    tile.className = `tile hue-${hue(session.naming.current)}`;
    setText(byId("my-name"), session.naming.current);
    setText(byId("network"), buffers.network || "Hubbub");
    const latency = buffers.latencyMs ? ` · ${buffers.latencyMs} ms` : "";
    setText(byId("server"), isUp ? `${buffers.server}${latency}` : "not connected");
    byId("server").classList.toggle("up", isUp);
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
    setText(
      byId("trouble-text"),
      `${isWaiting ? "Connection lost, trying again soon" : "Connecting…"}${reason}.${kept}`,
    );
    byId("retry").hidden = !isWaiting;
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
