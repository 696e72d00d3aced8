import assert from "node:assert/strict";
import { test } from "node:test";

import { compose, cut, linesOf, parseLimits } from "../../gateway/web/composing.js";
import { byteLength, format } from "../../gateway/web/irc.js";

const LIMITS = { maxBytes: 4096, maxLines: 24 };

test("long texts are cut between words and never inside a character (IRCv3 multiline)", () => {
  const text = "word ".repeat(50) + "ß🎉".repeat(100);
  const pieces = cut(text, 100);
  assert.equal(pieces.join(""), text);
  assert.ok(pieces.every((piece) => byteLength(piece) <= 100));
  assert.ok(pieces.slice(0, 2).every((piece) => piece.endsWith(" ")));
});

test("without multiline each line is a message, and empty lines are none", () => {
  assert.deepEqual(compose("PRIVMSG", "#r", "a\r\n\n b \n", null), ["a", " b "]);
});

test("with multiline all lines are one message, as far as its limits go", () => {
  assert.deepEqual(compose("PRIVMSG", "#r", "a\n\n  b", LIMITS), ["a\n\n  b"]);
  const messages = compose("PRIVMSG", "#r", Array(60).fill("line").join("\n"), LIMITS);
  assert.deepEqual(
    messages.map((message) => message.split("\n").length),
    [24, 24, 12],
  );
});

test("each piece of an action is an action", () => {
  const messages = compose("PRIVMSG", "#r", `\x01ACTION ${"waves ".repeat(100)}\x01`, LIMITS);
  assert.equal(messages.length, 2);
  assert.ok(messages.every((message) => /^\x01ACTION waves.*\x01$/.test(message)));
});

test("a line fits into 512 bytes when it is relayed, whatever the target is", () => {
  for (const target of ["#r", "n".repeat(30)]) {
    const source = `:${"n".repeat(30)}!${"u".repeat(20)}@${"h".repeat(63)} `;
    for (const text of compose("PRIVMSG", target, "ß".repeat(2000), null)) {
      assert.ok(byteLength(`${source}${format("PRIVMSG", [target, text])}\r\n`) <= 512);
    }
  }
  assert.equal(compose("PRIVMSG", "n".repeat(600), "abcdefgh", null).join(""), "abcdefgh");
});

test("the lines of a batch carry its reference, and the batch the tags", () => {
  const message = { verb: "PRIVMSG", params: ["#r", `a\n${"x".repeat(400)}`], tags: { label: "1" } };
  const lines = linesOf(message, LIMITS, "ref");
  assert.deepEqual(lines[0], { verb: "BATCH", params: ["+ref", "draft/multiline", "#r"], tags: { label: "1" } });
  assert.deepEqual(lines[1].tags, { batch: "ref" });
  assert.deepEqual(lines[3].tags, { batch: "ref", "draft/multiline-concat": "" });
  assert.deepEqual(lines.at(-1), { verb: "BATCH", params: ["-ref"], tags: {} });
});

test("a message that needs a batch does not fit where there is none, or a smaller one", () => {
  const message = { verb: "PRIVMSG", params: ["#r", "a\nb\nc"], tags: {} };
  assert.equal(linesOf(message, null, "ref"), null);
  assert.equal(linesOf(message, { maxBytes: 4096, maxLines: 2 }, "ref"), null);
});

test("limits that allow nothing of use are none", () => {
  assert.deepEqual(parseLimits("max-bytes=4096,max-lines=24"), LIMITS);
  assert.deepEqual(parseLimits("max-bytes=40000"), { maxBytes: 40_000, maxLines: 100 });
  assert.deepEqual(["", "max-bytes=1", "max-bytes=4096,max-lines=1", "max-bytes=x"].map(parseLimits), [
    null,
    null,
    null,
    null,
  ]);
});
