/** A session in "#r" as "anna", and the lines that tests give it. */

import { Session } from "../../gateway/web/session.js";

const CAPABILITIES = "batch draft/chathistory echo-message labeled-response message-tags server-time";

export const NOW = 1000;

/** A session whose ids are id1, id2 ... */
export function newSession(conversations = ["#r"]) {
  let count = 0;
  return new Session("anna", conversations, () => `id${(count += 1)}`);
}

/** Give the session lines; return the lines that it sends. */
export function lines(session, ...received) {
  for (const line of received) session.receive(line, NOW);
  return session.takeLines();
}

/** Connect and register; return the lines that the session sends at the end. */
export function register(session, capabilities = CAPABILITIES) {
  session.connected(NOW);
  lines(session, `:s CAP * LS :${capabilities}`);
  const agreed = capabilities.replace(/=\S+/g, "");
  return lines(session, `:s CAP anna ACK :${agreed}`, ":s 001 anna :Welcome");
}

/** A page of history of "#r". */
export const page = (...inside) => [
  ":s BATCH +h chathistory #r",
  ...inside.map((line) => `@batch=h;${line}`),
  ":s BATCH -h",
];

/** The message number `n` of ben, without "@". */
export const said = (n, tags = "") => `time=2026-01-01T00:00:0${n}.000Z;msgid=m${n}${tags} :ben!b@h PRIVMSG #r :${n}`;

/** The events of one type since the last call, which drops the others. */
export const events = (session, type) => session.takeEvents().filter((event) => event.type === type);

export const texts = (session) => events(session, "Received").map(({ text }) => text);
