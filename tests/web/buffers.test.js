import assert from "node:assert/strict";
import { test } from "node:test";

import { Buffers } from "../../gateway/web/buffers.js";
import { entryOf } from "../../gateway/web/entries.js";
import { parse } from "../../gateway/web/irc.js";

/** Buffers of "anna" with #r, which is current, and #other. */
function newBuffers() {
  const buffers = new Buffers();
  buffers.nick = "anna";
  buffers.show(buffers.open("#r"));
  buffers.open("#other");
  return buffers;
}

let clock = 0;

function entry(nick, text, tags = "") {
  clock += 1000;
  const line = parse(`@msgid=m${clock}${tags} :${nick}!u@h PRIVMSG #r :${text}`);
  return entryOf(line, clock, (each) => each === "anna");
}

const received = (conversation, nick, text) => ({ type: "Received", conversation, entry: entry(nick, text), id: "" });
const shown = (buffers, key = "#r") => buffers.byKey.get(key).shown.map(({ text }) => text);

test("messages elsewhere are unread, and mentions are counted", () => {
  const buffers = newBuffers();
  const addressed = [];
  buffers.onAddressed = (buffer, { text }) => addressed.push([buffer.name, text]);
  for (const text of ["hello", "anna: hello", "annabel"]) buffers.apply(received("#Other", "ben", text));
  buffers.apply(received("#other", "anna", "my own"));
  const { unread, mentions } = buffers.byKey.get("#other");
  assert.deepEqual([unread, mentions, buffers.unread, buffers.mentions], [3, 1, 3, 1]);
  assert.deepEqual(addressed, [["#other", "anna: hello"]]);
});

test("a message of a person opens a conversation, in which each one counts", () => {
  const buffers = newBuffers();
  buffers.apply(received("ben", "ben", "hi"));
  const buffer = buffers.byKey.get("ben");
  assert.deepEqual([buffer.isRoom, buffer.unread, buffer.mentions], [false, 1, 1]);
});

test("a person who sees the end of the conversation reads its messages", () => {
  const buffers = newBuffers();
  const read = [];
  buffers.onRead = (buffer) => read.push(buffer.readAt);
  buffers.watch(true);
  buffers.apply(received("#r", "ben", "hi"));
  assert.deepEqual([buffers.current.unread, read.at(-1)], [0, clock]);
  buffers.watch(false);
  buffers.apply(received("#r", "ben", "and?"));
  assert.equal(buffers.current.unread, 1);
  buffers.apply({ type: "ReadMarkerMoved", conversation: "#r", at: clock });
  assert.equal(buffers.current.unread, 0);
});

test("a message that is typed here is shown once, before and after it has arrived", () => {
  const buffers = newBuffers();
  const mine = { ...entry("anna", "mine"), id: "id1" };
  buffers.apply({ type: "Sent", target: "#r", id: "id1", entry: { ...mine, key: "id1", state: "waiting" } });
  assert.deepEqual(shown(buffers), ["mine"]);
  buffers.apply({ type: "Confirmed", conversation: "#r", id: "id1" });
  buffers.apply({ type: "Received", conversation: "#r", id: "id1", entry: mine });
  assert.deepEqual(shown(buffers), ["mine"]);
});

test("a failed message has its reason, and can be discarded", () => {
  const buffers = newBuffers();
  buffers.apply({ type: "Sent", target: "#r", id: "id1", entry: { ...entry("anna", "mine"), id: "id1" } });
  buffers.apply({ type: "Failed", target: "#r", id: "id1", reason: "no", unsent: { id: "id1" } });
  const [failed] = buffers.current.shown;
  assert.deepEqual([failed.state, failed.reason], ["failed", "no"]);
  buffers.discard(buffers.current, failed);
  assert.deepEqual(shown(buffers), []);
});

test("messages of ignored people are hidden and not counted", () => {
  const buffers = newBuffers();
  buffers.ignored.add("eve");
  buffers.apply(received("#other", "Eve", "anna: spam"));
  assert.equal(buffers.unread, 0);
  assert.equal(buffers.hides(buffers.byKey.get("#other").shown[0]), true);
  buffers.apply({ type: "TypingChanged", conversation: "#r", nick: "eve", state: "active", at: 0 });
  assert.equal(buffers.current.typing.size, 0);
});

