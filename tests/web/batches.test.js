import assert from "node:assert/strict";
import { test } from "node:test";

import { Batches, joinLines, messagesOf } from "../../gateway/web/batches.js";
import { parse } from "../../gateway/web/irc.js";

const MULTILINE = [
  "@batch=h;msgid=m1 :a!a@h BATCH +1 draft/multiline #r",
  "@batch=1 :a!a@h PRIVMSG #r :one",
  "@batch=1;draft/multiline-concat :a!a@h PRIVMSG #r : more",
  "@batch=1 :a!a@h PRIVMSG #r :two",
  ":a!a@h BATCH -1",
].map(parse);

test("the lines of a batch are returned at its end (IRCv3 batch)", () => {
  const batches = new Batches();
  assert.equal(batches.handle(parse(":s BATCH +h chathistory #r")), null);
  assert.equal(batches.collects(parse("@batch=h :a!a@h PRIVMSG #r :hi")), true);
  assert.equal(batches.collects(parse(":a!a@h PRIVMSG #r :live")), false);
  const batch = batches.handle(parse(":s BATCH -h"));
  assert.deepEqual([batch.type, batch.target, batch.lines.length], ["chathistory", "#r", 1]);
});

test("the lines of a batch of another type are handled one by one", () => {
  const batches = new Batches();
  batches.handle(parse(":s BATCH +n netsplit a b"));
  assert.equal(batches.collects(parse("@batch=n :a!a@h QUIT :a b")), false);
  assert.equal(batches.handle(parse(":s BATCH -n")), null);
});

test("several lines are one message, also in a page of history (IRCv3 multiline)", () => {
  const lines = [parse("@msgid=m0 :b!b@h PRIVMSG #r :before"), ...MULTILINE];
  const messages = messagesOf({
    type: "chathistory",
    target: "#r",
    opening: parse(":s BATCH +h chathistory #r"),
    lines,
  });
  assert.deepEqual(
    messages.map(({ params }) => params[1]),
    ["before", "one more\ntwo"],
  );
  assert.equal(messages[1].tags.get("msgid"), "m1");
});

test("a batch without lines is no message", () => {
  assert.equal(joinLines({ type: "draft/multiline", target: "#r", opening: MULTILINE[0], lines: [] }), null);
});

test("a line has the label of its batch (IRCv3 labeled-response)", () => {
  const batches = new Batches();
  batches.handle(parse("@label=7 :s BATCH +w labeled-response"));
  assert.equal(batches.label(parse("@batch=w :s 318 anna ben :End")), "7");
  assert.equal(batches.label(parse(":s 318 anna ben :End")), "");
});
