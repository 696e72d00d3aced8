import assert from "node:assert/strict";
import { test } from "node:test";

import { Pings } from "../../gateway/web/pings.js";

function welcomed() {
  let count = 0;
  const pings = new Pings(() => `t${(count += 1)}`, 0);
  pings.welcomed(0);
  return pings;
}

test("the first PING comes after 2 seconds, the next ones each 30 seconds", () => {
  const pings = welcomed();
  assert.equal(pings.due([], 1_999, true), null);
  assert.equal(pings.due([], 2_000, true).token, "t1");
  assert.equal(pings.due([], 60_000, true), null, "one at a time");
  assert.equal(pings.answered("t1", 2_100).sentAt, 2_000);
  assert.equal(pings.due([], 31_999, true), null);
  assert.equal(pings.due([], 32_000, true).token, "t2");
});

test("messages without an echo for 5 seconds are confirmed by a PING", () => {
  const pings = welcomed();
  pings.answered(pings.due([], 2_000, true).token, 2_000);
  assert.equal(pings.due([], 9_000, true), null);
  assert.equal(pings.due(["a"], 13_999, true), null);
  assert.deepEqual(pings.due(["a", "b"], 14_000, true).covers, ["a", "b"]);
});

test("without echo-message each message gets a PING at once", () => {
  assert.deepEqual(welcomed().due(["a"], 1, false).covers, ["a"]);
});

test("a FAIL PING takes the confirmation back", () => {
  const pings = welcomed();
  assert.equal(pings.failed(), false);
  pings.due(["a"], 1, false);
  assert.equal(pings.failed(), true);
  assert.equal(pings.answered("t1", 2).confirms, false);
  assert.equal(pings.answered("t1", 3), null);
});
