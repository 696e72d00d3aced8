/** One entry of a conversation, as an element. */

import { isAddressed } from "../buffers.js";
import { beginning, hue, pieces } from "../text.js";
import { make, initial } from "./dom.js";
import { formatted, formattedInline, piece } from "./formatted.js";

const LONG_LINES = 20;
const LONG_CHARACTERS = 3000;
const QUOTED_CHARACTERS = 120;
const NAMED_LIMIT = 20; // of those who reacted in the same way
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const QUARTER_MS = 15 * 60_000; // in every time zone days begin at one
const TOGETHER_MS = 5 * 60_000; // what somebody says so soon after is not headed again

const days = new Map();

/** Which day it is here; a day's name is looked up once for each quarter of an hour, as that is slow. */
export function dayOf(at) {
  const quarter = Math.floor(at / QUARTER_MS);
  if (!days.has(quarter)) days.set(quarter, new Date(at).toDateString());
  return days.get(quarter);
}

/** Whether an entry stands under the heading of the one before it. */
export function isContinued(entry, before) {
  if (!before || entry.kind !== "message" || before.kind !== "message" || entry.replyTo) return false;
  return entry.nick === before.nick && entry.at - before.at < TOGETHER_MS && dayOf(entry.at) === dayOf(before.at);
}

/**
 * @param {import("../entries.js").Entry} entry
 * @param {{buffer: import("../buffers.js").Buffer, nick: string, isContinued: boolean, isOpen: boolean, day: boolean,
 *     isNew: boolean}} context `isOpen`: a long text is shown whole; `day`, `isNew`: what begins here
 */
export function row(entry, context) {
  try {
    return drawn(entry, context);
  } catch (error) {
    console.error("an entry cannot be drawn", error);
    return make("li.entry", { tabindex: "-1", "data-key": entry.key }, raw(entry, context));
  }
}

/** The text as it came, where drawing it fails: one message never stops the page. */
function raw({ nick, text: whole, msgid }, { buffer }) {
  const shown = buffer.marks.redactions.has(msgid) ? "Deleted" : whole;
  return make("div.line", {}, make("div.gutter", {}), make("div.content", {}, `${nick}: `, make("div.text", {}, shown)));
}

function drawn(entry, context) {
  const children = [];
  if (context.day) children.push(make("div.day", { role: "separator" }, make("span", {}, DAY.format(entry.at))));
  if (context.isNew) children.push(make("div.new", { role: "separator" }, make("span", {}, "New")));
  children.push(BODIES[entry.kind](entry, context));
  const isMention = context.buffer.isRoom && isAddressed(entry, context.buffer, context.nick);
  const classes = ["entry", entry.kind, entry.state, context.isContinued && "continued", isMention && "mentioned"];
  return make(`li.${classes.filter(Boolean).join(".")}`, { tabindex: "-1", "data-key": entry.key }, ...children);
}

const BODIES = { message, action: message, notice: message, event, info };

function message(entry, context) {
  const color = `hue-${hue(entry.nick)}`;
  const content = make("div.content", {});
  if (!context.isContinued) content.append(heading(entry, color));
  else content.append(make("span.unseen", {}, `${entry.nick}: `));
  if (entry.replyTo) content.append(quote(entry, context));
  content.append(text(entry, context), ...reactions(entry, context), ...fate(entry));
  const gutter = context.isContinued
    ? clock(entry, shortTime(entry.at))
    : make(`span.tile.${color}`, { "aria-hidden": "true", title: entry.nick }, initial(entry.nick));
  return make("div.line", {}, make("div.gutter", {}, gutter), content);
}

function heading(entry, color) {
  return make(
    "div.heading",
    {},
    make(
      `button.name.${color}`,
      { type: "button", "data-nick": entry.nick, tabindex: "-1" },
      make("bdi", {}, entry.nick),
    ),
    clock(entry),
  );
}

function clock(entry, shown = CLOCK.format(entry.at)) {
  const time = new Date(entry.at).toISOString();
  return make("time", { datetime: time, title: MOMENT.format(entry.at) }, shown);
}

/** The time for a narrow column: without AM or PM, which stand in the heading above. */
function shortTime(at) {
  const parts = CLOCK.formatToParts(at).filter(({ type }) => type !== "dayPeriod");
  return parts.map(({ value }) => value).join("").trim();
}

function text(entry, context) {
  const redaction = context.buffer.marks.redactions.get(entry.msgid);
  if (redaction) return make("div.text.redacted", {}, redactionText(redaction));
  const element = make("div.text", { dir: "auto" });
  if (entry.kind === "action") element.append(make("bdi.actor", {}, entry.nick), " ");
  const shown = context.isOpen ? entry.rawText : shorten(entry.rawText);
  const format = entry.kind === "action" ? formattedInline : formatted;
  element.append(...format(shown, entry.isMine ? "" : context.nick));
  if (shown !== entry.rawText)
    element.append(make("button.more", { type: "button", "data-open": entry.key }, more(entry.rawText)));
  return element;
}

