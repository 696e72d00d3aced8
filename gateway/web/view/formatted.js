/** The text of a message as elements (see markup.js). What others wrote becomes text nodes and never HTML. */

import { inline, parse } from "../markup.js";
import { withMentions } from "../text.js";
import { make } from "./dom.js";

const COPIED_MS = 2_000;
const TAGS = new Map([
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["underline", "u"],
  ["strike", "s"],
  ["mention", "mark"],
]);

/** A message with its quotes, lists and code. @returns {(Node | string)[]} */
export function formatted(text, nick) {
  const groups = grouped(parse(text));
  return groups.flatMap((group, index) => BLOCKS[group[0].kind](group, nick, index === 0));
}

/** An action, which has neither. @returns {(Node | string)[]} */
export const formattedInline = (text, nick) => joined(text.split("\n").map(inline), nick);

/** One span. */
export function piece({ text, marks }) {
  return marks.reduce((node, mark) => LINKS[mark]?.(text) ?? make(TAGS.get(mark) ?? `span.${mark}`, {}, node), text);
}

const LINKS = {
  link: (text) => make("a", { href: text, target: "_blank", rel: "noopener noreferrer" }, text),
  room: (text) => make("a", { href: `#${encodeURIComponent(text.slice(1))}`, "data-room": text }, text),
};

/** Lines of one kind that follow each other; each code by itself, and quotes by their level. */
function grouped(blocks) {
  const groups = [];
  for (const block of blocks) {
    const last = groups.at(-1)?.[0];
    const goesOn = last?.kind === block.kind && block.kind !== "code";
    if (goesOn && (block.kind !== "quote" || last.level === block.level)) groups.at(-1).push(block);
    else groups.push([block]);
  }
  return groups;
}

const BLOCKS = { text, quote, item, code };

/** A blank line after a quote, a list or code is the distance that they have anyway. */
function text(lines, nick, isFirst) {
  const shown = isFirst || lines[0].spans.length ? lines : lines.slice(1);
  return joined(
    shown.map(({ spans }) => spans),
    nick,
  );
}

function quote(lines, nick) {
  const content = joined(
    lines.map(({ spans }) => spans),
    nick,
  );
  return [make(`blockquote.level-${lines[0].level}`, { dir: "auto" }, ...content)];
}

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

function joined(lines, nick) {
  return lines.flatMap((spans, index) => [...(index ? ["\n"] : []), ...withMentions(spans, nick).map(piece)]);
}

/** Puts the code that a button belongs to on the clipboard. */
export async function copyCode(button) {
  const { textContent } = button.closest(".code").querySelector("pre");
  await copy(textContent);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
}

/** A page that came by plain http has no Clipboard API. */
async function copy(value) {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const before = document.activeElement;
  const area = make("textarea.unseen", { readonly: true });
  area.value = value;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
}
