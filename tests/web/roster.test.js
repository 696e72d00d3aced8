import assert from "node:assert/strict";
import { test } from "node:test";

import { Roster } from "../../gateway/web/roster.js";

function listed(...names) {
  const roster = new Roster();
  roster.list(names);
  return roster;
}

const modes = (roster) => Object.fromEntries([...roster.byNick].map(([nick, member]) => [nick, member.modes]));

test("names have their prefixes, and user and host perhaps (IRCv3 multi-prefix, userhost-in-names)", () => {
  assert.deepEqual(modes(listed("@+anna", "+ben!b@h", "Cora")), { anna: "ov", ben: "v", cora: "" });
});

test("a new list keeps who is away", () => {
  const roster = listed("anna", "ben");
  assert.equal(roster.setAway("BEN", true), true);
  assert.equal(roster.setAway("ben", true), false);
  roster.list(["ben"]);
  assert.deepEqual([...roster.byNick.values()], [{ nick: "ben", modes: "", isAway: true }]);
});

test("o and v of a MODE line are applied, the parameters of others are skipped (CHANMODES=beI,k,l)", () => {
  const roster = listed("anna", "@ben", "cora");
  roster.setModes(["+bo-o+lvk", "*!*@bad", "anna", "ben", "10", "cora", "key"]);
  assert.deepEqual(modes(roster), { anna: "o", ben: "", cora: "v" });
  roster.setModes(["-l+o", "cora"]);
  assert.equal(modes(roster).cora, "vo");
  roster.setModes(["+o"]);
});

test("operators come first, then voices, then others, each by name", () => {
  const roster = listed("zoe", "+ben", "anna", "@olga", "+Abe");
  assert.deepEqual(
    roster.sorted().map(({ nick }) => nick),
    ["olga", "Abe", "ben", "anna", "zoe"],
  );
  assert.deepEqual(roster.beginningWith("A"), ["Abe", "anna"]);
});

test("a rename keeps the modes, and is none for a person who is not here", () => {
  const roster = listed("@anna");
  assert.equal(roster.rename("anna", "Nora"), true);
  assert.equal(roster.rename("anna", "x"), false);
  assert.deepEqual(modes(roster), { nora: "o" });
});
