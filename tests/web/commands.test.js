import assert from "node:assert/strict";
import { test } from "node:test";

import { COMMANDS, run } from "../../gateway/web/commands.js";

/** What a text does: the actions that it calls, or the problem that it returns. */
function ran(text, room = "#r") {
  const calls = [];
  const known = { room, target: room || "ben" };
  const actions = new Proxy(known, {
    get: (_, name) => known[name] ?? ((...parameters) => void calls.push([name, ...parameters])),
  });
  return run(actions, text) ?? calls;
}

const EXAMPLES = {
  "hello :tada:": [["say", "hello 🎉"]],
  "//usr/bin": [["say", "/usr/bin"]],
  "/me waves": [["act", "waves"]],
  "/join dev secret": [["enter", "#dev", "secret"]],
  "/JOIN #dev": [["enter", "#dev", ""]],
  "/msg ben  hi there": [["query", "ben", "hi there"]],
  "/nick nora": [["rename", "nora"]],
  "/part": [["leave", "#r"]],
  "/part dev": [["leave", "#dev"]],
  "/kick ben too loud": [["command", "KICK", ["#r", "ben", "too loud"]]],
  "/topic": [["command", "TOPIC", ["#r"]]],
  "/topic The plan": [["command", "TOPIC", ["#r", "The plan"]]],
  "/mode +o ben": [["command", "MODE", ["#r", "+o", "ben"]]],
  "/away at lunch": [["command", "AWAY", ["at lunch"]]],
  "/invite ben": [["command", "INVITE", ["ben", "#r"]]],
  "/oper root": [["becomeOperator", "root", ""]],
  "/raw whois ben": [["command", "WHOIS", ["ben"]]],
  "/raw privmsg #r :hello there": [["command", "PRIVMSG", ["#r", "hello there"]]],
  "/raw away :": [["command", "AWAY", [""]]],
  "/list garden": [["findRoom", "garden"]],
};

for (const [text, expected] of Object.entries(EXAMPLES)) {
  test(`${text} runs`, () => assert.deepEqual(ran(text), expected));
}

test("a command without its parameters returns its usage", () => {
  for (const name of ["join", "me", "msg", "nick", "oper", "whois", "kick", "invite"]) {
    assert.equal(ran(`/${name}`), `Usage: /${name} ${COMMANDS[name].usage}`);
  }
});

test("a command that does not exist, or needs a room, says so", () => {
  assert.equal(ran("/nonsense"), "There is no command /nonsense. Try /help.");
  assert.equal(ran("/constructor"), "There is no command /constructor. Try /help.");
  assert.equal(ran("/topic x", ""), "Only rooms have topics.");
});