test("typing ends with a message, and by itself after 6 seconds (IRCv3 typing)", () => {
  const buffers = newBuffers();
  const typing = (nick, state) => buffers.apply({ type: "TypingChanged", conversation: "#r", nick, state, at: 0 });
  typing("ben", "active");
  typing("cora", "active");
  typing("dora", "paused");
  buffers.apply(received("#r", "ben", "hi"));
  buffers.tick(6_000);
  assert.deepEqual([...buffers.current.typing.keys()], ["dora"]);
  typing("dora", "done");
  assert.equal(buffers.current.typing.size, 0);
});

test("a quit and a rename are shown in the rooms of the person only", () => {
  const buffers = newBuffers();
  buffers.apply({ type: "MembersListed", conversation: "#r", names: ["anna", "@ben"] });
  buffers.apply({ type: "MembersListed", conversation: "#other", names: ["anna"] });
  const rename = parse(":ben!u@h NICK bert");
  buffers.apply({ type: "Renamed", nick: "ben", newNick: "bert", isMine: false, message: rename, at: 5000 });
  const quit = parse(":bert!u@h QUIT :bye");
  buffers.apply({ type: "Quit", nick: "bert", reason: "bye", message: quit, at: 6000 });
  assert.deepEqual(
    buffers.current.shown.map(({ nick, text }) => `${nick} ${text}`),
    ["ben is now bert", "bert "],
  );
  assert.deepEqual(shown(buffers, "#other"), []);
  assert.deepEqual([...buffers.current.roster.byNick.keys()], ["anna"]);
});

test("a conversation follows the person who changes their nick", () => {
  const buffers = newBuffers();
  buffers.open("ben");
  buffers.apply({ type: "Renamed", nick: "ben", newNick: "bert", message: parse(":ben!u@h NICK bert"), at: 1 });
  assert.deepEqual([...buffers.byKey.keys()], ["#r", "#other", "bert"]);
});

test("a room that we are removed from stays with the reason, a room that we leave is closed", () => {
  const buffers = newBuffers();
  const left = { type: "Left", nick: "anna", isMine: true, reason: "" };
  buffers.apply({ ...left, conversation: "#r", by: "ben", reason: "too loud" });
  assert.deepEqual(shown(buffers), ["ben removed you: too loud."]);
  buffers.apply({ ...left, conversation: "#other", by: "" });
  assert.deepEqual([...buffers.byKey.keys()], ["#r"]);
});

test("an invitation has the room to join, for us only", () => {
  const buffers = newBuffers();
  const invited = { type: "Invited", conversation: "#new", nick: "ben", invitee: "cora", isMine: false };
  buffers.apply(invited);
  buffers.apply({ ...invited, invitee: "anna", isMine: true });
  assert.deepEqual(
    buffers.current.shown.map(({ invitation }) => invitation),
    ["#new"],
  );
});

test("notices from before the first conversation are shown in it", () => {
  const buffers = new Buffers();
  buffers.apply({ type: "ClientNotice", text: "The name is taken.", conversation: "" });
  buffers.show(buffers.open("#r"));
  assert.deepEqual(shown(buffers), ["The name is taken."]);
});

test("a deletion marks the message, and can be undone", () => {
  const buffers = newBuffers();
  buffers.apply(received("#r", "anna", "a mistake"));
  const [{ msgid }] = buffers.current.shown;
  buffers.apply({ type: "RedactionPending", conversation: "#r", nick: "anna", msgid });
  assert.deepEqual([buffers.current.annotations.redactions.size, buffers.current.shown[0].version], [1, 1]);
  buffers.apply({ type: "RedactionUndone", conversation: "#r", msgid });
  assert.equal(buffers.current.annotations.redactions.size, 0);
});

test("a page that failed, or has no older ones, is not requested again", () => {
  const buffers = newBuffers();
  const requested = [];
  const load = () => buffers.load(buffers.current, "older", entry("ben", "x"), (...page) => requested.push(page));
  load();
  load();
  assert.equal(requested.length, 1, "one at a time");
  buffers.apply({ type: "HistoryFailed", conversation: "#r", kind: "older" });
  assert.deepEqual([buffers.current.loading, buffers.current.viewport.hasOlder], ["", false]);
});

const loaded = (buffers, kind, entries, isLast = false) =>
  buffers.apply({ type: "HistoryLoaded", conversation: "#r", kind, entries, isLast });

