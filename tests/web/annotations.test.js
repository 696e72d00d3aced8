import assert from "node:assert/strict";
import { test } from "node:test";

import { Annotations } from "../../gateway/web/annotations.js";

test("the newest reaction of a person counts, in whatever order they come (IRCv3 react)", () => {
  const annotations = new Annotations();
  const react = (isRemoved, at) => annotations.react({ msgid: "1", nick: "anna", reaction: "+", isRemoved, at });
  react(true, 20);
  react(false, 10);
  assert.deepEqual(annotations.reactionsTo("1"), []);
  react(false, 30);
  assert.deepEqual(annotations.reactionsTo("1"), [["+", ["anna"]]]);
});

test("the reactions to one message are bounded", () => {
  const annotations = new Annotations();
  for (let n = 0; n < 5000; n += 1) {
    annotations.react({ msgid: "1", nick: `n${n}`, reaction: `e${n % 100}`, isRemoved: false, at: 1 });
  }
  const found = annotations.reactionsTo("1");
  assert.equal(found.length, 20);
  assert.deepEqual([found[0][0], found[0][1].length], ["e0", 20]);
  assert.equal(annotations.reactions.get("1").size, 2000);
});

test("the messages with annotations are bounded", () => {
  const annotations = new Annotations();
  for (let n = 0; n < 2001; n += 1) annotations.redact(`m${n}`, "anna", "");
  assert.deepEqual([annotations.redactions.size, annotations.redactions.has("m0")], [2000, false]);
});

test("a redaction can be undone", () => {
  const annotations = new Annotations();
  annotations.redact("m1", "anna", "typo");
  assert.deepEqual(annotations.redactions.get("m1"), { nick: "anna", reason: "typo" });
  annotations.undoRedaction("m1");
  assert.equal(annotations.redactions.has("m1"), false);
});
