/** One entry of a conversation, as an element. */

import { isAddressed } from "../buffer.js";
import { beginning, hue, pieces } from "../text.js";
import { make, initial } from "./dom.js";
import { formatted, formattedInline, piece } from "./formatted_text.js";

/**
 * @typedef {import("../entries.js").Entry} Entry
 * @typedef {import("../entries.js").MemberChange} MemberChange
 * @typedef {import("../buffer.js").Buffer} Buffer
 * @typedef {object} RowContext
 * @property {Buffer} buffer
 * @property {string} nick ours
 * @property {boolean} isContinued it stands under the heading of the row before
 * @property {boolean} isOpen a long text is shown whole
 * @property {boolean} isNewDay a day begins here
 * @property {boolean} isNew the new messages begin here
 */

const LONG_LINES = 20;
const LONG_CHARACTERS = 3000;
const QUOTED_CHARACTERS = 120;
const NAMED_LIMIT = 20; // people with the same reaction
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const QUARTER_MS = 15 * 60_000; // in every time zone a day begins with one
const TOGETHER_MS = 5 * 60_000; // messages of one person within this have one heading

/** @type {Map<number, string>} */
const days = new Map();

/**
 * The local day of a time. It is computed once for each quarter of an hour, as that is slow.
 * @param {number} at
 */
export function dayOf(at) {
  const quarter = Math.floor(at / QUARTER_MS);
  const day = days.get(quarter) ?? new Date(at).toDateString();
  days.set(quarter, day);
  return day;
}

/**
 * Whether an entry stands under the heading of the one before it.
 * @param {Entry} entry
 * @param {Entry | undefined} before
 */
export function isContinued(entry, before) {
  if (!before || entry.kind !== "message" || before.kind !== "message" || entry.replyTo) return false;
  return entry.nick === before.nick && entry.at - before.at < TOGETHER_MS && dayOf(entry.at) === dayOf(before.at);
}

/**
 * Draw an entry. If that fails, its text is shown as it came: one message never stops the page.
 * @param {Entry} entry
 * @param {RowContext} context
 */
export function row(entry, context) {
  try {
    return drawn(entry, context);
  } catch (error) {
    console.error("an entry cannot be drawn", error);
    return make("li.entry", { tabindex: "-1", "data-key": entry.key }, raw(entry, context));
  }
}

/**
 * @param {Entry} entry
 * @param {RowContext} context
 */
function raw({ nick, text: whole, msgid }, { buffer }) {
  const shown = buffer.annotations.redactions.has(msgid) ? "Deleted" : whole;
  return make(
    "div.line",
    {},
    make("div.gutter", {}),
    make("div.content", {}, `${nick}: `, make("div.text", {}, shown)),
  );
}

/**
 * @param {Entry} entry
 * @param {RowContext} context
 */
function drawn(entry, context) {
  const children = [];
  if (context.isNewDay) children.push(make("div.day", { role: "separator" }, make("span", {}, DAY.format(entry.at))));
  if (context.isNew) children.push(make("div.new", { role: "separator" }, make("span", {}, "New")));
  children.push(BODIES[entry.kind](entry, context));
  const isMention = context.buffer.isRoom && isAddressed(entry, context.buffer, context.nick);
  const classes = ["entry", entry.kind, entry.state, context.isContinued && "continued", isMention && "mentioned"];
  return make(`li.${classes.filter(Boolean).join(".")}`, { tabindex: "-1", "data-key": entry.key }, ...children);
}

/** @type {Record<Entry["kind"], (entry: Entry, context: RowContext) => HTMLElement>} */
const BODIES = { message, action: message, notice: message, event, info };

/**
 * @param {Entry} entry
 * @param {RowContext} context
 */
function message(entry, context) {
  const color = `hue-${hue(entry.nick)}`;
  const content = make("div.content", {});
  if (!context.isContinued) content.append(heading(entry, color));
  else content.append(make("span.visually-hidden", {}, `${entry.nick}: `));
  if (entry.replyTo) content.append(quote(entry, context));
  content.append(text(entry, context), ...reactions(entry, context), ...sendResult(entry));
  const gutter = context.isContinued
    ? clock(entry, shortTime(entry.at))
    : make(`span.tile.${color}`, { "aria-hidden": "true", title: entry.nick }, initial(entry.nick));
  return make("div.line", {}, make("div.gutter", {}, gutter), content);
}

/**
 * @param {Entry} entry
 * @param {string} color
 */
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

/** @param {Entry} entry */
function clock(entry, shown = CLOCK.format(entry.at)) {
  const time = new Date(entry.at).toISOString();
  return make("time", { datetime: time, title: MOMENT.format(entry.at) }, shown);
}

/**
 * The time for a narrow column: without AM or PM, which stand in the heading above.
 * @param {number} at
 */
function shortTime(at) {
  const parts = CLOCK.formatToParts(at).filter(({ type }) => type !== "dayPeriod");
  return parts
    .map(({ value }) => value)
    .join("")
    .trim();
}

