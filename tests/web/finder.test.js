import assert from "node:assert/strict";
import { test } from "node:test";

import { find } from "../../gateway/web/finder.js";

const LISTED = [
  { name: "#dev", count: 3, topic: "Code" },
  { name: "#devices", count: 9, topic: "" },
  { name: "#garden", count: 1, topic: "No developers here" },
];
const OPEN = [
  { name: "#garden", isRoom: true },
  { name: "Dev_ben", isRoom: false },
];
const names = (text, people = []) => find(text, LISTED, OPEN, people).map(({ name }) => name);

test("an exact name comes first, then beginnings, then parts, then topics", () => {
  assert.deepEqual(names("dev"), ["#dev", "Dev_ben", "#devices", "#garden", "dev"]);
});

test("# finds rooms only, @ finds people only", () => {
  assert.deepEqual(names("#dev"), ["#dev", "#devices", "#garden"]);
  assert.deepEqual(names("@dev"), ["Dev_ben", "dev"]);
});

test("a name that is not known can be created or written to", () => {
  const choices = find("nobody", LISTED, OPEN, []);
  assert.deepEqual(
    choices.map(({ name, isRoom, isKnown }) => [name, isRoom, isKnown]),
    [
      ["#nobody", true, false],
      ["nobody", false, false],
    ],
  );
  assert.deepEqual(names("no, body"), []);
});

test("a person is found once, whatever the case of the letters", () => {
  assert.equal(names("@dev_ben", ["DEV_BEN"]).length, 1);
});

test("the list is bounded", () => {
  const people = Array.from({ length: 500 }, (_, n) => `person${n}`);
  assert.equal(find("person", [], [], people).length, 62);
});
