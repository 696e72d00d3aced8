/**
 * What a session makes of each line that the gateway says: a table, verb -> handler. Pure.
 */

import { Batches, joinLines } from "./batches.js";
import { fold, nickOf } from "./irc.js";
import { Presence, positionOf } from "./places.js";
import { sentence } from "./replies.js";

const JOIN_REFUSED = new Set(["403", "405", "471", "473", "474", "475", "476"]);
const NICK_REFUSED = new Set(["432", "433", "436", "437"]);
const MESSAGE_REFUSED = new Set(["401", "403", "404", "407"]);
const WRONG_PASSWORD = "464";

function onPing(session, { params }) {
  session.exchange.send("PONG", params);
}

function onPong(session, { params }, now) {
  const { ping } = session;
  if (!ping || params.at(-1) !== ping.token) return;
  session.ping = null;
  session.exchange.emit("latency", { ms: now - ping.at });
  if (!ping.isPromise) return;
  session.flightBeganAt = now;
  session.speech.settle(ping.ids, now);
}

function onCap(session, { params }) {
  session.exchange.lines.push(...session.exchange.registration.handle(params[1].toUpperCase(), params.slice(2)));
}

function onWelcome(session, { params, source }, now) {
  session.exchange.isRegistered = true;
  session.naming.registered(params[0], now);
  session.exchange.emit("registered", { nick: params[0], server: source });
  if (session.naming.isReclaiming) {
    const { wanted, current } = session.naming;
    const holder = "by a lost connection of yours, or on another device";
    session.exchange.tell(`The name ${wanted} is in use, ${holder}. You are ${current} until it is free.`);
  }
  session.pingedAt = -Infinity; // the latency is told at once
  for (const place of session.places.values()) session.arrive(place, now);
}

function onIsupport(session, { params }) {
  for (const token of params.slice(1, -1)) {
    const [key, value = ""] = token.split("=");
    if (key === "CHATHISTORY" && Number(value) > 0) session.history.pageLimit = Number(value);
    const escaped = /\\x([0-9A-F]{2})/gi;
    const network = value.replace(escaped, (_, code) => String.fromCharCode(parseInt(code, 16)));
    if (key === "NETWORK") session.exchange.emit("network", { network });
    if (key === "hubbub/LOBBY" && value) session.exchange.emit("lobby", { room: value });
  }
}

/** The gateway's last word (RFC 2812 3.7.4). */
function onError(session, { params }) {
  session.lastError = params.at(-1);
  session.isDead = true;
}

function onBatch(session, message, now) {
  const batch = session.batches.handle(message);
  if (batch?.type === "chathistory") {
    const parts = new Batches();
    const lines = [];
    for (const line of batch.lines) lines.push(...whole(parts, line));
    session.history.onBatch({ ...batch, lines }, now);
  } else if (batch) {
    const joined = joinLines(batch);
    if (joined && !session.batches.collects(joined)) session.handle(joined, now);
  }
}

/** Messages of several lines inside a page of history. */
function whole(parts, line) {
  if (line.verb !== "BATCH") return parts.collects(line) ? [] : [line];
  const batch = parts.handle(line);
  const joined = batch && joinLines(batch);
  return joined ? [joined] : [];
}

function onMessage(session, message, now) {
  if (session.speech.isWaitedFor(message) && !session.isByMe(message)) {
    session.speech.onRefused(message); // a NOTICE, where the gateway has no better words
    return;
  }
  if (message.verb === "TAGMSG" && message.tags.has("+typing")) onTyping(session, message, now);
  const isFromServer = !message.source.includes("!") || message.params[0] === "*";
  const place = session.placeOf(message);
  const isUnwanted = place && !session.places.has(place.key) && session.ignored.has(place.key);
  if (isFromServer) session.exchange.tell(message.params.at(-1));
  else if (place && !isUnwanted) session.speech.take(keep(session, place, message, now), message, now);
}

/** A person who writes to us is a place from then on, unless only tags came. */
function keep(session, place, message, now) {
  if (message.verb === "TAGMSG" || session.places.has(place.key)) return place;
  place.presence = Presence.READY;
  session.places.set(place.key, place);
  session.exchange.emit("met", { place: place.key, name: place.name });
  return place;
}

