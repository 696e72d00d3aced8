/** The scripts of tests/client/scripts/session; the README.md there describes their format. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { parse } from "../../gateway/web/irc.js";
import { Session } from "../../gateway/web/session.js";
import { replyTags } from "../../gateway/web/tags.js";

const SCRIPTS = new URL("../client/scripts/session/", import.meta.url);
const START = Date.UTC(2026, 0, 1, 12);
const UNDO_MS = 5_000;

/** Event type -> its fields that are compared: the script's name, and the event's if it is another one. */
const COMPARED = {
  Sent: { id: "id", target: "target", text: "text", reply_to: "replyTo" },
  Received: { conversation: "conversation", nick: "nick", text: "text", msgid: "msgid", id: "id" },
  Failed: { id: "id", target: "target", text: "text" },
  Reacted: {
    conversation: "conversation",
    nick: "nick",
    msgid: "msgid",
    reaction: "reaction",
    is_removed: "isRemoved",
  },
  Redacted: { conversation: "conversation", nick: "nick", msgid: "msgid" },
  TypingChanged: { conversation: "conversation", nick: "nick", state: "state" },
  ReadMarkerMoved: { conversation: "conversation", at: "at" },
  Joined: { conversation: "conversation", nick: "nick" },
  Left: { conversation: "conversation", nick: "nick", by: "by", reason: "reason" },
  Quit: { nick: "nick", reason: "reason" },
  Renamed: { nick: "nick", new_nick: "newNick" },
  ModesSet: { conversation: "conversation", nick: "nick", modes: "modes" },
  TopicSet: { conversation: "conversation", topic: "topic", nick: "nick" },
  Invited: { conversation: "conversation", nick: "nick", invitee: "invitee" },
  ServerNotice: { code: "code" },
  PasswordRequired: { was_refused: "wasRefused" },
};

const ACTIONS = {
  say: (session, now, target, text) => session.say(target, text, {}, now),
  reply: (session, now, target, msgid, text) => session.say(target, text, replyTags(msgid), now),
  act: (session, now, target, text) => session.act(target, text, now),
  react: (session, now, target, msgid, reaction) => session.react(target, msgid, reaction, false, now),
  unreact: (session, now, target, msgid, reaction) => session.react(target, msgid, reaction, true, now),
  redact(session, now, target, msgid) {
    session.redactions.add(target, msgid, now);
    session.redactions.send(now + UNDO_MS);
  },
  type: (session, now, target, state) => session.type(target, state, now),
  mark_read: (session, now, target, time) => session.markRead(target, Date.parse(time), now),
  join: (session, now, room, key = "") => session.enter(room, key, now),
  leave: (session, _now, room) => session.leave(room),
  nick: (session, _now, nick) => session.rename(nick),
  query: (session, now, nick) => session.enter(nick, "", now),
  older: (session, now, target, msgid) => session.loadPage(target, "older", { msgid, at: now }, now),
  command: (session, _now, verb, ...params) => session.command(verb, params),
  password(session, _now, password) {
    session.password = password;
  },
};

/** The values of the names in a script: bound when they are first compared, inserted into all that follows. */
class Variables {
  values = new Map();

  fill(text) {
    const names = [...this.values.keys()].sort((a, b) => b.length - a.length);
    return names.reduce((filled, name) => filled.replaceAll(name, this.values.get(name)), text);
  }

  /** Compare a value with that of a script: "$name" binds it, "*" is any. */
  matches(expected, actual) {
    if (Array.isArray(expected)) {
      return expected.length === actual.length && expected.every((each, index) => this.matches(each, actual[index]));
    }
    if (typeof expected !== "string") return expected === actual;
    const filled = this.fill(expected);
    if (!filled.startsWith("$")) return filled === "*" || filled === actual;
    this.values.set(filled, actual);
    return true;
  }
}

class Run {
  constructor({ nick, conversations, password = "" }) {
    let count = 0;
    this.session = new Session(nick, conversations, () => `id${String((count += 1)).padStart(4, "0")}`);
    this.session.password = password;
    this.now = START;
    this.variables = new Variables();
  }

  play({ server = [], user, connection, wait_s: waitS = 0, lines = [], events = [] }) {
    for (const line of server) this.session.receive(this.variables.fill(line), this.now);
    if (user) {
      const [verb, ...words] = user.map((word) => this.variables.fill(word));
      ACTIONS[verb](this.session, this.now, ...words);
    }
    if (connection === "opened") this.session.connected(this.now);
    if (connection === "lost") this.session.disconnected(this.now);
    for (let second = 0; second < waitS; second += 1) {
      this.now += 1000;
      this.session.tick(this.now);
    }
    this.compareLines(lines);
    this.compareEvents(events);
  }

  compareLines(expected) {
    const sent = this.session.takeLines();
    const comparesPings = expected.some((line) => parse(line).verb === "PING");
    const found = sent.filter((line) => comparesPings || parse(line).verb !== "PING");
    assert.equal(found.length, expected.length, `lines: ${JSON.stringify(found)}`);
    for (const [index, line] of found.entries()) {
      const [wanted, message] = [parse(expected[index]), parse(line)];
      const names = (tags) => [...tags.keys()].sort();
      assert.deepEqual(names(message.tags), names(wanted.tags), `${expected[index]} / ${line}`);
      const values = (of) => [...names(of.tags).map((name) => of.tags.get(name)), of.verb, ...of.params];
      assert.ok(this.variables.matches(values(wanted), values(message)), `${expected[index]} / ${line}`);
    }
  }

  compareEvents(expected) {
    const found = this.session
      .takeEvents()
      .flatMap(received)
      .filter(({ type }) => type in COMPARED);
    assert.deepEqual(
      found.map(({ type }) => type),
      expected.map(({ type }) => type),
      JSON.stringify(found),
    );
    for (const [index, { type, ...fields }] of expected.entries()) {
      for (const [name, value] of Object.entries(fields)) {
        const wanted = name === "at" ? Date.parse(value) : value;
        const actual = found[index][COMPARED[type][name]];
        assert.ok(this.variables.matches(wanted, actual), `${type} ${name}: ${value} / ${actual}`);
      }
    }
  }
}

/** The messages of the first page of a conversation, which the page shows at once. */
function received(event) {
  if (event.type !== "HistoryLoaded" || event.kind !== "latest") return [event];
  const messages = event.entries.filter(({ kind }) => kind !== "event");
  return messages.map((entry) => ({ ...entry, type: "Received", conversation: event.conversation }));
}

const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, SCRIPTS), "utf8"));
const stepsOf = (name) => read(name).steps.flatMap((step) => (step.include ? stepsOf(step.include) : [step]));

for (const file of readdirSync(SCRIPTS).filter((each) => /^[^_].*\.json$/.test(each))) {
  const name = file.replace(".json", "");
  test(`${name}: ${read(name).about}`, () => {
    const run = new Run(read(name).session);
    for (const [number, step] of stepsOf(name).entries()) {
      try {
        run.play(step);
      } catch (error) {
        error.message = `step ${number}, ${JSON.stringify(step)}: ${error.message}`;
        throw error;
      }
    }
  });
}
