import assert from "node:assert/strict";
import { test } from "node:test";

import { byteLength, casefold, format, nickOf, parse } from "../../gateway/web/irc.js";

const LINES = {
  "PING :token": [{}, "", "PING", ["token"]],
  ":a!b@c PRIVMSG #r :hello :there": [{}, "a!b@c", "PRIVMSG", ["#r", "hello :there"]],
  "@time=1;+x=a\\sb\\:c\\\\d\\ne;flag :s 001  me   :": [
    { time: "1", "+x": "a b;c\\d\ne", flag: "" },
    "s",
    "001",
    ["me", ""],
  ],
  "join #r": [{}, "", "JOIN", ["#r"]],
  "@a=1\\ X": [{ a: "1" }, "", "X", []],
};

for (const [line, expected] of Object.entries(LINES)) {
  test(`"${line}" is parsed (Modern IRC "Message Format", IRCv3 message-tags "Escaping values")`, () => {
    const { tags, source, verb, params } = parse(line);
    assert.deepEqual([Object.fromEntries(tags), source, verb, params], expected);
  });
}

test("a line without a verb is none", () => {
  for (const line of ["", " ", "@a=1", ":source", "@a=1 :source "]) assert.equal(parse(line), null);
});

test("lines are written and cannot become two", () => {
  const tags = { "+x": "a; b\n", y: "" };
  assert.equal(format("PRIVMSG", ["#r", "a\r\nQUIT"], tags), "@+x=a\\:\\sb\\n;y PRIVMSG #r :a  QUIT");
  assert.equal(format("JOIN", ["#r"]), "JOIN #r");
  assert.equal(format("TOPIC", ["#r", ""]), "TOPIC #r :");
  assert.equal(format("PING", [":x"]), "PING ::x");
});

test("only ASCII letters are casefolded", () => {
  assert.equal(casefold("#ÄBC[]"), "#Äbc[]");
});

test("a nick ends before the user and the host", () => {
  assert.deepEqual(["a!b@c", "a@c", "a"].map(nickOf), ["a", "a", "a"]);
});

test("bytes are those of UTF-8", () => {
  assert.equal(byteLength("ß🎉"), 6);
});
