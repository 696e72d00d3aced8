/** The tags of messages: ids, replies, reactions, times. Pure. */

/** @typedef {import("./irc.js").Message} Message */

export const ID_TAG = "+hubbub/id"; // the client msgid: every gateway accepts a message with the same one once
/** The ratified name (IRCv3 reply), and the draft's, the only one that many clients read: both are sent. */
const REPLY_TAGS = ["+reply", "+draft/reply"];
/** IRCv3 react: the draft's names, and the names it will have; whether the reaction is removed. */
export const REACTION_TAGS = Object.entries({
  "+draft/react": false,
  "+draft/unreact": true,
  "+react": false,
  "+unreact": true,
});

/**
 * The tags of a reply to a message.
 * @param {string} msgid
 * @returns {Record<string, string>}
 */
export const replyTags = (msgid) => Object.fromEntries(REPLY_TAGS.map((tag) => [tag, msgid]));

/**
 * The msgid that a message replies to, or that its tags are about; "" if there is none.
 * @param {Map<string, string>} tags
 */
export const replyTo = (tags) => REPLY_TAGS.map((tag) => tags.get(tag)).find(Boolean) ?? "";

/**
 * The time of a line (IRCv3 server-time).
 * @param {Message} message
 * @param {number} now
 */
export const timeOf = (message, now) => Date.parse(message.tags.get("time") ?? "") || now;

/**
 * A time as CHATHISTORY and MARKREAD write it.
 * @param {number} at
 */
export const timeReference = (at) => `timestamp=${new Date(at).toISOString()}`;
