"""What a session gives to the screen, the log and the buffers, in the order in which it is to be shown.

Owns the kinds of events. `at` is in seconds since the epoch, by the network's clock where it gave one. Their texts
are as they came: gateway.wire.text makes them fit to be read. Pure; any thread.
"""

from dataclasses import dataclass
from enum import Enum

from gateway.wire.message import Message


class ConnectionState(Enum):
    """How far the way to the network is."""

    WAITING = "waiting"  # for the moment of the next try
    CONNECTING = "connecting"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Heard:
    """The network sent something; a message comes once, and in its room's order.

    The text of a message of several lines (IRCv3 multiline) has "\\n" between them.
    """

    at: float
    message: Message
    own_nick: str
    conversation: str = ""  # of a message: the room or the other person
    is_typed_here: bool = False  # an own message, which by this is known to have arrived
    client_msgid: str = ""  # of the message that was `Sent`
    is_history: bool = False  # it was said before it could be heard live
    is_quiet: bool = False  # it changes what is known, and is nothing to read


@dataclass(frozen=True, slots=True)
class ClientNotice:
    """The client speaks about itself and its connection."""

    at: float
    text: str
    conversation: str = ""  # the room or person that it is about
    is_answer: bool = False  # to what the person has just done


@dataclass(frozen=True, slots=True)
class Sent:
    """Something was typed here; that it has arrived is `Heard`, else it is `Failed`."""

    at: float
    client_msgid: str
    verb: str
    target: str
    text: str
    reply_to: str = ""  # a msgid
    replaces: str = ""  # the pending id of a message that had to be cut


@dataclass(frozen=True, slots=True)
class Failed:
    """What was typed here has not been delivered, and will not be sent again."""

    at: float
    target: str
    text: str
    reason: str
    client_msgid: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection is made, lost or awaited, or its latency is known."""

    at: float
    state: ConnectionState
    address: str = ""
    next_try_at: float | None = None
    latency_s: float | None = None
    problem: str = ""  # why there was no connection to be had at `address`


@dataclass(frozen=True, slots=True)
class PasswordRequired:
    """The network wants a password, or another one: there is no connection until `Session.give_password`."""

    at: float
    address: str
    was_refused: bool  # the one that was given


@dataclass(frozen=True, slots=True)
class ListedRoom:
    """A public room of the network; its name can be joined, and its topic is without controls."""

    name: str
    people: int
    topic: str


@dataclass(frozen=True, slots=True)
class RoomsListed:
    """The answer to `Session.list_rooms`, those with most people first."""

    at: float
    rooms: tuple[ListedRoom, ...]
    problem: str = ""  # why there are none, or not all


@dataclass(frozen=True, slots=True)
class OlderRequested:
    """What was said before is asked for; `OlderLoaded` follows."""

    at: float
    target: str


@dataclass(frozen=True, slots=True)
class OlderLoaded:
    """An answer to `Session.load_older`: what was said before what was known, oldest first."""

    at: float
    target: str
    messages: tuple[Message, ...]
    own_nick: str
    has_more: bool
    problem: str = ""  # why there is none


@dataclass(frozen=True, slots=True)
class SearchResults:
    """A step of `Session.search`: what was found in the pages since the last step, newest first."""

    at: float
    search_id: str
    target: str
    messages: tuple[Message, ...]
    scanned: int  # messages, in all
    oldest_at: float | None  # how far back it has come
    is_over: bool
    problem: str = ""


Event = (
    Heard
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
