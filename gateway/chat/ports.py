"""What command handlers may ask of the lane they run on.

A handler is a function of (ports, session, message). One that must wait for an answer is ``async``; the lane
drives it and parks the session's input meanwhile. A wait ends within 5 s: then it raises
:class:`Unavailable`; if the client leaves first, :class:`ClientLeft`, so that the handler can undo what it began.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.chat.effects import Effect
from gateway.chat.events import Event
from gateway.chat.history_access import HistoryAccess, PastEvent, Place, Span
from gateway.chat.member import UNKNOWN, Member, Sender
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.chat.user_status import UserStatus


class Unavailable(Exception):
    """Redis did not answer in time; the command's fate is told to the client as a failure.

    Its arguments are the verb and the target to be named there, if not the command's own.
    """


class ClientLeft(Exception):
    """The client left while its handler waited."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the network knows of a nick's holder (the claim's hash in Redis)."""

    nick: str
    sid: str
    user: str
    host: str
    realname: str
    server: str
    signon_s: int
    away: str | None = None
    oper: str = ""
    account: str = ""
    invisible: bool = False
    is_bot: bool = False

    @property
    def source(self) -> str:
        return f"{self.nick}!{self.user}@{self.host}"


@dataclass(frozen=True, slots=True)
class RoomListing:
    """A room in the network's directory."""

    name: str
    members: int
    topic: str
    is_secret: bool


