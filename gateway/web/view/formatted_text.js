/** The text of a message as elements (markup.js parses it). Texts of other people become text nodes, never HTML. */

import { inline, parse } from "../markup.js";
import { withMentions } from "../text.js";
import { focused, make } from "./dom.js";

/**
 * @typedef {import("../markup.js").Span} Span
 * @typedef {import("../markup.js").Block} Block
 * @typedef {Node | string} Child
 */

const COPIED_MS = 2_000;
const TAGS = new Map([
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["underline", "u"],
  ["strike", "s"],
  ["mention", "mark"],
]);

/**
 * A message with its quotes, lists and code.
 * @param {string} text
 * @param {string} nick whose mentions are marked
 */
export function formatted(text, nick) {
  const groups = grouped(parse(text));
  return groups.flatMap((group, index) => BLOCKS[group[0].kind](group, nick, index === 0));
}

/**
 * An action, which has no blocks.
 * @param {string} text
 * @param {string} nick
 */
export const formattedInline = (text, nick) => joined(text.split("\n").map(inline), nick);

/**
 * One span.
 * @param {Span} span
 * @returns {Child}
 */
export function piece({ text, marks }) {
  const around = (/** @type {Child} */ node, /** @type {string} */ mark) =>
    LINKS[mark]?.(text) ?? make(TAGS.get(mark) ?? `span.${mark}`, {}, node);
  return marks.reduce(around, /** @type {Child} */ (text));
}

/** @type {Record<string, (text: string) => HTMLElement>} */
const LINKS = {
  link: (text) => make("a", { href: text, target: "_blank", rel: "noopener noreferrer" }, text),
  room: (text) => make("a", { href: `#${encodeURIComponent(text.slice(1))}`, "data-room": text }, text),
};

/**
 * Blocks of one kind that follow each other; each code by itself, and quotes by their level.
 * @param {Block[]} blocks
 */
function grouped(blocks) {
  /** @type {Block[][]} */
  const groups = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    const continues = last?.[0].kind === block.kind && block.kind !== "code";
    if (continues && (block.kind !== "quote" || last[0].level === block.level)) last.push(block);
    else groups.push([block]);
  }
  return groups;
}

/** @type {Record<Block["kind"], (blocks: Block[], nick: string, isFirst: boolean) => Child[]>} */
const BLOCKS = { text, quote, item, code };

/**
 * A blank line after a quote, a list or code is left out: they have a margin.
 * @param {Block[]} lines
 * @param {string} nick
 * @param {boolean} isFirst
 */
function text(lines, nick, isFirst) {
  const shown = isFirst || lines[0].spans.length ? lines : lines.slice(1);
  return joined(
    shown.map(({ spans }) => spans),
    nick,
  );
}

/**
 * @param {Block[]} lines
 * @param {string} nick
 */
function quote(lines, nick) {
  const content = joined(
    lines.map(({ spans }) => spans),
    nick,
  );
  return [make(`blockquote.level-${lines[0].level}`, { dir: "auto" }, ...content)];
}

/**
 * @param {Block[]} items
 * @param {string} nick
 */
function item(items, nick) {
  const made = items.map(({ level, label, spans }) =>
    make(
      `li.level-${level}`,
      { dir: "auto" },
      make("span.bullet", {}, label),
      make("span", {}, ...joined([spans], nick)),
    ),
  );
  return [make("ul.list", { role: "list" }, ...made)];
}

/** @param {Block[]} blocks one */
function code([{ label, spans }]) {
  const copy = make("button", { type: "button", "data-copy": "" }, "Copy");
  return [
    make(
      "div.code",
      {},
      make("div.code-head", {}, make("span", {}, label), copy),
      make("pre", { dir: "ltr" }, make("code", {}, ...spans.map(({ text: lines }) => lines))),
    ),
  ];
}

/**
 * @param {Span[][]} lines
 * @param {string} nick
 * @returns {Child[]}
 */
function joined(lines, nick) {
  return lines.flatMap((spans, index) => [...(index ? ["\n"] : []), ...withMentions(spans, nick).map(piece)]);
}

/**
 * Copy the code that a button belongs to.
 * @param {HTMLElement} button
 */
export async function copyCode(button) {
  await copy(button.closest(".code")?.querySelector("pre")?.textContent ?? "");
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
}

/**
 * Copy a text; a page that came by plain http has no Clipboard API.
 * @param {string} value
 */
async function copy(value) {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const before = focused();
  const area = /** @type {HTMLTextAreaElement} */ (make("textarea.visually-hidden", { readonly: true }));
  area.value = value;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
}
