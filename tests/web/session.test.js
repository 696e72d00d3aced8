import assert from "node:assert/strict";
import { test } from "node:test";

import { NOW, events, lines, newSession, page, register, said, texts } from "./session_at.js";

test("a session begins, joins and reads the history (IRCv3 capability-negotiation)", () => {
  const session = newSession();
  assert.deepEqual(register(session), ["CAP END", "JOIN #r"]);
  assert.deepEqual(lines(session, ":anna!a@h JOIN #r"), ["CHATHISTORY LATEST #r * 60"]);
  lines(session, `@${said(3)}`);
  lines(session, ...page(said(1), said(2), said(3)));
  const pages = session.takeEvents().filter(({ type }) => type === "HistoryLoaded" || type === "Received");
  // The live line that is in the page, too, is shown once.
  assert.deepEqual(
    pages.map(({ entries }) => entries.map(({ text }) => text)),
    [["1", "2", "3"]],
  );
});

test("a short page of history is the last one, and one with the tag draft/chathistory-end", () => {
  const isLast = (opening, ...numbers) => {
    const session = newSession();
    register(session);
    lines(session, ":s 005 anna CHATHISTORY=2 :are supported by this server", ":anna!a@h JOIN #r");
    const [first, ...rest] = page(...numbers.map((n) => said(n)));
    lines(session, opening + first, ...rest);
    return events(session, "HistoryLoaded").at(-1).isLast;
  };
  assert.equal(isLast("", 1, 2), false);
  assert.equal(isLast("", 1), true);
  assert.equal(isLast("@draft/chathistory-end ", 1, 2), true);
});

test("after a reconnect the missed pages come first, then what has not arrived is sent again", () => {
  const session = newSession();
  register(session);
  lines(session, ":anna!a@h JOIN #r", ...page(said(1)));
  session.say("#r", "arrived", {}, NOW);
  session.say("#r", "lost", {}, NOW);
  const lost = "@+hubbub/id=id2;label=id2 PRIVMSG #r :lost";
  assert.deepEqual(session.takeLines(), ["@+hubbub/id=id1;label=id1 PRIVMSG #r :arrived", lost]);
  session.takeEvents();
  session.disconnected(NOW);
  register(session);
  lines(session, ":s 005 anna CHATHISTORY=2 :are supported by this server");
  assert.deepEqual(lines(session, ":anna!a@h JOIN #r"), ["CHATHISTORY AFTER #r msgid=m1 2"]);
  lines(session, `@${said(9)}`);
  const echo = "time=2026-01-01T00:00:03.000Z;msgid=m3;+hubbub/id=id1 :anna!a@h PRIVMSG #r :arrived";
  assert.deepEqual(lines(session, ...page(said(2), echo)), ["CHATHISTORY AFTER #r msgid=m3 2"]);
  assert.deepEqual(lines(session, ...page()), [lost]);
  assert.deepEqual(texts(session), ["2", "arrived", "9"]);
});

test("an error names its message by its label (IRCv3 labeled-response, standard-replies)", () => {
  const session = newSession();
  register(session);
  lines(session, ":anna!a@h JOIN #r", ...page());
  session.say("#r", "one", {}, NOW);
  session.say("#r", "two", {}, NOW);
  lines(session, "@label=id2 :s 404 anna #r :Cannot send to channel", "@label=id1 FAIL PRIVMSG AWAY #r :later");
  assert.deepEqual(
    events(session, "Failed").map(({ id, reason }) => [id, reason]),
    [
      ["id2", "You may not write in #r."],
      ["id1", "later"],
    ],
  );
});

