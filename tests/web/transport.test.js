import assert from "node:assert/strict";
import { test } from "node:test";

const timeouts = [];
const sockets = [];

class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  sent = [];

  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    sockets.push(this);
  }

  send(line) {
    this.sent.push(line);
  }

  open() {
    this.readyState = FakeSocket.OPEN;
    this.onopen();
  }

  close() {
    this.readyState = 3;
  }
}

Object.assign(globalThis, {
  WebSocket: FakeSocket,
  addEventListener: () => undefined,
  document: { addEventListener: () => undefined, hidden: false },
  setInterval: () => 0,
  setTimeout: (action, ms) => timeouts.push({ action, ms }),
});
Math.random = () => 0.5; // the pauses without their random part
const { Transport } = await import("../../gateway/web/transport.js");

/** A session that notes what the transport does with it. */
class FakeSession {
  calls = [];
  lines = [];
  isRegistered = false;
  isDead = false;
  problem = "";

  connected = () => this.calls.push("connected");
  disconnected = () => this.calls.push("disconnected");
  receive = (line) => this.calls.push(line);
  tick = () => undefined;
  takeLines = () => this.lines.splice(0);
}

function started() {
  sockets.length = timeouts.length = 0;
  const session = new FakeSession();
  const transport = new Transport("ws://gateway/", session, () => undefined);
  transport.retry();
  return { session, transport, socket: sockets[0] };
}

test("lines go both ways while the socket is open (IRCv3 websocket)", () => {
  const { session, transport, socket } = started();
  assert.deepEqual([socket.protocol, transport.state], ["text.ircv3.net", "connecting"]);
  session.lines.push("too early");
  transport.flush();
  socket.open();
  session.lines.push("PONG a");
  socket.onmessage({ data: "PING a" });
  assert.deepEqual([session.calls, socket.sent, transport.state], [["connected", "PING a"], ["PONG a"], "open"]);
});

test("the pause before the next connection doubles up to 15 seconds, until one is registered", () => {
  const { session, transport } = started();
  const pauses = [];
  for (let tries = 0; tries < 7; tries += 1) {
    session.isRegistered = tries === 6;
    sockets.at(-1).onclose();
    pauses.push(timeouts.at(-1).ms);
    transport.retry();
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 500]);
});

test("the reason of the gateway is shown until a connection is open", () => {
  const { session, transport, socket } = started();
  session.problem = "Too many connections";
  socket.onclose();
  session.problem = "";
  transport.retry();
  sockets[1].onclose();
  assert.equal(transport.lastError, "Too many connections");
  transport.retry();
  sockets[2].open();
  assert.equal(transport.lastError, "");
});

test("a connection whose session is dead is given up, and its socket is not heard any more", () => {
  const { session, transport, socket } = started();
  socket.open();
  session.isDead = true;
  transport.tick();
  assert.deepEqual([transport.state, socket.readyState], ["waiting", 3]);
  socket.onmessage({ data: "late" });
  socket.onclose();
  assert.deepEqual(session.calls, ["connected", "disconnected"]);
});

test("a transport that is stopped connects only when it is resumed", () => {
  const { session, transport, socket } = started();
  socket.open();
  transport.stop();
  transport.retry();
  transport.tick();
  assert.deepEqual([sockets.length, transport.state, session.calls.at(-1)], [1, "stopped", "disconnected"]);
  transport.resume();
  assert.equal(sockets.length, 2);
});
