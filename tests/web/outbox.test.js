import assert from "node:assert/strict";
import { test } from "node:test";

import { OUTBOX_LIMIT, Outbox } from "../../gateway/web/outbox.js";

const unsent = (id, target = "#r") => ({ id, verb: "PRIVMSG", target, text: id, tags: {}, isDoubtful: false });
const ids = (messages) => messages.map(({ id }) => id);
const always = () => true;

test("messages are launched in their order, at most 16 at once, to targets that are ready", () => {
  const outbox = new Outbox();
  outbox.put(unsent("other", "#not-ready"));
  for (let n = 0; n < 20; n += 1) outbox.put(unsent(`${n}`));
  const first = ids(outbox.launch((target) => target === "#r"));
  assert.deepEqual(
    first,
    Array.from({ length: 16 }, (_, n) => `${n}`),
  );
  assert.deepEqual(outbox.launch(always), []);
  outbox.remove("3");
  assert.deepEqual(ids(outbox.launch(always)), ["other"]);
  assert.equal(outbox.size, 20);
});

test("after a lost connection the messages in flight come first, and are doubtful", () => {
  const outbox = new Outbox();
  outbox.put(unsent("a"));
  outbox.launch(always);
  outbox.put(unsent("b", "ben"));
  outbox.loseConnection();
  assert.deepEqual([...outbox.waiting.keys()], ["a", "b"]);
  assert.equal(outbox.sentTo("#R").id, "a");
  assert.equal(outbox.sentTo("ben"), undefined);
});

test("a message is removed once", () => {
  const outbox = new Outbox();
  outbox.put(unsent("a"));
  assert.equal(outbox.has("a"), true);
  assert.equal(outbox.remove("a").id, "a");
  assert.equal(outbox.remove("a"), undefined);
});

test("an outbox has a bound", () => {
  const outbox = new Outbox();
  for (let n = 0; n < OUTBOX_LIMIT; n += 1) outbox.put(unsent(`${n}`));
  assert.equal(outbox.isFull, true);
});
