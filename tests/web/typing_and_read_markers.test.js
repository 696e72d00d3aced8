import assert from "node:assert/strict";
import { test } from "node:test";

import { TypingAndReadMarkers } from "../../gateway/web/typing_and_read_markers.js";

function begun(...capabilities) {
  const sent = [];
  const exchange = {
    has: (name) => capabilities.includes(name),
    send: (verb, params, tags = {}) => sent.push([verb, ...params, ...Object.values(tags)].join(" ")),
  };
  return [new TypingAndReadMarkers(exchange), sent];
}

test("typing is notified at most once in 3 seconds, the last state included (IRCv3 typing)", () => {
  const [typing, sent] = begun("message-tags");
  for (const [state, now] of [
    ["active", 0],
    ["active", 1_000],
    ["done", 2_000],
  ]) {
    typing.type("#r", state);
    typing.advance(now);
  }
  assert.deepEqual(sent, ["TAGMSG #r active"]);
  typing.advance(3_000);
  typing.advance(9_000);
  assert.deepEqual(sent, ["TAGMSG #r active", "TAGMSG #r done"]);
});

test("a message ends the typing without a notification", () => {
  const [typing, sent] = begun("message-tags");
  typing.type("#r", "active");
  typing.advance(0);
  typing.type("#r", "paused");
  typing.said("#R");
  typing.advance(9_000);
  assert.deepEqual(sent, ["TAGMSG #r active"]);
});

test("a text that was never typed has no end", () => {
  const [typing, sent] = begun("message-tags");
  typing.type("#r", "done");
  typing.advance(0);
  assert.deepEqual(sent, []);
});

test("a read marker is sent at most once in 2 seconds, and not if the network has it (IRCv3 read-marker)", () => {
  const [markers, sent] = begun("draft/read-marker");
  markers.mark("#r", 1_000);
  markers.advance(10_000);
  markers.mark("#r", 2_000);
  markers.mark("#r", 1_500);
  markers.advance(11_000);
  markers.advance(12_000);
  markers.mark("#r", 3_000);
  markers.onMarkRead("#R", 4_000);
  markers.advance(20_000);
  assert.deepEqual(sent, [
    "MARKREAD #r timestamp=1970-01-01T00:00:01.000Z",
    "MARKREAD #r timestamp=1970-01-01T00:00:02.000Z",
  ]);
});

test("after a lost connection the read marker is sent again", () => {
  const [markers, sent] = begun("draft/read-marker");
  markers.mark("#r", 1_000);
  markers.advance(10_000);
  markers.loseConnection();
  markers.advance(10_500);
  assert.equal(sent.length, 2);
});

test("without the capabilities nothing is sent", () => {
  const [both, sent] = begun();
  both.type("#r", "active");
  both.mark("#r", 1);
  both.advance(1e6);
  assert.deepEqual(sent, []);
});
