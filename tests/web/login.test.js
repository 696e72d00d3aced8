import assert from "node:assert/strict";
import { test } from "node:test";

import { Login } from "../../gateway/web/login.js";

test("a login sends CAP, PASS, NICK and USER (RFC 2812 3.1)", () => {
  assert.deepEqual(new Login().begin("anna", "ann", "secret"), [
    "CAP LS 302",
    "PASS secret",
    "NICK anna",
    "USER ann 0 * anna",
  ]);
});

test("capabilities are requested when their list is complete (IRCv3 capability-negotiation)", () => {
  const login = new Login();
  assert.deepEqual(login.handle("LS", ["*", "batch sasl=PLAIN"]), []);
  assert.deepEqual(login.handle("LS", ["server-time draft/chathistory"]), [
    "CAP REQ :batch draft/chathistory server-time",
  ]);
  assert.deepEqual(login.handle("ACK", ["batch server-time draft/chathistory"]), ["CAP END"]);
  assert.equal(login.hasHistory, true);
});

test("without a usable capability, and after NAK, the login ends", () => {
  assert.deepEqual(new Login().handle("LS", ["sasl"]), ["CAP END"]);
  assert.deepEqual(new Login().handle("NAK", ["batch"]), ["CAP END"]);
});

test("NEW requests only what is new, DEL and ACK of -name remove", () => {
  const login = new Login();
  login.handle("LS", ["batch echo-message"]);
  login.handle("ACK", ["batch echo-message"]);
  assert.deepEqual(login.handle("NEW", ["batch away-notify"]), ["CAP REQ away-notify"]);
  login.handle("DEL", ["batch"]);
  login.handle("ACK", ["-echo-message"]);
  assert.deepEqual([...login.agreed], []);
});

test("the limits of a batch are those of the offer (IRCv3 multiline)", () => {
  const login = new Login();
  login.handle("LS", ["batch draft/multiline=max-bytes=4096,max-lines=24"]);
  assert.equal(login.batchLimits, null);
  login.handle("ACK", ["batch draft/multiline"]);
  assert.deepEqual(login.batchLimits, { maxBytes: 4096, maxLines: 24 });
});
