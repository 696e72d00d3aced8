"""The events of a session for the screen, the log and the buffers, in the order in which they are to be shown.

`at` is in seconds since the epoch, by the network's clock if it gave one. Texts are as they came: gateway.wire.text
removes control characters. Pure; any thread.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from client.tags import REACTION_TAGS, parse_time, reply_to
from gateway.wire import numerics as n
from gateway.wire.message import Message, split_source


class ConnectionState(Enum):
    """The state of the connection to the network."""

    WAITING = "waiting"  # for the next try
    CONNECTING = "connecting"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One line of the server, of the type that says what it is; see `event_type`.

    Each message of a conversation comes once, and in the order of its conversation. The text of a message of several
    lines (IRCv3 multiline) has "\\n" between them.
    """

    at: float
    message: Message
    own_nick: str
    conversation: str = ""  # its name; "": none or all
    is_typed_here: bool = False  # our own message, which is confirmed by this
    client_msgid: str = ""  # of the `Sent` that this confirms
    is_history: bool = False  # it comes from the history
    is_quiet: bool = False  # it changes what is known, and is not shown as text

    @property
    def nick(self) -> str:
        """The nick of the sender, or the name of the server."""
        return split_source(self.message.source or "")[0]

    @property
    def msgid(self) -> str:
        return self.message.tags.get("msgid", "")


class Received(ServerEvent):
    """A PRIVMSG or NOTICE."""

    __slots__ = ()

    @property
    def text(self) -> str:
        return self.message.params[1]


class Reacted(ServerEvent):
    """A reaction to the message `msgid` was added or removed (IRCv3 react)."""

    __slots__ = ()

    @property
    def msgid(self) -> str:
        return reply_to(self.message)

    @property
    def reaction(self) -> str:
        return next((self.message.tags[tag] for tag in REACTION_TAGS if tag in self.message.tags), "")

    @property
    def is_removed(self) -> bool:
        return next((removes for tag, removes in REACTION_TAGS.items() if tag in self.message.tags), False)


class Redacted(ServerEvent):
    """The message `msgid` was deleted (IRCv3 message-redaction)."""

    __slots__ = ()

    @property
    def msgid(self) -> str:
        return self.message.params[1]


class TypingChanged(ServerEvent):
    """Another user types, pauses or stops (IRCv3 typing)."""

    __slots__ = ()

    @property
    def state(self) -> str:
        return self.message.tags["+typing"]


class ReadMarkerMoved(ServerEvent):
    """The user has read everything up to `read_until`, here or in another client (IRCv3 read-marker)."""

    __slots__ = ()

    @property
    def read_until(self) -> float:
        return parse_time(self.message.params[1].removeprefix("timestamp=")) or 0.0


class Joined(ServerEvent):
    """A user, or this client, has joined a room."""

    __slots__ = ()


class Left(ServerEvent):
    """A user, or this client, has left a room or was kicked from it."""

    __slots__ = ()

    @property
    def nick(self) -> str:
        return self.message.params[1] if self.message.verb == "KICK" else split_source(self.message.source or "")[0]

    @property
    def by(self) -> str:
        """The user who kicked, "" for a PART."""
        return split_source(self.message.source or "")[0] if self.message.verb == "KICK" else ""

    @property
    def reason(self) -> str:
        return "".join(self.message.params[2 if self.message.verb == "KICK" else 1 :][:1])


class Quit(ServerEvent):
    """A user has left the network."""

    __slots__ = ()

    @property
    def reason(self) -> str:
        return "".join(self.message.params[:1])


class Renamed(ServerEvent):
    """A user, or this client, has another nick."""

    __slots__ = ()

    @property
    def new_nick(self) -> str:
        return self.message.params[0]


class ModesSet(ServerEvent):
    """The modes of a room or a user have changed."""

    __slots__ = ()

    @property
    def modes(self) -> list[str]:
        """The modes with their signs, then their parameters."""
        return self.message.params[1:]


class TopicSet(ServerEvent):
    """A room has this topic: set now (TOPIC), or found when it was joined (RPL_TOPIC, without a nick)."""

    __slots__ = ()

    @property
    def nick(self) -> str:
        return split_source(self.message.source or "")[0] if self.message.verb == "TOPIC" else ""

    @property
    def topic(self) -> str:
        return self.message.params[-1]


class Invited(ServerEvent):
    """A user, perhaps this client, is invited to a room (RFC 2812 3.2.7, IRCv3 invite-notify)."""

    __slots__ = ()

    @property
    def invitee(self) -> str:
        return self.message.params[0]


class ProfileChanged(ServerEvent):
    """Away, account, host or realname of a user: a change, or an answer to WHO or MONITOR."""

    __slots__ = ()


class MembersListed(ServerEvent):
    """A part of the answer to NAMES, or its end."""

    __slots__ = ()


