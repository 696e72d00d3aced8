/** What is typed that begins with a slash. Pure; `app` carries it out (see main.js). */

import { withEmoji } from "./emoji.js";
import { isRoom } from "./irc.js";

const roomName = (word) => (isRoom(word) ? word : `#${word}`);

/** Splits off the first word. */
function head(text) {
  const [, word, rest] = text.match(/^(\S*)\s*([\s\S]*)$/);
  return [word, rest];
}

/**
 * Name -> what follows it, what it does, and how. `run` gives a text where the command is not understood.
 * @type {Record<string, {usage: string, help: string, run: (app: import("./main.js").App, rest: string) => unknown}>}
 */
export const COMMANDS = {
  away: {
    usage: "[TEXT]",
    help: "say that you are away, or back",
    run: (app, rest) => app.command("AWAY", rest ? [rest] : []),
  },
  help: { usage: "", help: "show all commands", run: (app) => app.help() },
  ignore: {
    usage: "[NAME]",
    help: "hide what someone says, or no longer",
    run: (app, rest) => app.ignore(head(rest)[0]),
  },
  invite: {
    usage: "NAME",
    help: "invite someone to this room",
    run: (app, rest) => (rest && app.room ? app.command("INVITE", [head(rest)[0], app.room]) : "Usage: /invite NAME"),
  },
  join: {
    usage: "ROOM [KEY]",
    help: "join a room, or go to it",
    run(app, rest) {
      const [room, key] = head(rest);
      if (!room) return "Usage: /join ROOM";
      return app.join(roomName(room), key);
    },
  },
  kick: {
    usage: "NAME [REASON]",
    help: "remove someone from this room",
    run(app, rest) {
      const [nick, reason] = head(rest);
      if (!nick || !app.room) return "Usage: /kick NAME [REASON]";
      return app.command("KICK", [app.room, nick, ...(reason ? [reason] : [])]);
    },
  },
  list: { usage: "[TEXT]", help: "find a room by its name or topic", run: (app, rest) => app.finder.open(rest) },
  me: { usage: "TEXT", help: "say what you are doing", run: (app, rest) => (rest ? app.act(withEmoji(rest)) : "Usage: /me TEXT") },
  motd: { usage: "", help: "show the message of the day", run: (app) => app.command("MOTD", []) },
  msg: {
    usage: "NAME [TEXT]",
    help: "talk to one person",
    run(app, rest) {
      const [name, text] = head(rest);
      return name ? app.talkTo(name, withEmoji(text)) : "Usage: /msg NAME [TEXT]";
    },
  },
  mode: {
    usage: "MODES",
    help: "set this room's modes",
    run: (app, rest) => app.command("MODE", [app.room, ...rest.split(/\s+/).filter(Boolean)]),
  },
  nick: {
    usage: "NAME",
    help: "change your name",
    run: (app, rest) => (rest ? app.rename(head(rest)[0]) : "Usage: /nick NAME"),
  },
  oper: {
    usage: "NAME",
    help: "become an operator of the network; the password is asked for",
    run(app, rest) {
      const [name, password] = head(rest);
      return name ? app.becomeOperator(name, password) : "Usage: /oper NAME";
    },
  },
  part: {
    usage: "[ROOM]",
    help: "leave a room, or end a conversation",
    run: (app, rest) => app.part(rest ? roomName(head(rest)[0]) : app.place),
  },
  raw: {
    usage: "LINE",
    help: "send a line of IRC as it is",
    run(app, rest) {
      const [verb, params] = head(rest);
      const colon = ` ${params}`.indexOf(" :");
      const words = (colon < 0 ? params : params.slice(0, Math.max(0, colon - 1))).split(" ").filter(Boolean);
      return app.command(verb.toUpperCase(), colon < 0 ? words : [...words, params.slice(colon + 1)]);
    },
  },
  topic: {
    usage: "[TEXT]",
    help: "set this room's topic",
    run: (app, rest) =>
      app.room ? app.command("TOPIC", rest ? [app.room, rest] : [app.room]) : "Rooms have topics, people have none.",
  },
  whois: {
    usage: "NAME",
    help: "show who someone is",
    run: (app, rest) => (rest ? app.command("WHOIS", [head(rest)[0]]) : "Usage: /whois NAME"),
  },
};

/** Does what was typed; gives a text to show where it was not understood. */
export function typed(app, text) {
  if (!text.startsWith("/") || text.startsWith("//")) return app.say(withEmoji(text.replace(/^\/\//, "/")));
  const [word, rest] = head(text.slice(1));
  const command = COMMANDS[word.toLowerCase()];
  return command ? command.run(app, rest.trim()) : `There is no command /${word}. Try /help.`;
}
