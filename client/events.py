"""What a session gives to the screen, the log and the buffers, in the order in which it is to be shown.

Owns the kinds of events. `at` is in seconds since the epoch, by the network's clock where it gave one. Their texts
are as they came: gateway.wire.text makes them fit to be read. Pure; any thread.
"""

from dataclasses import dataclass
from enum import Enum

from gateway.wire.message import Message


class Link(Enum):
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
    place: str = ""  # of a message: the room or the other person
    is_typed_here: bool = False  # an own message, which by this is known to have arrived
    pending_id: str = ""  # of the message that was `Said`
    is_history: bool = False  # it was said before it could be heard live
    is_quiet: bool = False  # it changes what is known, and is nothing to read


@dataclass(frozen=True, slots=True)
class Status:
    """The client speaks about itself and its connection."""

    at: float
    text: str
    place: str = ""  # the room or person that it is about
    is_answer: bool = False  # to what the person has just done


@dataclass(frozen=True, slots=True)
class Said:
    """Something was typed here; that it has arrived is `Heard`, else it is `Undelivered`."""

    at: float
    pending_id: str
    verb: str
    target: str
    text: str
    reply_to: str = ""  # a msgid
    replaces: str = ""  # the pending id of a message that had to be cut


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What was typed here has not been delivered, and will not be sent again."""

    at: float
    target: str
    text: str
    reason: str
    pending_id: str = ""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The connection is made, lost or awaited, or its latency is known."""

    at: float
    link: Link
    address: str = ""
    next_try_at: float | None = None
    latency_s: float | None = None
    problem: str = ""  # why there was no connection to be had at `address`


@dataclass(frozen=True, slots=True)
class PasswordNeeded:
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
class LoadingOlder:
    """What was said before is asked for; `Older` follows."""

    at: float
    target: str


@dataclass(frozen=True, slots=True)
class Older:
    """An answer to `Session.load_older`: what was said before what was known, oldest first."""

    at: float
    target: str
    messages: tuple[Message, ...]
    own_nick: str
    has_more: bool
    problem: str = ""  # why there is none


@dataclass(frozen=True, slots=True)
class Found:
    """A step of `Session.search`: what was found in the pages since the last step, newest first."""

    at: float
    search_id: str
    target: str
    messages: tuple[Message, ...]
    scanned: int  # messages, in all
    oldest_at: float | None  # how far back it has come
    is_over: bool
    problem: str = ""


Event = Heard | Status | Said | Undelivered | LinkChanged | PasswordNeeded | RoomsListed | LoadingOlder | Older | Found
