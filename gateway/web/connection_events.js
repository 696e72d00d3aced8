/** The lines about the connection itself, and those that carry messages: a table, verb -> handler. Pure. */

import { joinLines, messagesOf } from "./batches.js";
import { nickOf } from "./irc.js";

/**
 * @typedef {import("./session.js").Session} Session
 * @typedef {(session: Session, message: import("./irc.js").Message, now: number) => void} Handler
 */

const ESCAPED = /\\x([0-9A-F]{2})/gi; // in a value of ISUPPORT

/** @type {Handler} */
const onPing = ({ exchange }, { params }) => exchange.send("PONG", params);

/** @type {Handler} */
const onPong = ({ pings, exchange, messaging }, { params }, now) => {
  const ping = pings.answered(params.at(-1) ?? "", now);
  if (!ping) return;
  exchange.emit({ type: "LatencyMeasured", latencyMs: now - ping.sentAt });
  if (ping.confirms) messaging.confirmSent(ping.covers, now);
};

/** @type {Handler} */
const onCap = ({ exchange }, { params: [, subcommand, ...params] }) => {
  exchange.lines.push(...exchange.login.handle(subcommand.toUpperCase(), params));
};

/** @type {Handler} */
const onWelcome = (session, { params: [nick], source }, now) => {
  const { exchange, naming, pings, conversations } = session;
  exchange.isRegistered = true;
  naming.registered(nick, now);
  pings.welcomed(now);
  exchange.emit({ type: "ConnectionChanged", state: "connected", nick, server: source });
  if (naming.isReclaiming) {
    const { wanted, current } = naming;
    const holder = "by a lost connection of yours, or on another device";
    exchange.notify(`The name ${wanted} is in use, ${holder}. You are ${current} until it is free.`);
  }
  session.messaging.fitToGateway(now);
  for (const conversation of conversations.values()) session.join(conversation, now);
};

/** @type {Handler} */
const onIsupport = ({ exchange, history }, { params }) => {
  for (const token of params.slice(1, -1)) {
    const [key, value = ""] = token.split("=");
    exchange.supported.set(key, value);
    if (key === "CHATHISTORY" && Number(value) > 0) history.pageLimit = Number(value);
    const text = value.replace(ESCAPED, (_, code) => String.fromCharCode(parseInt(code, 16)));
    if (key === "NETWORK") exchange.emit({ type: "NetworkNamed", network: text });
    if (key === "hubbub/LOBBY" && value) exchange.emit({ type: "LobbyNamed", conversation: text });
  }
};

/** The last line of the gateway (RFC 2812 3.7.4). @type {Handler} */
const onError = (session, { params }) => {
  session.lastError = params.at(-1) ?? "";
  session.isDead = true;
};

/** @type {Handler} */
const onBatch = (session, message, now) => {
  const batch = session.batches.handle(message);
  if (batch?.type === "chathistory") {
    session.history.onPage(batch, messagesOf(batch), now);
  } else if (batch?.type === "draft/chathistory-targets") {
    session.history.onTargets(batch.lines, now);
  } else if (batch) {
    const joined = joinLines(batch);
    if (joined && !session.batches.collects(joined)) session.handle(joined, now);
  }
};

/** PRIVMSG, NOTICE and TAGMSG. @type {Handler} */
const onMessage = ({ messaging, exchange, serverEvents, naming }, message, now) => {
  const isByMe = naming.isMine(nickOf(message.source));
  if (messaging.isAnswer(message) && !isByMe) {
    messaging.onRefused(message); // a NOTICE, where the gateway has no standard reply
  } else if (!message.source.includes("!") || message.params[0] === "*") {
    exchange.notice(message.verb, message.params.at(-1) ?? "");
  } else if (message.verb === "TAGMSG") {
    serverEvents.onTags(message, now);
  } else {
    messaging.onMessage(message, now);
  }
};

/** @type {Handler} */
const onFail = ({ errorReplies, pings }, message, now) => errorReplies.onFail(message, pings, now);

/** @type {Handler} */
const onMotd = ({ showsMotd, exchange }, { verb, params }) => {
  if (showsMotd) exchange.notice(verb, params.at(-1) ?? "");
};

/** RPL_ENDOFMOTD or ERR_NOMOTD, which also end the greeting. @type {Handler} */
const onEndOfMotd = (session, message, now) => {
  if (message.verb === "422") onMotd(session, message, now);
  session.showsMotd = false;
  session.isGreeted = true;
  session.history.requestTargets(session.lastMessageAt, now);
};

/** ERR_PASSWDMISMATCH: of the network before the registration, else of OPER. @type {Handler} */
const onWrongPassword = (session, message, now) => {
  if (session.isRegistered) session.onNumeric(message, now);
  else session.exchange.emit({ type: "PasswordRequired", wasRefused: session.password !== "" });
};

/**
 * Verb -> its handler, and the fewest parameters of a line that can be handled.
 * @type {Record<string, [Handler, number]>}
 */
export const CONNECTION_HANDLERS = {
  PING: [onPing, 0],
  PONG: [onPong, 1],
  CAP: [onCap, 3],
  ERROR: [onError, 1],
  BATCH: [onBatch, 1],
  PRIVMSG: [onMessage, 2],
  NOTICE: [onMessage, 2],
  TAGMSG: [onMessage, 1],
  FAIL: [onFail, 3],
  "001": [onWelcome, 1],
  "005": [onIsupport, 2],
  372: [onMotd, 2],
  376: [onEndOfMotd, 0],
  422: [onEndOfMotd, 1],
  464: [onWrongPassword, 0],
};
