import assert from "node:assert/strict";
import { test } from "node:test";

import { withEmoji } from "../../gateway/web/emoji.js";
import { inline, parse } from "../../gateway/web/markup.js";
import { beginning, clean, mentions, withMentions } from "../../gateway/web/text.js";

// Repeated, each could make a parser read the same characters again and again.
const UNITS = ["!", "])", ")", ".x", "`", "`a\n", "```\n", "```x\n", "#", "#a ", "&", "*a ", "**a*b_c~~d", "> ", "- "];

for (const unit of [...UNITS, "\x02a", "\x11"]) {
  test(`the time to parse ${JSON.stringify(unit)} grows with its length only`, () => {
    // 300,000 characters: work for each pair of them would take hours.
    assert.ok(parse(`https://a.example/${unit.repeat(3e5 / unit.length)}`).length > 0);
  });
}

test("a mention is marked in text only, and its nick may have characters of regular expressions", () => {
  const spans = withMentions(inline("a|b[c: hi a|b[c2 **a|b[c** `a|b[c` #a|b[c"), "a|b[c");
  assert.deepEqual(
    spans.map(({ text, marks }) => [text, marks.join(" ")]),
    [
      ["a|b[c", "mention"],
      [": hi a|b[c2 ", ""],
      ["a|b[c", "bold mention"],
      [" ", ""],
      ["a|b[c", "code"],
      [" ", ""],
      ["#a|b[c", "room"],
    ],
  );
  assert.equal(mentions("hello A|B[C!", "a|b[c"), true);
  assert.equal(mentions("hello a|b[cd", "a|b[c"), false);
});

test("names of emoji are replaced, but not in code and not in times", () => {
  assert.equal(withEmoji(":+1: at 10:30:45 :nonsense:"), "👍 at 10:30:45 :nonsense:");
  assert.equal(withEmoji("`a[:x:]` :x:"), "`a[:x:]` ❌");
  assert.equal(withEmoji("```\n:x:\n"), "```\n:x:\n");
});

test("control characters and changes of the direction are removed", () => {
  assert.equal(clean("a\x02b\x0304,05c\x1b[31md\u202ee\nf"), "abcde\nf");
});

test("the beginning of a text does not end in half a character", () => {
  assert.equal(beginning("ab🎉", 3), "ab");
  assert.equal(beginning("ab🎉", 4), "ab🎉");
});
