"""The texts of HELP: a topic for each command, with its form and its effect. Pure data."""

from typing import Final

_COMMANDS: Final = {
    "ADMIN": ("[server]", "Who runs the network."),
    "AWAY": ("[text]", "Says that you are away, and why; without a text, that you are back."),
    "BATCH": ("+reference draft/multiline target|-reference", "Says several lines as one message (IRCv3 multiline)."),
    "CAP": ("LS|LIST|REQ|END [...]", "Negotiates capabilities (IRCv3)."),
    "CHATHISTORY": ("LATEST|BEFORE|AFTER|AROUND|BETWEEN|TARGETS ...", "What was said in a room or with somebody."),
    "HELP": ("[topic]", "This."),
    "INFO": ("[server]", "What this server is."),
    "INVITE": ("[nick room]", "Invites somebody into a room; without parameters lists your own invitations."),
    "ISON": ("nick ...", "Which of these nicks are in use."),
    "ISUPPORT": ("", "What the server supports."),
    "JOIN": ("room[,room] [key[,key]]", "Goes into rooms; a room that is not there is made, and yours."),
    "KICK": ("room[,room] nick[,nick] [text]", "Puts people out of a room, or each out of the room named for them."),
    "KILL": ("nick text", "Ends a user's connection; for operators."),
    "LINKS": ("[mask]", "The gateways of the network."),
    "LIST": ("[room,...] [*mask*,!*mask*,<users,>users]", "The rooms of the network, the largest first."),
    "LUSERS": ("", "How many users and rooms the network has."),
    "MARKREAD": ("room|nick [timestamp=...]", "Up to where you have read a conversation (IRCv3 read-marker)."),
    "MODE": ("room|nick [modes [parameters]]", "Shows or changes modes of a room, or your own."),
    "MONITOR": ("+|- nick[,nick] | C | L | S", "Tells who comes and leaves: add, remove, clear, list, status."),
    "MOTD": ("[server]", "The message of the day."),
    "NAMES": ("room[,room]", "Who is in a room."),
    "NICK": ("nick", "Changes your name."),
    "NOTICE": ("target[,target] text", "Like PRIVMSG, but never answered automatically."),
    "OPER": ("name password", "Makes you an operator of the network."),
    "PART": ("room[,room] [text]", "Leaves rooms."),
    "PING": ("text", "Asks for a PONG: what anybody knew to be sent before has then been delivered to you."),
    "PRIVMSG": ("target[,target] text", "Says something to rooms or people."),
    "QUIT": ("[text]", "Leaves."),
    "REDACT": ("room|nick msgid [text]", "Takes a message back (IRCv3 message-redaction)."),
    "REHASH": ("", "Reads the gateway's settings again; for operators."),
    "SETNAME": ("text", "Changes your real name."),
    "STATS": ("u", "How long the gateway has been up."),
    "TAGMSG": ("target[,target]", "Sends tags without a text (IRCv3 message-tags)."),
    "TIME": ("[server]", "The gateway's clock."),
    "TOPIC": ("room [text]", "Shows or sets what a room is about."),
    "USERHOST": ("nick ...", "User names and hosts of up to five nicks."),
    "VERSION": ("[server]", "The version, and what the server supports."),
    "WALLOPS": ("text", "Tells all operators, and who else listens (+w); for operators."),
    "WHO": ("[room|nick|mask] [o][%fields[,token]]", "Who is there, or in a room; o: operators only; %: WHOX."),
    "WHOIS": ("nick", "About somebody."),
    "WHOWAS": ("nick [count]", "Who had a nick before."),
}

TOPICS: Final = {verb: (f"{verb} {form}".rstrip(), text) for verb, (form, text) in _COMMANDS.items()}
"""Topic in upper case -> lines. The first line is the form of the command."""


def _index() -> tuple[str, ...]:
    verbs = list(_COMMANDS)
    rows = [" ".join(f"{verb:<11}" for verb in verbs[at : at + 6]).rstrip() for at in range(0, len(verbs), 6)]
    return "HELP <command> tells more of each:", *rows


INDEX: Final = _index()