test("several lines are one message if the gateway accepts that (IRCv3 multiline)", () => {
  const session = newSession();
  register(
    session,
    "batch draft/multiline=max-bytes=4096,max-lines=5 echo-message labeled-response message-tags server-time",
  );
  lines(session, ":anna!a@h JOIN #r");
  session.say("#r", `a\n\n${"x".repeat(400)}`, {}, NOW);
  const sent = session.takeLines();
  assert.equal(sent[0], "@+hubbub/id=id1;label=id1 BATCH +id1 draft/multiline #r");
  assert.deepEqual(sent.slice(1, 3), ["@batch=id1 PRIVMSG #r :a", "@batch=id1 PRIVMSG #r :"]);
  assert.match(sent[4], /^@batch=id1;draft\/multiline-concat PRIVMSG #r :xx/);
  assert.equal(sent[5], "BATCH -id1");
  lines(
    session,
    "@msgid=m;time=2026-01-01T00:00:00.000Z;+hubbub/id=id1 :anna!a@h BATCH +9 draft/multiline #r",
    "@batch=9 :anna!a@h PRIVMSG #r :a",
    "@batch=9 :anna!a@h PRIVMSG #r :",
    "@batch=9 :anna!a@h PRIVMSG #r :b ",
    "@batch=9;draft/multiline-concat :anna!a@h PRIVMSG #r :c",
    ":anna!a@h BATCH -9",
  );
  assert.deepEqual(texts(session), ["a\n\nb c"]);
  assert.equal(session.unconfirmed, 0);
});

test("a nick that was ours is requested again: our dead session holds it until the lease ends", () => {
  const session = newSession();
  register(session);
  session.disconnected(2000);
  session.connected(2000);
  assert.equal(lines(session, ":s 433 * anna :Nickname is already in use").at(-1), "NICK anna_id1");
  lines(session, ":s 001 anna_id1 :Welcome");
  session.tick(2500);
  assert.deepEqual(
    session.takeLines().filter((line) => line.startsWith("NICK")),
    [],
  );
  session.tick(9000);
  assert.ok(session.takeLines().includes("NICK anna"));
  lines(session, ":anna_id1!a@h NICK anna");
  session.tick(20_000);
  assert.equal(session.naming.current, "anna");
});

test("a silent connection is given up, a connection that answers PINGs is not", () => {
  const session = newSession();
  register(session);
  for (let now = NOW; now <= NOW + 59_000; now += 1000) session.tick(now);
  assert.equal(session.isDead, false);
  const ping = session.takeLines().find((line) => line.startsWith("PING "));
  session.receive(`:s PONG s :${ping.slice(5)}`, NOW + 59_000);
  session.tick(NOW + 61_000);
  assert.equal(session.isDead, false);
  session.tick(NOW + 119_000);
  assert.equal(session.isDead, true);
});

test("a deletion is sent after some seconds, unless it is undone", () => {
  const session = newSession();
  register(session);
  session.redactions.add("#r", "m1", NOW);
  session.redactions.add("#r", "m2", NOW);
  session.redactions.undo();
  session.redactions.add("#r", "m3", NOW);
  session.tick(NOW + 4000);
  assert.deepEqual(
    session.takeLines().filter((line) => line.startsWith("REDACT")),
    [],
  );
  session.tick(NOW + 5000);
  assert.deepEqual(
    session.takeLines().filter((line) => line.startsWith("REDACT")),
    ["REDACT #r m3"],
  );
  session.receive(":s FAIL REDACT REDACT_FORBIDDEN #r m3 :Not yours", NOW + 5000);
  assert.deepEqual(
    events(session, "RedactionUndone").map(({ msgid }) => msgid),
    ["m1", "m2", "m3"],
  );
});

test("a failed message is sent again with the same id", () => {
  const session = newSession();
  register(session);
  lines(session, ":anna!a@h JOIN #r", ...page());
  session.say("#r", "hello", {}, NOW);
  const [sent] = session.takeLines();
  lines(session, "@label=id1 :s 404 anna #r :Cannot send to channel");
  const [{ unsent }] = events(session, "Failed");
  session.sendAgain(unsent, NOW);
  assert.deepEqual(session.takeLines(), [sent]);
});

test("a command needs a connection, a nick is kept for the next one", () => {
  const session = newSession();
  session.command("WHOIS", ["ben"]);
  session.rename("nora");
  assert.equal(events(session, "ClientNotice").length, 1);
  session.connected(NOW);
  assert.ok(session.takeLines().includes("NICK nora"));
});

test("the message of the day is shown on request only", () => {
  const session = newSession();
  register(session);
  const motd = [":s 375 anna :- Message", ":s 372 anna :- Hello", ":s 376 anna :End"];
  lines(session, ...motd);
  assert.deepEqual(events(session, "ServerNotice"), []);
  session.command("MOTD", []);
  lines(session, ...motd);
  assert.deepEqual(
    events(session, "ServerNotice").map(({ text }) => text),
    ["- Hello"],
  );
});

test("leaving a room sends PART, closing a conversation with a person sends nothing", () => {
  const session = newSession(["#r", "ben"]);
  register(session);
  session.leave("#R", "bye");
  session.leave("ben");
  session.leave("#unknown");
  assert.deepEqual(session.takeLines(), ["PART #r bye"]);
  assert.equal(session.conversations.size, 0);
});

test("the gateway's reason for closing is known until the next connection", () => {
  const session = newSession();
  register(session);
  lines(session, "ERROR :Closing link: shutting down");
  assert.deepEqual([session.isDead, session.problem], [true, "Closing link: shutting down"]);
  session.connected(NOW);
  assert.deepEqual([session.isDead, session.problem], [false, ""]);
});

test("a room is joined with its key, again after 10 seconds without an answer", () => {
  const session = newSession([]);
  session.enter("#key", "secret");
  assert.deepEqual(register(session), ["CAP END", "JOIN #key secret"]);
  session.tick(NOW + 9_000);
  assert.deepEqual(
    session.takeLines().filter((line) => line.startsWith("JOIN")),
    [],
  );
  session.tick(NOW + 10_000);
  assert.deepEqual(
    session.takeLines().filter((line) => line.startsWith("JOIN")),
    ["JOIN #key secret"],
  );
});

test("an ignored person starts no conversation", () => {
  const session = newSession();
  register(session);
  session.messaging.ignored.add("eve");
  lines(session, ":Eve!e@h PRIVMSG anna :spam", ":ben!b@h PRIVMSG anna :hi");
  assert.deepEqual(
    events(session, "ConversationStarted").map(({ conversation }) => conversation),
    ["ben"],
  );
});
