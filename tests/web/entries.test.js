import assert from "node:assert/strict";
import { test } from "node:test";

import { entryOf, infoEntry, pendingEntry } from "../../gateway/web/entries.js";
import { parse } from "../../gateway/web/irc.js";

const isMine = (nick) => nick === "anna";
const entry = (line) => entryOf(parse(line), 5000, isMine);

test("a message has its author, its time and its ids", () => {
  const { key, kind, nick, text, at, msgid, id, replyTo } = entry(
    "@time=1970-01-01T00:00:01.000Z;msgid=m1;+hubbub/id=i1;+draft/reply=m0 :ben!b@h PRIVMSG #r :a\x02b",
  );
  assert.deepEqual([key, kind, nick, text, at], ["m1", "message", "ben", "ab", 1000]);
  assert.deepEqual([msgid, id, replyTo], ["m1", "i1", "m0"]);
});

test("actions, notices and messages are different, and a CTCP request is none", () => {
  assert.equal(entry(":ben!b@h PRIVMSG #r :\x01ACTION waves\x01").kind, "action");
  assert.equal(entry(":ben!b@h PRIVMSG #r :\x01ACTION waves\x01").text, "waves");
  assert.equal(entry(":ben!b@h NOTICE #r :noted").kind, "notice");
  assert.equal(entry(":ben!b@h PRIVMSG #r :\x01VERSION\x01"), null);
});

const EVENTS = {
  "KICK #r cora :too loud": "removed cora (too loud)",
  "NICK bert": "is now bert",
  "TOPIC #r :The plan": "set the topic: The plan",
  "TOPIC #r :": "removed the topic",
  "MODE #r +o cora": "set mode +o cora",
  "INVITE cora #r": "invited cora to #r",
};

for (const [line, text] of Object.entries(EVENTS)) {
  test(`${line} is an event`, () => {
    const found = entry(`:ben!b@h ${line}`);
    assert.deepEqual([found.kind, found.text], ["event", text]);
  });
}

test("a join is the same event live, with an account (IRCv3 extended-join), and in the history", () => {
  const live = entry(":ben!b@h JOIN #r account :Ben B");
  assert.equal(live.event, entry(":ben!b@h JOIN #r").event);
  assert.deepEqual(live.memberChanges, [{ nick: "ben", change: "joined" }]);
});

test("other lines are no entries", () => {
  assert.equal(entry(":ben!b@h AWAY :lunch"), null);
});

test("a message that was typed here waits, under its id", () => {
  const unsent = { id: "i1", verb: "PRIVMSG", target: "#r", text: "hi", tags: { "+reply": "m0" }, isDoubtful: false };
  const { key, id, replyTo, state, isMine: mine, at } = pendingEntry(unsent, "anna", 7);
  assert.deepEqual([key, id, replyTo, state, mine, at], ["i1", "i1", "m0", "waiting", true, 7]);
});

test("the text of a notice has no control characters, and each one its own key", () => {
  const one = infoEntry("a\x02b", 1);
  assert.equal(one.text, "ab");
  assert.notEqual(one.key, infoEntry("a", 1).key);
});
