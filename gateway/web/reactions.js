/** The rule for reactions (docs/protocol.md, "Reactions"); gateway/wire/visible.py has the same. Pure. */

export const RULE = "A reaction is one emoji, or a word of at most 16 characters.";

const PICTURES =
  "\\u00a9\\u00ae\\u203c\\u2049\\u2122\\u2139\\u3030\\u303d\\u3297\\u3299" +
  "\\u2190-\\u21ff\\u2300-\\u27ff\\u2900-\\u2bff\\u{1f000}-\\u{1fbff}";
const PICTURE = `[${PICTURES}][\\ufe0e\\ufe0f]?[\\u{1f3fb}-\\u{1f3ff}]?`;
const EMOJI = new RegExp(
  "^(?:[0-9#*]\\ufe0f?\\u20e3" + // keycaps
    "|[\\u{1f1e6}-\\u{1f1ff}]{2}" + // flags of countries
    "|\\u{1f3f4}[\\u{e0020}-\\u{e007e}]{1,16}\\u{e007f}" + // flags of their parts
    `|${PICTURE}(?:\\u200d${PICTURE}){0,7})$`,
  "u",
);
const INVISIBLE =
  "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u3164" +
  "\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\u2800\\ufffd";
const WORD = /^(?!\p{M})[\p{L}\p{M}\p{N}\p{P}\p{S}]{1,16}$/u;
const NOT_IN_WORDS = new RegExp(`[${PICTURES}${INVISIBLE}]|\\p{M}{3}`, "u");

/** @param {string} text */
export const isReaction = (text) => EMOJI.test(text) || (WORD.test(text) && !NOT_IN_WORDS.test(text));
