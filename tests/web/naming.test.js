import assert from "node:assert/strict";
import { test } from "node:test";

import { Naming, suggestNick } from "../../gateway/web/naming.js";

const newNaming = () => new Naming("anna", () => "0123456789");

test("a text becomes a valid nick (RFC 2812 2.3.1)", () => {
  assert.deepEqual(
    ["Änna B.", "7up", "", "日本", "a".repeat(40)].map((text) => suggestNick(text)),
    ["AnnaB", "_7up", "guest", "guest", "a".repeat(30)],
  );
});

test("a taken nick gets a suffix, and after some tries there is no next one", () => {
  const naming = newNaming();
  naming.begin();
  const tried = Array.from({ length: 6 }, () => naming.nextNick());
  assert.deepEqual(tried, [...Array(5).fill("anna_0123"), null]);
});

test("a nick that never was ours is given up for the one that we got", () => {
  const naming = newNaming();
  naming.begin();
  naming.registered("anna_0123", 0);
  assert.deepEqual([naming.wanted, naming.isReclaiming, naming.due(1e6)], ["anna_0123", false, null]);
});

test("a nick that was ours is requested each 3 seconds, for 90 seconds", () => {
  const naming = newNaming();
  naming.registered("anna", 0);
  naming.begin();
  naming.registered("anna_0123", 10_000);
  assert.deepEqual([naming.due(12_000), naming.due(13_000), naming.due(14_000)], [null, "anna", null]);
  assert.equal(naming.givesUp(99_000), false);
  assert.equal(naming.givesUp(100_000), true);
  assert.deepEqual([naming.wanted, naming.isReclaiming], ["anna_0123", false]);
});

test("a rename that we wished for is the nick from then on, another one is not", () => {
  const naming = newNaming();
  naming.registered("anna", 0);
  naming.renamed("session7");
  assert.deepEqual([naming.current, naming.wanted], ["session7", "anna"]);
  naming.typed = "Nora";
  naming.renamed("nora");
  assert.deepEqual([naming.current, naming.wanted], ["nora", "nora"]);
  assert.equal(naming.isMine("NORA"), true);
  assert.equal(naming.wasMine("anna"), true);
});