test("pages of history are put where they belong", () => {
  const buffers = newBuffers();
  const [first, second, third, fourth] = ["1", "2", "3", "4"].map((text) => entry("ben", text));
  loaded(buffers, "latest", [second, third], false);
  loaded(buffers, "older", [first], true);
  assert.deepEqual([shown(buffers), buffers.current.viewport.hasOlder], [["1", "2", "3"], false]);
  loaded(buffers, "around", [first]);
  assert.deepEqual([shown(buffers), buffers.current.viewport.isAtEnd], [["1"], false]);
  loaded(buffers, "newer", [second, third, fourth], true);
  assert.deepEqual([shown(buffers), buffers.current.viewport.isAtEnd], [["1", "2", "3", "4"], true]);
});

test("messages of the latest page are unread after the read marker", () => {
  const buffers = newBuffers();
  const entries = ["1", "2", "3"].map((text) => entry("ben", text));
  buffers.current.readAt = entries[0].at;
  loaded(buffers, "latest", entries);
  assert.deepEqual([buffers.current.unread, buffers.current.marker], [2, entries[0].at]);
});

test("a first visit to a room has nothing unread", () => {
  const buffers = newBuffers();
  loaded(buffers, "latest", [entry("ben", "old")]);
  assert.equal(buffers.current.unread, 0);
});

test("the state of the network is what the events say", () => {
  const buffers = newBuffers();
  buffers.current.loading = "older";
  buffers.changed.clear();
  buffers.apply({ type: "ConnectionChanged", state: "connected", nick: "anna2", server: "one.example" });
  buffers.apply({ type: "NetworkNamed", network: "Test" });
  buffers.apply({ type: "LatencyMeasured", latencyMs: 12 });
  const { nick, server, network, latencyMs, current, changed } = buffers;
  assert.deepEqual([nick, server, network, latencyMs, current.loading], ["anna2", "one.example", "Test", 12, ""]);
  assert.equal(changed.has("state"), true);
});

test("members, modes, absence and the topic are those of their room", () => {
  const buffers = newBuffers();
  buffers.apply({ type: "Joined", conversation: "#r", nick: "anna", isMine: true });
  buffers.apply({ type: "Joined", conversation: "#r", nick: "ben", isMine: false });
  buffers.apply({ type: "ModesSet", conversation: "#r", nick: "anna", modes: ["+o", "ben"] });
  buffers.apply({ type: "ProfileChanged", nick: "ben", isAway: true });
  buffers.apply({ type: "TopicSet", conversation: "#r", topic: "The plan", nick: "ben" });
  const { isJoined, roster, topic } = buffers.current;
  assert.deepEqual(
    [isJoined, topic, roster.byNick.get("ben")],
    [true, "The plan", { nick: "ben", modes: "o", isAway: true }],
  );
  buffers.apply({ type: "Left", conversation: "#r", nick: "ben", by: "", reason: "", isMine: false });
  assert.deepEqual([...roster.byNick.keys()], ["anna"]);
  buffers.apply({ type: "JoinFailed", conversation: "#r" });
  assert.deepEqual([buffers.current.isJoined, buffers.current.roster.byNick.size], [false, 0]);
});

test("a WHOIS is shown as a card without control characters", () => {
  const buffers = newBuffers();
  const card = { title: "ben", note: "b@h", facts: [["Name", "Ben\x02"]] };
  buffers.apply({ type: "WhoisReceived", card });
  assert.deepEqual(buffers.current.shown[0].card.facts, [["Name", "Ben"]]);
});

test("a reaction changes its message", () => {
  const buffers = newBuffers();
  buffers.apply(received("#r", "ben", "hi"));
  const [{ msgid }] = buffers.current.shown;
  buffers.apply({ type: "Reacted", conversation: "#r", nick: "cora", msgid, reaction: "+1", isRemoved: false, at: 1 });
  assert.deepEqual(buffers.current.annotations.reactionsTo(msgid), [["+1", ["cora"]]]);
  assert.equal(buffers.current.shown[0].version, 1);
});

test("the pieces of a message that was cut replace it", () => {
  const buffers = newBuffers();
  const sent = (id, text, replaces) => {
    buffers.apply({ type: "Sent", target: "#r", id, replaces, entry: { ...entry("anna", text), id } });
  };
  sent("id1", "one\ntwo", "");
  sent("id1.0", "one", "id1");
  sent("id1.1", "two", "");
  assert.deepEqual(shown(buffers), ["one", "two"]);
});
