import assert from "node:assert/strict";
import { test } from "node:test";

import { conversationsIn, fragmentOf } from "../../gateway/web/page_url.js";

test("a fragment names rooms and people", () => {
  assert.deepEqual(conversationsIn("#lobby,dev,@alice,%23x"), ["#lobby", "#dev", "alice", "#x"]);
  assert.deepEqual(["", "#", "#%E0%A4%A"].map(conversationsIn), [[], [], []]);
});

test("the fragment of a conversation names it again", () => {
  for (const name of ["#dev", "alice", "#a b", "##c", "#@d"])
    assert.deepEqual(conversationsIn(fragmentOf(name)), [name]);
});