function onTyping(session, message, now) {
  const place = session.placeOf(message);
  if (!place || session.isByMe(message)) return;
  const state = message.tags.get("+typing");
  session.exchange.emit("typing", { place: place.key, nick: nickOf(message.source), state, at: now });
}

function onNick(session, message, now) {
  const nick = nickOf(message.source);
  const isMine = session.isByMe(message);
  if (isMine) session.naming.renamed(message.params[0]);
  const place = session.places.get(fold(nick));
  if (place && !session.places.has(fold(message.params[0]))) {
    session.places.delete(place.key);
    Object.assign(place, { name: message.params[0], key: fold(message.params[0]) });
    session.places.set(place.key, place);
  }
  session.exchange.emit("renamed", { nick, to: message.params[0], isMine, message, at: now });
}

function onNickRefused(session, message, now) {
  const { naming, exchange } = session;
  if (!session.isRegistered) {
    const refused = naming.current;
    const nick = naming.refused();
    if (nick === null) {
      session.lastError = message.params.at(-1);
      return;
    }
    if (!naming.wasOurs) exchange.tell(`The name ${refused} is taken. You are ${nick} for now.`);
    exchange.send("NICK", [nick]);
  } else if (!naming.isReclaiming || fold(message.params[1]) !== fold(naming.wanted)) {
    exchange.tell(sentence(message));
  } else if (naming.stillTaken(now)) {
    exchange.tell(`Your old name is still taken: you stay ${naming.current}.`);
  }
}

function onJoin(session, message, now) {
  const [name] = message.params;
  if (session.isByMe(message)) onOwnJoin(session, message, now);
  const place = session.places.get(fold(name));
  if (!place) return;
  session.exchange.emit("member", { place: place.key, nick: nickOf(message.source) });
  if (!session.isByMe(message)) session.speech.take(place, message, now);
}

function onOwnJoin(session, message, now) {
  const place = session.place(message.params[0]);
  if (place.presence !== Presence.AWAITED) return;
  const isFirst = !place.wasJoined;
  Object.assign(place, { name: message.params[0], wasJoined: true });
  session.exchange.emit("joined", { place: place.key, name: place.name, isFirst });
  session.history.begin(place, now);
  place.position ??= positionOf(message, now);
  if (session.can("away-notify")) session.exchange.send("WHO", [place.name]);
}

function onPart(session, message, now) {
  const [name, reason = ""] = message.params;
  gone(session, name, nickOf(message.source), message, now, reason);
}

function onKick(session, message, now) {
  const [name, nick, reason = ""] = message.params;
  gone(session, name, nick, message, now, `${nickOf(message.source)} removed you${reason ? `: ${reason}` : ""}.`);
}

function gone(session, name, nick, message, now, reason) {
  const place = session.places.get(fold(name));
  if (session.naming.isMine(nick)) {
    session.places.delete(fold(name));
    session.exchange.emit("left", { place: fold(name), reason: message.verb === "KICK" ? reason : "" });
  } else if (place) {
    session.exchange.emit("member-gone", { place: place.key, nick });
    session.speech.take(place, message, now);
  }
}

/** RFC 2812 3.2.7: somebody invites us, or (IRCv3 invite-notify) another one. */
function onInvite(session, message) {
  const [nick, room] = message.params;
  if (session.naming.isMine(nick)) session.exchange.emit("invited", { nick: nickOf(message.source), room });
}

function onQuit(session, message, now) {
  session.exchange.emit("quit", { nick: nickOf(message.source), message, at: now });
}

function onAway(session, message) {
  session.exchange.emit("away", { nick: nickOf(message.source), isAway: message.params.length > 0 });
}

/** TOPIC in a room, or RPL_TOPIC. */
function onTopic(session, message, now) {
  const [name, topic] = message.params.slice(-2);
  const place = session.places.get(fold(name));
  session.exchange.emit("topic", { place: fold(name), topic });
  if (place && message.verb === "TOPIC") session.speech.take(place, message, now);
}

function onMode(session, message, now) {
  const place = session.places.get(fold(message.params[0]));
  if (!place) return;
  session.exchange.emit("modes", { place: place.key, modes: message.params[1] ?? "", params: message.params.slice(2) });
  session.speech.take(place, message, now);
}

function onNames(session, { params }) {
  session.exchange.emit("names", { place: fold(params[2]), names: params[3].split(" ").filter(Boolean) });
}

