import assert from "node:assert/strict";
import { test } from "node:test";

import { NOW, events, lines, newSession, page, register, said, texts } from "./session_at.js";

const SHORT_PAGES = ":s 005 anna CHATHISTORY=2 :are supported by this server";

/** A session that is in #r and has caught up with the message 1. */
function inRoom() {
  const session = newSession();
  register(session);
  lines(session, ":anna!a@h JOIN #r", ...page(said(1)));
  session.takeEvents();
  return session;
}

/** The same session on its next connection, after JOIN; returns the lines that it sends. */
function rejoined(session) {
  session.disconnected(NOW);
  register(session);
  return lines(session, SHORT_PAGES, ":anna!a@h JOIN #r");
}

const labelled = (line) => line.replace(/^@label=\S+ /, "");

test("a page around a message is requested by its msgid, or by its time (IRCv3 chathistory)", () => {
  const session = inRoom();
  assert.equal(session.loadPage("#R", "around", { msgid: "m7", at: 0 }, NOW), true);
  assert.equal(session.loadPage("#r", "older", { msgid: "m1", at: 0 }, NOW), false, "one request at a time");
  assert.deepEqual(session.takeLines().map(labelled), ["CHATHISTORY AROUND #r msgid=m7 100"]);
  lines(session, ...page(said(7)));
  session.loadPage("#r", "older", { msgid: "", at: 5000 }, NOW);
  assert.deepEqual(session.takeLines().map(labelled), ["CHATHISTORY BEFORE #r timestamp=1970-01-01T00:00:05.001Z 100"]);
  assert.deepEqual(
    events(session, "HistoryLoaded").map(({ kind, entries }) => [kind, entries.length]),
    [["around", 1]],
  );
});

test("the latest page is requested once, also when it replaces the entries shown", () => {
  const session = inRoom();
  session.loadLatest("#r", NOW);
  session.loadLatest("#r", NOW);
  assert.deepEqual(session.takeLines(), ["CHATHISTORY LATEST #r * 60"]);
});

test("after 20 pages of missed messages the latest page is requested instead", () => {
  const session = inRoom();
  let [request] = rejoined(session);
  let count = 0;
  while (request.includes(" AFTER ")) {
    count += 1;
    const number = (n) => `time=2026-01-02T00:00:00.000Z;msgid=p${count}-${n} :ben!b@h PRIVMSG #r :${n}`;
    [request] = lines(session, ...page(number(1), number(2)));
  }
  assert.deepEqual([count, request], [20, "CHATHISTORY LATEST #r * 2"]);
});

test("missed pages end where the live messages begin", () => {
  const session = inRoom();
  rejoined(session);
  lines(session, `@${said(3)}`, `@${said(4)}`);
  assert.deepEqual(lines(session, ...page(said(2), said(3))), []);
  assert.deepEqual(texts(session), ["2", "3", "4"]);
});

test("a request without an answer in 10 seconds has failed; by time it is tried again, then given up", () => {
  const session = inRoom();
  rejoined(session);
  lines(session, `@${said(3)}`);
  session.tick(NOW + 10_000);
  assert.match(session.takeLines().join(), /CHATHISTORY AFTER #r timestamp=/);
  session.tick(NOW + 20_000);
  assert.deepEqual(
    events(session, "ClientNotice").map(({ text }) => text),
    ["Messages that you missed in #r may not be shown: the gateway does not answer"],
  );
  assert.equal(session.conversations.get("#r").held.length, 0, "the live message is shown");
});

test("a failed request of the person ends, others are tried three times (FAIL CHATHISTORY)", () => {
  const session = inRoom();
  session.loadPage("#r", "older", { msgid: "m1", at: 0 }, NOW);
  lines(session, ":s FAIL CHATHISTORY MESSAGE_ERROR BEFORE #r :Not now");
  assert.deepEqual(
    events(session, "HistoryFailed").map(({ kind }) => kind),
    ["older"],
  );
  rejoined(session);
  for (let tries = 1; tries <= 3; tries += 1) {
    session.receive(":s FAIL CHATHISTORY MESSAGE_ERROR AFTER #r :Not now", NOW);
    session.tick(NOW + 2_000 * tries);
  }
  assert.equal(session.takeLines().filter((line) => line.includes("CHATHISTORY AFTER")).length, 2);
  assert.equal(events(session, "CaughtUp").length, 1);
});

test("without chathistory a room is ready at once", () => {
  const session = newSession();
  register(session, "batch message-tags server-time");
  assert.deepEqual(lines(session, ":anna!a@h JOIN #r"), []);
  assert.equal(session.loadPage("#r", "older", { msgid: "m1", at: 0 }, NOW), false);
});