@dataclass(frozen=True, slots=True)
class GatewayCounts:
    """How many users a gateway has; of them ``invisible``, ``opers``. ``unknown``: not registered yet.

    ``peak`` is the most that its lanes ever had, added up.
    """

    gateway: str
    name: str
    users: int
    invisible: int
    opers: int
    unknown: int
    peak: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Events of a history, in its order, and how far it was read.

    ``reached``: what lies behind this place, in the direction of reading, was not looked at; None: all was.
    """

    events: list[PastEvent]
    reached: Place | None


@dataclass(frozen=True, slots=True)
class Server:
    """What a gateway tells of itself and of its network."""

    name: str
    network: str
    version: str
    lobby: str
    motd: tuple[str, ...]
    isupport: tuple[str, ...]
    """The tokens of each line of RPL_ISUPPORT."""
    password: str | None
    operators: dict[str, str]
    lease_s: float
    started_s: float
    """Seconds since 1970."""
    join_history_messages: int = 20
    """Messages that a client which does not ask for history is shown on JOIN; 0: none."""


class Ports(Protocol):
    """See the module."""

    @property
    def server(self) -> Server: ...

    @property
    def now(self) -> float:
        """Seconds since 1970."""

    # rooms
    def room(self, name: str) -> Room | None:
        """The replica of a room that this lane follows and has loaded, by any spelling of its name."""

    def is_room_name(self, name: str) -> bool:
        """Whether a room may have this name."""

    def open_room(self, name: str) -> Awaitable[Room]:
        """Follows a room and waits until its replica is live."""

    def is_new(self, room: str) -> bool:
        """Whether a followed room has no log yet."""

    def may_make_room(self, session: Session) -> bool:
        """Whether one more room may be made from the session's address, which it then is."""

    def say(self, session: Session, room: str, line: str) -> None:
        """Appends a message event; never waits. What the fold voids, or cannot be kept, is answered later."""

    def commit(self, session: Session, room: str, line: str) -> Awaitable[Effect]:
        """Appends an event to a followed room and waits for what the fold makes of it."""

    def commit_everywhere(self, session: Session, line: str) -> Awaitable[None]:
        """Appends an event to every room that the session is in, and waits until all have folded it."""

    def take_back(self, session: Session) -> None:
        """Tells whoever was shown something else of a session by :meth:`commit_everywhere`, which failed, how it is."""

    # people
    def local(self, nick: str) -> Session | None:
        """The registered session of this lane that has this nick."""

    def known(self, nick: str) -> str | None:
        """The session id of a nick that some replica of this lane shows."""

    def shown_nicks(self, room: Room) -> Mapping[str, str]:
        """By session id, what clients know of those of whom some room's replica is behind; mostly of nobody.

        The name that they have by now, "" where they have quit.
        """

    def kept(self, session: Session, room: Room) -> list[Member]:
        """Whom a session sees in a room though its log has lost them, until they have joined again; mostly nobody."""

    def publish_profile(self, session: Session) -> None:
        """Brings the session's claim up to date (away, rooms, operator)."""

    def find(self, nick: str) -> Awaitable[Profile | None]:
        """Whoever holds a nick, on any gateway."""

    def find_all(self, nicks: Sequence[str]) -> Awaitable[list[Profile | None]]: ...

    def search(self, fits: Callable[[Profile], bool], limit: int) -> Awaitable[list[Profile]]:
        """Of everybody on the network the first so many who fit; some thousands are looked at."""

    def presence(self, profile: Profile, *, with_address: bool) -> Awaitable[UserStatus | None]:
        """What the session's own lane knows; None when it does not say."""

    def whisper(self, session: Session, target_sid: str, nick: str, line: str) -> None:
        """Sends a message to the inbox of another session's lane, for that session under that nick."""

    def notify(self, target_sid: str, line: str, sender: Sender = UNKNOWN) -> Awaitable[bool]:
        """Sends what is no message (INVITE, KILL) to another session; False when its gateway is gone."""

    def publish_ephemeral(self, session: Session, where: str, line: str) -> None:
        """Shows an event to a room, or to the session of this id, without a log: it may be lost, and nobody is told."""

    def monitored(self, session: Session) -> Mapping[str, str]:
        """Whom the session watches: folded nick to how it spelled it."""

    def known_holder(self, nick: str) -> Profile | None:
        """Who has a nick as far as those who monitor it have been told: Redis may have lost the claim for a moment."""

    def monitor(self, session: Session, nicks: Sequence[str]) -> None:
        """Watches these from now on, also what comes before the answer to a :meth:`find` made behind it."""

    def unmonitor(self, session: Session, nicks: Sequence[str]) -> None:
        """``nicks``: folded ones."""

    # the network
    def list_rooms(self, names: Sequence[str] = ()) -> Awaitable[list[RoomListing]]:
        """The network's rooms, or those of these names that there are; secret ones too, and in no order."""

    def count_rooms(self) -> Awaitable[int]: ...

    def whowas(self, nick: str) -> Awaitable[list[Profile]]: ...

    def user_counts(self) -> Awaitable[list[GatewayCounts]]:
        """One for each living gateway."""

    def broadcast(self, line: str) -> Awaitable[None]:
        """Sends an event to every lane of the network (WALLOPS)."""

    def history(self, may_read: HistoryAccess, span: Span) -> Awaitable[HistoryPage]:
        """Events of a room's log that may be read, and are not void; an excerpt is bounded in bytes and in work."""

    def talk(self, session: Session, nick: str, span: Span) -> Awaitable[tuple[str, list[PastEvent], bool]]:
        """That one's nick, what a session and whoever is, or was, called so have said to each other; if that is all.

        Nothing that another session sent or received, whatever its nick: nobody can prove yet to be the same person.
        """

    def talks(self, session: Session) -> Awaitable[list[tuple[str, int]]]:
        """Whom a session has exchanged messages with, by their nicks now, and when last (ms since 1970)."""

    def delete_direct(self, session: Session, msgid: str) -> None:
        """A session has taken back a message to another: its own history of it has it no more."""

    def find_message(self, where: str, msgid: str) -> Awaitable[Event | None]:
        """The message (PRIVMSG, NOTICE, TAGMSG) of this id in a room, or to a session of this id.

        As its log has it, with the present session id of the sender; None where there is none, or it is void.
        """

    def verify(self, session: Session, password_hash: str, password: str) -> Awaitable[bool]:
        """argon2id, beside the lane; Unavailable where too many passwords wait to be tried."""

    def pause(self, seconds: float) -> Awaitable[None]:
        """Lets time pass; the session's input stays parked."""

    # the session
    def pace(self, session: Session) -> Awaitable[None]:
        """Sends and counts what the command has answered so far; waits until the client has read it and may have more.

        However long that takes: the limit of a wait counts from there on.
        """

    def set_caps(self, session: Session, caps: int) -> None:
        """Changes what a session has negotiated."""

    def try_registration(self, session: Session) -> Coroutine[Any, Any, None]:
        """Completes the registration if all that it needs is in."""

    def barrier(self, session: Session) -> Awaitable[None]:
        """Waits until the promise of PONG holds."""

    def rename(self, session: Session, nick: str) -> Awaitable[bool]:
        """Claim a nick, send it to every room, release the old one. Return False if another session has it."""

    def position(self, room: str) -> str:
        """The stream id that a followed room's replica has folded up to."""

    def registered(self, session: Session) -> None:
        """The session has become a user of the network."""

    def look(self, session: Session, room: str) -> None:
        """Plain text: what the session types goes to this room from now on, and others' lines are marked."""

    def quit(self, session: Session, reason: str) -> None:
        """Ends a session: its QUIT reaches everyone who sees it, its nick is freed."""

    def report(self, session: Session, command: str, target: str = "", comment: str = "") -> None:
        """Tells the gateway's log, and all operators of the network, what an operator has done; never waits."""

    def rehash(self) -> None:
        """Reads the configuration again, as SIGHUP does."""
