"""The texts of HELP: a topic for each command, with its form and its effect. Pure data."""

from typing import Final

_COMMANDS: Final = {
    "ADMIN": ("[server]", "The administrators of the network."),
    "AWAY": ("[text]", "Mark yourself as away, with a reason; without a text, as back."),
    "BATCH": ("+reference draft/multiline target|-reference", "Send several lines as one message (IRCv3 multiline)."),
    "CAP": ("LS|LIST|REQ|END [...]", "Negotiate capabilities (IRCv3)."),
    "CHATHISTORY": (
        "LATEST|BEFORE|AFTER|AROUND|BETWEEN|TARGETS ...",
        "Earlier messages of a room, or with a user (IRCv3 chathistory).",
    ),
    "HELP": ("[topic]", "This."),
    "INFO": ("[server]", "Information about this server."),
    "INVITE": ("[nick room]", "Invite a user to a room; without parameters, list your own invitations."),
    "ISON": ("nick ...", "Which of these nicks are in use."),
    "ISUPPORT": ("", "What the server supports."),
    "JOIN": ("room[,room] [key[,key]]", "Join rooms. A room that does not exist is created, and you are its operator."),
    "KICK": ("room[,room] nick[,nick] [text]", "Remove users from a room, or each user from the room named for them."),
    "KILL": ("nick text", "Disconnect a user; for operators."),
    "LINKS": ("[mask]", "The gateways of the network."),
    "LIST": ("[room,...] [*mask*,!*mask*,<users,>users]", "The rooms of the network, the largest first."),
    "LUSERS": ("", "The number of users and rooms of the network."),
    "MARKREAD": (
        "room|nick [timestamp=...]",
        "Show or set the time up to which you have read a conversation (IRCv3 read-marker).",
    ),
    "MODE": ("room|nick [modes [parameters]]", "Show or change the modes of a room, or your own."),
    "MONITOR": (
        "+|- nick[,nick] | C | L | S",
        "Be notified when users come and leave: add, remove, clear, list, status.",
    ),
    "MOTD": ("[server]", "The message of the day."),
    "NAMES": ("room[,room]", "The users in a room."),
    "NICK": ("nick", "Change your nick."),
    "NOTICE": ("target[,target] text", "Like PRIVMSG, but never answered automatically."),
    "OPER": ("name password", "Become an operator of the network."),
    "PART": ("room[,room] [text]", "Leave rooms."),
    "PING": ("text", "Request a PONG. Before it, you are sent all messages that anyone had seen delivered by then."),
    "PRIVMSG": ("target[,target] text", "Send a message to rooms or users."),
    "QUIT": ("[text]", "Leave the network."),
    "REDACT": ("room|nick msgid [text]", "Delete a message (IRCv3 message-redaction)."),
    "REHASH": ("", "Read the gateway's settings again; for operators."),
    "SETNAME": ("text", "Change your real name."),
    "STATS": ("u", "The uptime of the gateway."),
    "TAGMSG": ("target[,target]", "Send tags without a text (IRCv3 message-tags)."),
    "TIME": ("[server]", "The gateway's clock."),
    "TOPIC": ("room [text]", "Show or set the topic of a room."),
    "USERHOST": ("nick ...", "User names and hosts of up to five nicks."),
    "VERSION": ("[server]", "The version, and what the server supports."),
    "WALLOPS": ("text", "Send a message to all operators and to users with mode +w; for operators."),
    "WHO": (
        "[room|nick|mask] [o][%fields[,token]]",
        "The users of the network or of a room; o: operators only; %: WHOX.",
    ),
    "WHOIS": ("nick", "About somebody."),
    "WHOWAS": ("nick [count]", "The last users who had a nick."),
}

TOPICS: Final = {verb: (f"{verb} {form}".rstrip(), text) for verb, (form, text) in _COMMANDS.items()}
"""Topic in upper case -> lines. The first line is the form of the command."""


def _index() -> tuple[str, ...]:
    verbs = list(_COMMANDS)
    rows = [" ".join(f"{verb:<11}" for verb in verbs[at : at + 6]).rstrip() for at in range(0, len(verbs), 6)]
    return "HELP <command> explains each:", *rows


INDEX: Final = _index()