class ServerNotice(ServerEvent):
    """Anything else: an answer, an error, or a NOTICE of the server itself."""

    __slots__ = ()

    @property
    def code(self) -> str:
        """The numeric, the code of a FAIL, WARN or NOTE (IRCv3 standard-replies), or the verb."""
        if self.message.verb in ("FAIL", "WARN", "NOTE") and len(self.message.params) > 1:
            return self.message.params[1]
        return self.message.verb


# Verb -> type, and the number of the parameter that names the conversation.
_TYPES: Final[dict[str, tuple[type[ServerEvent], int | None]]] = {
    "ACCOUNT": (ProfileChanged, None),
    "AWAY": (ProfileChanged, None),
    "CHGHOST": (ProfileChanged, None),
    "INVITE": (Invited, 1),
    "JOIN": (Joined, 0),
    "KICK": (Left, 0),
    "MARKREAD": (ReadMarkerMoved, 0),
    "MODE": (ModesSet, 0),
    "NICK": (Renamed, None),
    "NOTICE": (Received, None),
    "PART": (Left, 0),
    "PRIVMSG": (Received, None),
    "QUIT": (Quit, None),
    "REDACT": (Redacted, None),
    "SETNAME": (ProfileChanged, None),
    "TAGMSG": (Reacted, None),
    "TOPIC": (TopicSet, 0),
    n.RPL_TOPIC: (TopicSet, 1),
    n.RPL_WHOREPLY: (ProfileChanged, None),
    n.RPL_WHOSPCRPL: (ProfileChanged, None),
    n.RPL_MONONLINE: (ProfileChanged, None),
    n.RPL_MONOFFLINE: (ProfileChanged, None),
    n.RPL_NAMREPLY: (MembersListed, 2),
    n.RPL_ENDOFNAMES: (MembersListed, 1),
}


def event_type(message: Message, conversation: str = "") -> tuple[type[ServerEvent], str]:
    """Return the type of the event for a line, and the conversation that it is about; `conversation` if known."""
    kind, index = _TYPES.get(message.verb, (ServerNotice, None))
    if kind is Received and not conversation and "!" not in (message.source or ""):
        kind = ServerNotice
    elif message.verb == "TAGMSG" and "+typing" in message.tags:
        kind = TypingChanged
    if not conversation and index is not None and len(message.params) > index:
        conversation = message.params[index]
    return kind, conversation


@dataclass(frozen=True, slots=True)
class ClientNotice:
    """A notice of the client about itself or its connection."""

    at: float
    text: str
    conversation: str = ""  # its name; "": none
    is_answer: bool = False  # it answers a command of the user


@dataclass(frozen=True, slots=True)
class Sent:
    """The user sends a message. `Received` confirms it, or `Failed` reports that it was not delivered."""

    at: float
    client_msgid: str
    verb: str
    target: str
    text: str
    reply_to: str = ""  # a msgid
    replaces: str = ""  # the client msgid of a message that was split


@dataclass(frozen=True, slots=True)
class Failed:
    """A message was not delivered, and will not be sent again."""

    at: float
    target: str
    text: str
    reason: str
    client_msgid: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The state of the connection or its latency has changed."""

    at: float
    state: ConnectionState
    address: str = ""
    next_try_at: float | None = None
    latency_s: float | None = None
    problem: str = ""  # why no connection to `address` was possible


@dataclass(frozen=True, slots=True)
class PasswordRequired:
    """The network requires a password, or another one. Nothing is connected before `Session.give_password`."""

    at: float
    address: str
    was_refused: bool  # there was a password, and it is wrong


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A public room. Its name is valid, and its topic has no control characters."""

    name: str
    people: int
    topic: str


@dataclass(frozen=True, slots=True)
class RoomsListed:
    """The answer to `Session.list_rooms`: the rooms with most people first."""

    at: float
    rooms: tuple[ListedRoom, ...]
    problem: str = ""  # why there are none, or not all


@dataclass(frozen=True, slots=True)
class OlderRequested:
    """A page of older messages is requested; `OlderLoaded` follows."""

    at: float
    target: str


@dataclass(frozen=True, slots=True)
class OlderLoaded:
    """The answer to `Session.load_older`: a page of older messages, oldest first."""

    at: float
    target: str
    messages: tuple[Message, ...]
    own_nick: str
    has_more: bool
    problem: str = ""  # why there is none


@dataclass(frozen=True, slots=True)
class SearchResults:
    """A step of `Session.search`: the messages found since the last step, newest first."""

    at: float
    search_id: str
    target: str
    messages: tuple[Message, ...]
    scanned: int  # messages in all
    oldest_at: float | None  # how far back the search has come
    is_over: bool
    problem: str = ""


Event = (
    ServerEvent
    | ClientNotice
    | Sent
    | Failed
    | ConnectionChanged
    | PasswordRequired
    | RoomsListed
    | OlderRequested
    | OlderLoaded
    | SearchResults
)