const redactionText = ({ nick, reason }) => `Deleted by ${nick}${reason ? `: ${reason}` : ""}`;

const more = (whole) => `Show all (${whole.split("\n").length.toLocaleString()} lines)`;

function shorten(whole) {
  const end = nth(whole, "\n", LONG_LINES);
  const lines = end < 0 ? whole : whole.slice(0, end);
  return beginning(lines, LONG_CHARACTERS);
}

/** Where the n-th of these characters stands, -1 where there are fewer. */
function nth(whole, character, n) {
  let at = -1;
  for (let count = 0; count < n; count += 1) {
    at = whole.indexOf(character, at + 1);
    if (at < 0) return -1;
  }
  return at;
}

/** The message that this one answers, if it is here, and the way to it. */
function quote(entry, { buffer }) {
  const answered = buffer.slice.byKey.get(entry.replyTo);
  const isGone = !answered || buffer.marks.redactions.has(entry.replyTo);
  const words = isGone
    ? [answered ? "a deleted message" : "an older message"]
    : [make("b", {}, answered.nick), " ", beginning(answered.text, QUOTED_CHARACTERS)];
  return make(
    "button.quote",
    { type: "button", "data-jump": entry.replyTo, dir: "auto" },
    make("span.unseen", {}, "In answer to "),
    ...words,
  );
}

function reactions(entry, { buffer, nick }) {
  const found = entry.msgid ? buffer.marks.reactionsTo(entry.msgid) : [];
  if (!found.length) return [];
  const chips = found.map(([emoji, nicks]) => {
    const isMine = nicks.includes(nick);
    const properties = { type: "button", "data-react": emoji, "aria-pressed": String(isMine), title: named(nicks) };
    return make("li", {}, make("button.chip", properties, make("span", {}, emoji), ` ${nicks.length}`));
  });
  return [make("ul.reactions", { "aria-label": "Reactions" }, ...chips)];
}

const named = (nicks) =>
  [...nicks.slice(0, NAMED_LIMIT), ...(nicks.length > NAMED_LIMIT ? [`${nicks.length - NAMED_LIMIT} others`] : [])].join(", ");

function fate(entry) {
  if (entry.state === "waiting") return [make("span.fate", {}, "waiting")];
  if (entry.state !== "failed") return [];
  return [
    make(
      "div.fate",
      {},
      `Not delivered: ${entry.reason} `,
      make("button", { type: "button", "data-again": entry.key }, "Send again"),
      " ",
      make("button", { type: "button", "data-discard": entry.key }, "Discard"),
    ),
  ];
}

function event(entry) {
  const what = entry.moves
    ? moves(entry.moves)
    : [make("bdi", {}, entry.nick), " ", ...pieces(entry.text, "").map(piece)];
  return make("div.line", {}, make("div.gutter", {}), make("div.content", { dir: "auto" }, ...what, " ", clock(entry)));
}

/** "alice and bob joined, carol left", each name once. */
function moves(list) {
  const last = new Map(list.map(({ nick, what }) => [nick, what]));
  const parts = ["joined", "left"].map((what) => [
    what,
    [...last].filter(([, did]) => did === what).map(([nick]) => nick),
  ]);
  return parts
    .filter(([, nicks]) => nicks.length)
    .flatMap(([what, nicks], index) => {
      const names =
        nicks.length > 4 ? `${nicks.slice(0, 3).join(", ")} and ${nicks.length - 3} others` : nicks.join(", ");
      return [index ? " · " : "", make("bdi", {}, names), ` ${what}`];
    });
}

function info(entry) {
  const { text: words, card: known, invitation } = entry;
  const content = known ? card(known) : make("div.content", { dir: "auto" }, ...pieces(words, "").map(piece));
  if (invitation) content.append(" ", make("button.join", { type: "button", "data-room": invitation }, "Join"));
  return make("div.line", {}, make("div.gutter", {}), content);
}

/** What is known of somebody (see replies.js). */
function card({ title, note, facts }) {
  const rows = facts.flatMap(([name, value]) => [
    make("dt", {}, name),
    make("dd", { dir: "auto" }, ...pieces(value, "").map(piece)),
  ]);
  return make(
    "div.content.card",
    {},
    make(`span.tile.hue-${hue(title)}`, { "aria-hidden": "true" }, initial(title)),
    make("div.card-title", {}, make("bdi", {}, title), make("span", {}, note)),
    make("dl", {}, ...rows),
  );
}