function onEndOfNames(session, { params }) {
  session.exchange.emit("names-end", { place: fold(params[1]) });
}

/** RPL_WHOREPLY: here or gone. */
function onWho(session, { params }) {
  session.exchange.emit("away", { nick: params[5], isAway: params[6].startsWith("G") });
}

function onRedact(session, message, now) {
  const place = session.placeOf(message);
  if (place) session.speech.annotate(place, message, now);
}

function onMarkRead(session, { params: [target, mark] }) {
  const at = Date.parse(mark.replace("timestamp=", ""));
  if (at) session.exchange.emit("read", { place: fold(target), at });
}

/** IRCv3 standard-replies. */
function onFail(session, message, now) {
  const { params } = message;
  const verb = params[0].toUpperCase();
  if (session.speech.isWaitedFor(message)) session.speech.onRefused(message);
  else if (verb === "PING" && session.ping) session.ping.isPromise = false;
  else if (verb === "CHATHISTORY") session.history.onRefused(params, now);
  else if (verb === "REDACT" && params.length > 4) session.onRedactRefused(params);
  else if (verb === "MARKREAD")
    return; // best effort
  else if (!["PRIVMSG", "TAGMSG", "BATCH"].includes(verb) || !session.speech.onRefused(message)) {
    session.exchange.tell(params.at(-1));
  }
}

function onMotd(session, { params }) {
  if (session.showsMotd) session.exchange.tell(params.at(-1));
}

/** RPL_ENDOFMOTD or ERR_NOMOTD: the last line of the greeting too. */
function onEndOfMotd(session, message) {
  if (message.verb === "422") onMotd(session, message);
  session.showsMotd = false;
  session.isGreeted = true;
}

/** A numeric: the refusal of something that we asked for, or a line to read. */
function onOther(session, message, now) {
  const { verb, params } = message;
  const place = session.places.get(fold(params[1] ?? ""));
  if (!/^\d{3}$/.test(verb) || session.replies.take(message, (...event) => session.exchange.emit(...event))) return;
  if (verb === WRONG_PASSWORD && !session.isRegistered) session.exchange.emit("password-refused");
  else if (NICK_REFUSED.has(verb) && !place?.isRoom) onNickRefused(session, message, now);
  else if (JOIN_REFUSED.has(verb) && place?.presence === Presence.AWAITED) onJoinRefused(session, place, message);
  else if (MESSAGE_REFUSED.has(verb) || (verb >= "400" && session.speech.isWaitedFor(message))) {
    if (!session.speech.onRefused(message)) session.exchange.tell(sentence(message));
  } else {
    const words = sentence(message, session.isGreeted);
    if (words) session.exchange.tell(words);
  }
}

function onJoinRefused(session, place, message) {
  session.places.delete(place.key);
  session.exchange.emit("left", { place: place.key, reason: sentence(message) });
}

/** Verb -> handler, and the parameters that a line must have to be looked at. */
const HANDLERS = {
  PING: [onPing, 0],
  PONG: [onPong, 1],
  CAP: [onCap, 3],
  ERROR: [onError, 1],
  NICK: [onNick, 1],
  JOIN: [onJoin, 1],
  PART: [onPart, 1],
  KICK: [onKick, 2],
  QUIT: [onQuit, 0],
  INVITE: [onInvite, 2],
  AWAY: [onAway, 0],
  TOPIC: [onTopic, 2],
  MODE: [onMode, 1],
  PRIVMSG: [onMessage, 2],
  NOTICE: [onMessage, 2],
  TAGMSG: [onMessage, 1],
  BATCH: [onBatch, 1],
  REDACT: [onRedact, 2],
  MARKREAD: [onMarkRead, 2],
  FAIL: [onFail, 3],
  "001": [onWelcome, 1],
  "005": [onIsupport, 2],
  332: [onTopic, 3],
  352: [onWho, 7],
  353: [onNames, 4],
  366: [onEndOfNames, 2],
  372: [onMotd, 2],
  376: [onEndOfMotd, 0],
  422: [onEndOfMotd, 1],
};

/** Takes a line of the gateway's that is no part of a batch. */
export function onLine(session, message, now) {
  const [handler, minimum] = HANDLERS[message.verb] ?? [onOther, 0];
  if (message.params.length >= minimum) handler(session, message, now);
}
