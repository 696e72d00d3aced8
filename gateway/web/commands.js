/** The commands, which begin with a slash. Pure: session_actions.js carries them out. */

import { withEmoji } from "./emoji.js";
import { isRoom } from "./irc.js";

/**
 * @typedef {import("./session_actions.js").SessionActions} SessionActions
 * @typedef {string | false | void} Result
 */

/** @param {string} word */
const roomName = (word) => (isRoom(word) ? word : `#${word}`);

/**
 * The first word, and the rest.
 * @param {string} text
 */
function head(text) {
  const [word] = text.match(/^\S*/) ?? [""];
  return [word, text.slice(word.length).trimStart()];
}

/**
 * Name -> its parameters, its help text, and the function that runs it. `run` returns false if the parameters are
 * wrong, or a text that says why it cannot run.
 * @type {Record<string, {usage: string, help: string, run: (actions: SessionActions, rest: string) => Result}>}
 */
export const COMMANDS = {
  away: {
    usage: "[TEXT]",
    help: "mark yourself as away, or as back",
    run: (actions, rest) => actions.command("AWAY", rest ? [rest] : []),
  },
  help: { usage: "", help: "show all commands", run: (actions) => actions.help() },
  ignore: {
    usage: "[NAME]",
    help: "hide the messages of a person, or show them again",
    run: (actions, rest) => actions.ignore(head(rest)[0]),
  },
  invite: {
    usage: "NAME",
    help: "invite a person to this room",
    run: (actions, rest) => (rest && actions.room ? actions.command("INVITE", [head(rest)[0], actions.room]) : false),
  },
  join: {
    usage: "ROOM [KEY]",
    help: "join a room, or show it",
    run(actions, rest) {
      const [room, key] = head(rest);
      if (!room) return false;
      return actions.enter(roomName(room), key);
    },
  },
  kick: {
    usage: "NAME [REASON]",
    help: "remove a person from this room",
    run(actions, rest) {
      const [nick, reason] = head(rest);
      if (!nick || !actions.room) return false;
      return actions.command("KICK", [actions.room, nick, ...(reason ? [reason] : [])]);
    },
  },
  list: { usage: "[TEXT]", help: "find a room by its name or topic", run: (actions, rest) => actions.findRoom(rest) },
  me: {
    usage: "TEXT",
    help: "send an action, as in /me waves",
    run: (actions, rest) => (rest ? actions.act(withEmoji(rest)) : false),
  },
  motd: { usage: "", help: "show the message of the day", run: (actions) => actions.command("MOTD", []) },
  msg: {
    usage: "NAME [TEXT]",
    help: "write to one person",
    run(actions, rest) {
      const [name, text] = head(rest);
      return name ? actions.query(name, withEmoji(text)) : false;
    },
  },
  mode: {
    usage: "MODES",
    help: "set this room's modes",
    run: (actions, rest) => actions.command("MODE", [actions.room, ...rest.split(/\s+/).filter(Boolean)]),
  },
  nick: {
    usage: "NAME",
    help: "change your name",
    run: (actions, rest) => (rest ? actions.rename(head(rest)[0]) : false),
  },
  oper: {
    usage: "NAME",
    help: "become an operator of the network; asks for the password",
    run(actions, rest) {
      const [name, password] = head(rest);
      return name ? actions.becomeOperator(name, password) : false;
    },
  },
  part: {
    usage: "[ROOM]",
    help: "leave a room, or close a conversation",
    run: (actions, rest) => actions.leave(rest ? roomName(head(rest)[0]) : actions.target),
  },
  raw: {
    usage: "LINE",
    help: "send a line of IRC unchanged",
    run(actions, rest) {
      const [verb, params] = head(rest);
      const colon = ` ${params}`.indexOf(" :");
      const words = (colon < 0 ? params : params.slice(0, Math.max(0, colon - 1))).split(" ").filter(Boolean);
      return actions.command(verb.toUpperCase(), colon < 0 ? words : [...words, params.slice(colon + 1)]);
    },
  },
  topic: {
    usage: "[TEXT]",
    help: "set this room's topic",
    run: (actions, rest) =>
      actions.room ? actions.command("TOPIC", rest ? [actions.room, rest] : [actions.room]) : "Only rooms have topics.",
  },
  whois: {
    usage: "NAME",
    help: "show information about a person",
    run: (actions, rest) => (rest ? actions.command("WHOIS", [head(rest)[0]]) : false),
  },
};

/**
 * Run a command, or say a text. Returns a text to show if that is not possible.
 * @param {SessionActions} actions
 * @param {string} text
 */
export function run(actions, text) {
  if (!text.startsWith("/") || text.startsWith("//")) return actions.say(withEmoji(text.replace(/^\/\//, "/")));
  const [word, rest] = head(text.slice(1));
  const name = word.toLowerCase();
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : null;
  if (!command) return `There is no command /${word}. Try /help.`;
  const result = command.run(actions, rest.trim());
  return result === false ? `Usage: /${name} ${command.usage}` : result;
}
