import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation, ShownIds, SyncState } from "../../gateway/web/conversation.js";
import { parse } from "../../gateway/web/irc.js";

test("a line is shown once, by the network's id or the sender's", () => {
  const ids = new ShownIds();
  const add = (line) => ids.add(parse(line));
  assert.equal(add("@msgid=m1;+hubbub/id=i1 :a!a@h PRIVMSG #r :hi"), true);
  assert.equal(add("@msgid=m1 :a!a@h PRIVMSG #r :hi"), false);
  assert.equal(add("@msgid=m2;+hubbub/id=i1 :a!a@h PRIVMSG #r :hi"), false, "sent again");
  assert.equal(add("@time=1 :a!a@h JOIN #r"), true);
  assert.equal(add("@time=1 :a!a@h JOIN #r"), false);
  assert.equal(add(":a!a@h JOIN #r"), true);
  assert.equal(add(":a!a@h JOIN #r"), true, "without an id and a time it may be another one");
});

test("the history after a position is requested by msgid, or by time without its millisecond", () => {
  const room = new Conversation("#r");
  assert.equal(room.reference, "*");
  room.position = { msgid: "m1", at: 5000 };
  assert.equal(room.reference, "msgid=m1");
  assert.equal(room.fallBackToTime(), true);
  assert.equal(room.reference, "timestamp=1970-01-01T00:00:04.999Z");
  assert.equal(room.fallBackToTime(), false);
});

test("after a lost connection a conversation knows its position and its password, nothing else", () => {
  const room = new Conversation("#r");
  Object.assign(room, {
    position: { msgid: "m1", at: 1 },
    password: "key",
    syncState: SyncState.READY,
    hasAskedWho: true,
  });
  room.hold(parse(":a!a@h PRIVMSG #r :hi"));
  room.loseConnection();
  const fresh = Object.assign(new Conversation("#r"), { position: { msgid: "m1", at: 1 }, password: "key" });
  assert.deepEqual(room, fresh);
});

test("held lines are bounded, and released once", () => {
  const room = new Conversation("#r");
  for (let n = 0; n < 1001; n += 1) room.hold(parse(`@msgid=m${n} :a!a@h PRIVMSG #r :hi`));
  assert.deepEqual(
    [room.held.length, room.holds(parse("@msgid=m1 X")), room.holds(parse("@msgid=m0 X"))],
    [1000, true, false],
  );
  assert.equal(room.releaseHeld().length, 1000);
  assert.deepEqual([room.syncState, room.held], [SyncState.READY, []]);
});
