import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../../gateway/web/irc.js";
import { sentence } from "../../gateway/web/phrases.js";
import { Replies } from "../../gateway/web/replies.js";

const take = (replies, ...lines) => lines.map((line) => replies.take(parse(`:s ${line}`)));

test("the lines of a WHOIS are one card", () => {
  const found = take(
    new Replies(),
    "311 anna ben b example.org * :Ben B",
    "319 anna ben :@#dev +#garden ",
    "312 anna ben one.example :A gateway",
    "301 anna ben :at lunch",
    "317 anna ben 90 0 :seconds idle",
    "671 anna ben :is using a secure connection",
    "318 anna ben :End of WHOIS",
  );
  assert.deepEqual(found.slice(0, -1), Array(6).fill(null));
  assert.deepEqual(found.at(-1), {
    type: "WhoisReceived",
    card: {
      title: "ben",
      note: "b@example.org",
      facts: [
        ["Name", "Ben B"],
        ["Rooms", "#dev #garden"],
        ["Gateway", "one.example (A gateway)"],
        ["Away", "at lunch"],
        ["Active", "1 min ago"],
        ["Connection", "encrypted"],
      ],
    },
  });
});

test("a WHOIS of nobody has no card", () => {
  assert.deepEqual(take(new Replies(), "401 anna ben :No such nick", "318 anna ben :End"), [undefined, null]);
});

test("the lines of a LIST are one list", () => {
  const found = take(
    new Replies(),
    "321 anna Channel :Users",
    "322 anna #dev 3 :Code",
    "322 anna #x 1 :",
    "323 anna :End",
  );
  assert.deepEqual(found.at(-1), {
    type: "RoomsListed",
    rooms: [
      { name: "#dev", count: 3, topic: "Code" },
      { name: "#x", count: 1, topic: "" },
    ],
  });
});

const SENTENCES = {
  "404 anna #r :Cannot send to channel": "You may not write in #r.",
  "474 anna #r :Cannot join channel (+b)": "You are banned from #r.",
  "303 anna :ben cora": "Connected now: ben, cora.",
  "303 anna :": "Nobody with that name is connected.",
  "730 anna :ben!b@h,cora!c@h": "Connected now: ben, cora.",
  "999 anna a b :words": "a b: words",
};

for (const [line, expected] of Object.entries(SENTENCES)) {
  test(`${line} is a sentence`, () => assert.equal(sentence(parse(`:s ${line}`)), expected));
}

test("what the page requested itself, and the counts of the greeting, are no sentences", () => {
  assert.equal(sentence(parse(":s 366 anna #r :End of NAMES")), null);
  const count = parse(":s 254 anna 1 :channels formed");
  assert.deepEqual([sentence(count, false), sentence(count, true)], [null, "There is 1 room."]);
});
