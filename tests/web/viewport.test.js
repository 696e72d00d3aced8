import assert from "node:assert/strict";
import { test } from "node:test";

import { Viewport } from "../../gateway/web/viewport.js";

const entry = (n) => ({ key: `k${n}`, msgid: `k${n}`, kind: "message", at: n, version: 0 });
const times = (viewport) => viewport.entries.map(({ at }) => at);

test("a viewport knows whether newer entries are missing", () => {
  const viewport = new Viewport();
  viewport.restart([1, 2, 3].map(entry));
  viewport.take(entry(3));
  viewport.take(entry(4));
  assert.deepEqual(times(viewport), [1, 2, 3, 4]);
  viewport.forgetNewest(2);
  viewport.take(entry(5));
  viewport.extend([3, 4].map(entry));
  viewport.extend([]);
  assert.deepEqual([times(viewport), viewport.isAtEnd], [[1, 2, 3, 4], false]);
  viewport.extend([entry(5)]);
  viewport.extend([]);
  viewport.prepend([-1, 0, 1].map(entry));
  assert.deepEqual([times(viewport), viewport.isAtEnd], [[-1, 0, 1, 2, 3, 4, 5], true]);
});

test("joins and parts that follow each other are one entry", () => {
  const change = (n, nick, what) => ({ ...entry(n), kind: "event", memberChanges: [{ nick, change: what }] });
  const viewport = new Viewport();
  viewport.take(change(1, "ben", "joined"));
  viewport.take(change(2, "cora", "joined"));
  viewport.take(entry(3));
  viewport.take(change(4, "ben", "left"));
  assert.deepEqual(times(viewport), [1, 3, 4]);
  assert.deepEqual(
    viewport.entries[0].memberChanges.map(({ nick }) => nick),
    ["ben", "cora"],
  );
  assert.equal(viewport.entries[0].version, 1);
});

test("an event without msgid that comes again within seconds is the same one", () => {
  const mode = (n, key) => ({ key, msgid: "", kind: "event", event: "MODE ben!b@h #r +v anna", at: n, version: 0 });
  const viewport = new Viewport();
  assert.equal(viewport.take(mode(1000, "live")), true);
  assert.equal(viewport.take(mode(3000, "history")), false);
  assert.equal(viewport.take(mode(60_000, "later")), true);
});

test("the oldest entries over a limit are dropped, and can be loaded again", () => {
  const viewport = new Viewport();
  viewport.hasOlder = false;
  for (let n = 0; n < 1201; n += 1) viewport.take(entry(n));
  viewport.forgetOldest(1000);
  assert.deepEqual([viewport.entries.length, viewport.oldest.at, viewport.hasOlder], [1000, 201, true]);
  assert.equal(viewport.byKey.has("k200"), false);
});
