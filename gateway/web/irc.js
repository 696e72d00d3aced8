/**
 * IRC lines, read and written (Modern IRC "Message Format", IRCv3 message-tags). Pure.
 *
 * @typedef {object} Message
 * @property {Map<string, string>} tags
 * @property {string} source "" where the line has none
 * @property {string} verb in upper case
 * @property {string[]} params
 */

const ESCAPES = new Map([
  [";", "\\:"],
  [" ", "\\s"],
  ["\\", "\\\\"],
  ["\r", "\\r"],
  ["\n", "\\n"],
]);
const PLAIN = new Map([
  [":", ";"],
  ["s", " "],
  ["r", "\r"],
  ["n", "\n"],
]);
const encoder = new TextEncoder();

/**
 * Parse a line; null if it has no verb.
 * @param {string} line
 * @returns {Message | null}
 */
export function parse(line) {
  /** @type {Map<string, string>} */
  let tags = new Map();
  let source = "";
  let rest = line;
  if (rest.startsWith("@")) {
    const [text, after] = cut(rest.slice(1));
    tags = parseTags(text);
    rest = after;
  }
  if (rest.startsWith(":")) [source, rest] = cut(rest.slice(1));
  const colon = rest.indexOf(" :");
  const words = (colon < 0 ? rest : rest.slice(0, colon)).split(" ").filter(Boolean);
  if (!words.length || rest.startsWith(":")) return null;
  const [verb, ...params] = words;
  if (colon >= 0) params.push(rest.slice(colon + 2));
  return { tags, source, verb: verb.toUpperCase(), params };
}

/** @param {string} text */
function cut(text) {
  const space = text.indexOf(" ");
  return space < 0 ? [text, ""] : [text.slice(0, space), text.slice(space).trimStart()];
}

/** @param {string} text */
function parseTags(text) {
  const tags = new Map();
  for (const tag of text.split(";")) {
    const equals = tag.indexOf("=");
    const value = equals < 0 ? "" : tag.slice(equals + 1);
    if (tag && equals) tags.set(equals < 0 ? tag : tag.slice(0, equals), unescape(value));
  }
  return tags;
}

/**
 * An unknown escape stands for its character, a lone backslash at the end for nothing.
 * @param {string} value
 */
function unescape(value) {
  return value.includes("\\") ? value.replace(/\\(.?)/gs, (_, letter) => PLAIN.get(letter) ?? letter) : value;
}

/**
 * Write a line, without CRLF. Line breaks and NUL in a parameter become spaces: one call writes one line.
 * @param {string} verb
 * @param {string[]} params only the last one may be empty, hold spaces or begin with a colon
 * @param {Record<string, string>} [tags]
 */
export function format(verb, params = [], tags = {}) {
  const written = Object.entries(tags).map(([key, value]) =>
    value ? `${key}=${value.replace(/[; \\\r\n]/g, (character) => ESCAPES.get(character) ?? character)}` : key,
  );
  const words = params.map((param) => param.replace(/[\r\n\0]/g, " "));
  const last = words.pop();
  const head = written.length ? `@${written.join(";")} ` : "";
  if (last === undefined) return head + verb;
  const isText = !last || last.startsWith(":") || last.includes(" ") || verb === "PRIVMSG";
  return head + [verb, ...words, isText ? `:${last}` : last].join(" ");
}

/**
 * The form in which names are compared (CASEMAPPING=ascii).
 * @param {string} name
 */
export const casefold = (name) => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** @param {string} name */
export const isRoom = (name) => name.startsWith("#");

/**
 * The nick of nick!user@host.
 * @param {string} source
 */
export const nickOf = (source) => source.split(/[!@]/, 1)[0];

/** @param {string} text */
export const byteLength = (text) => encoder.encode(text).length;