/**
 * @param {Entry} entry
 * @param {RowContext} context
 */
function text(entry, context) {
  const redaction = context.buffer.annotations.redactions.get(entry.msgid);
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

/** @param {{nick: string, reason: string}} redaction */
const redactionText = ({ nick, reason }) => `Deleted by ${nick}${reason ? `: ${reason}` : ""}`;

/** @param {string} whole */
const more = (whole) => `Show all (${whole.split("\n").length.toLocaleString()} lines)`;

/** @param {string} whole */
function shorten(whole) {
  const end = nth(whole, "\n", LONG_LINES);
  const lines = end < 0 ? whole : whole.slice(0, end);
  return beginning(lines, LONG_CHARACTERS);
}

/**
 * The position of the n-th of these characters, -1 if there are fewer.
 * @param {string} whole
 * @param {string} character
 * @param {number} n
 */
function nth(whole, character, n) {
  let at = -1;
  for (let count = 0; count < n; count += 1) {
    at = whole.indexOf(character, at + 1);
    if (at < 0) return -1;
  }
  return at;
}

/**
 * The message that this one replies to, as a button that goes there.
 * @param {Entry} entry
 * @param {RowContext} context
 */
function quote(entry, { buffer }) {
  const answered = buffer.viewport.byKey.get(entry.replyTo);
  const isDeleted = buffer.annotations.redactions.has(entry.replyTo);
  const words =
    answered && !isDeleted
      ? [make("b", {}, answered.nick), " ", beginning(answered.text, QUOTED_CHARACTERS)]
      : [answered ? "a deleted message" : "an older message"];
  return make(
    "button.quote",
    { type: "button", "data-jump": entry.replyTo, dir: "auto" },
    make("span.visually-hidden", {}, "In reply to "),
    ...words,
  );
}

/**
 * @param {Entry} entry
 * @param {RowContext} context
 */
function reactions(entry, { buffer, nick }) {
  const found = entry.msgid ? buffer.annotations.reactionsTo(entry.msgid) : [];
  if (!found.length) return [];
  const chips = found.map(([reaction, nicks]) => {
    const isMine = nicks.includes(nick);
    const properties = { type: "button", "data-react": reaction, "aria-pressed": String(isMine), title: named(nicks) };
    return make("li", {}, make("button.chip", properties, make("span", {}, reaction), ` ${nicks.length}`));
  });
  return [make("ul.reactions", { "aria-label": "Reactions" }, ...chips)];
}

/** @param {string[]} nicks */
function named(nicks) {
  const others = nicks.length > NAMED_LIMIT ? [`${nicks.length - NAMED_LIMIT} others`] : [];
  return [...nicks.slice(0, NAMED_LIMIT), ...others].join(", ");
}

/** @param {Entry} entry */
function sendResult(entry) {
  if (entry.state === "waiting") return [make("span.send-result", {}, "waiting")];
  if (entry.state !== "failed") return [];
  return [
    make(
      "div.send-result",
      {},
      `Not delivered: ${entry.reason} `,
      make("button", { type: "button", "data-again": entry.key }, "Send again"),
      " ",
      make("button", { type: "button", "data-discard": entry.key }, "Discard"),
    ),
  ];
}

/** @param {Entry} entry */
function event(entry) {
  const what = entry.memberChanges
    ? memberChanges(entry.memberChanges)
    : [make("bdi", {}, entry.nick), " ", ...pieces(entry.text, "").map(piece)];
  return make("div.line", {}, make("div.gutter", {}), make("div.content", { dir: "auto" }, ...what, " ", clock(entry)));
}

/**
 * "alice, bob joined · carol left", each name once.
 * @param {MemberChange[]} changes
 */
function memberChanges(changes) {
  const last = new Map(changes.map(({ nick, change }) => [nick, change]));
  const parts = ["joined", "left"].map((change) => ({
    change,
    nicks: [...last].filter(([, each]) => each === change).map(([nick]) => nick),
  }));
  return parts
    .filter(({ nicks }) => nicks.length)
    .flatMap(({ change, nicks }, index) => {
      const names =
        nicks.length > 4 ? `${nicks.slice(0, 3).join(", ")} and ${nicks.length - 3} others` : nicks.join(", ");
      return [index ? " · " : "", make("bdi", {}, names), ` ${change}`];
    });
}

/** @param {Entry} entry */
function info(entry) {
  const { text: words, card: known, invitation } = entry;
  const content = known ? card(known) : make("div.content", { dir: "auto" }, ...pieces(words, "").map(piece));
  if (invitation) content.append(" ", make("button.join", { type: "button", "data-room": invitation }, "Join"));
  return make("div.line", {}, make("div.gutter", {}), content);
}

/**
 * The answer to WHOIS.
 * @param {import("../replies.js").WhoisCard} card
 */
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
