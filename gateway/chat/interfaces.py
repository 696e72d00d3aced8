"""The services that command handlers use. The parts of a lane implement these protocols themselves.

A handler is a function of (services, session, message). A handler that waits for an answer is ``async``: the lane runs
it, and takes no other command of the session meanwhile. A wait ends within 5 s, with
:class:`gateway.chat.errors.Unavailable`. If the client leaves first, it ends with
:class:`gateway.chat.errors.ClientLeft`, so that the handler can undo what it began.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.chat.effects import Effect
from gateway.chat.events import Event
from gateway.chat.history_access import HistoryAccess, HistoryPage, PastEvent, Span
from gateway.chat.member import UNKNOWN, Member, Sender
from gateway.chat.network import GatewayCounts, Profile, RoomListing, Server
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.chat.user_status import UserStatus


class Context(Protocol):
    """The gateway, and the time."""

    @property
    def server(self) -> Server: ...

    @property
    def wall_now(self) -> float:
        """Seconds since 1970."""


class Rooms(Protocol):
    """The rooms that this lane follows."""

    async def open(self, name: str) -> Room:
        """Follow a room, and wait until its replica is live."""

    def is_new(self, name: str) -> bool:
        """Whether a followed room has no log yet."""

    def may_create(self, session: Session) -> bool:
        """Whether one more room may be created from the session's address. This counts it."""

    def position(self, name: str) -> str:
        """The stream id up to which the replica of a followed room is applied."""

    def client_side_nicks(self, room: Room) -> Mapping[str, str]:
        """The nicks by which clients know users of whom a replica is behind, by session id; "" if they saw the QUIT."""

    def detached_members(self, session: Session, room: Room) -> list[Member]:
        """Members whom the room's log has lost, and whom the session still sees there until they have joined again."""

    def set_active(self, session: Session, name: str) -> None:
        """Plain text: what the session types goes to this room from now on, and lines of other rooms are marked."""


class Outgoing(Protocol):
    """Events for room logs."""

    def say(self, session: Session, name: str, line: str) -> None:
        """Append a message to a room's log without waiting. The session is answered later if it is rejected."""

    async def commit_to(self, session: Session, name: str, line: str, *, is_join: bool = False) -> Effect:
        """Append an event to the log of a followed room, and wait for its effect.

        ``is_join``: it is a JOIN of the session, which is not in the room yet.
        """

    async def commit_to_all(self, session: Session, line: str) -> None:
        """Append an event to the log of every room of the session, and wait until all have applied it."""


class Nicks(Protocol):
    """Nicks and their claims."""

    def session_of(self, nick: str) -> Session | None:
        """The registered session of this lane that has this nick."""

    def known_sid(self, nick: str) -> str | None:
        """The session id of a nick that some replica of this lane shows."""

    async def take(self, session: Session, nick: str) -> bool:
        """Claim a nick, send it to every room, release the old one. Return False if another session has it."""


class Profiles(Protocol):
    """What the network's directory and the rooms know of a session."""

    def publish(self, session: Session) -> None:
        """Write the session's profile into its claim: away, user modes, operator."""

    def correct_shown(self, session: Session) -> None:
        """Send the rooms what the session's profile is, after :meth:`Outgoing.commit_to_all` has failed in some."""


class Directory(Protocol):
    """The users and rooms of the whole network."""

    async def find(self, nick: str) -> Profile | None:
        """The user who has a nick, on any gateway."""

    async def find_all(self, nicks: Sequence[str]) -> list[Profile | None]: ...

    async def search(self, fits: Callable[[Profile], bool], limit: int) -> list[Profile]:
        """The first users for whom ``fits`` is true; some thousands are looked at."""

    async def whowas(self, nick: str) -> list[Profile]:
        """The last users who had a nick and released it, the newest first."""

    async def list_rooms(self, names: Sequence[str] = ()) -> list[RoomListing]:
        """The network's rooms, or those of ``names`` that exist; secret ones too, and in no order."""

    async def count_rooms(self) -> int: ...

    async def user_counts(self) -> list[GatewayCounts]:
        """The counts of each living gateway."""


class Users(Protocol):
    """What only the lane of a user knows of them."""

    async def status(self, profile: Profile, *, with_address: bool) -> UserStatus | None:
        """Ask the user's lane; None if it does not answer in time."""


class Direct(Protocol):
    """Messages to one session, on any lane."""

    def say(self, session: Session, target_sid: str, nick: str, line: str) -> None:
        """Append a direct message for a session, under this nick, to the inbox of its lane."""

    async def notify(self, target_sid: str, line: str, sender: Sender = UNKNOWN) -> bool:
        """Send what is no message (INVITE, KILL) to a session. Return False if its gateway is gone."""

    async def broadcast(self, line: str) -> None:
        """Send an event to every lane of the network (WALLOPS)."""

    def publish_ephemeral(self, session: Session, where: str, line: str) -> None:
        """Publish an event that is not stored, to a room or to a session id; it may be lost."""

    def history(self, session: Session, nick: str, span: Span) -> tuple[str, list[PastEvent], bool]:
        """The messages between a session and the user who has, or had, this nick: their nick now, the messages, and
        whether these are all.

        Only messages that this session has sent or received: nobody can prove yet to be the same person.
        """

    def conversations(self, session: Session) -> list[tuple[str, int]]:
        """The users with whom a session has exchanged messages: their nicks now, and the time of the last one (ms)."""

    def delete(self, session: Session, msgid: str) -> None:
        """Remove a message from the session's own direct history."""


class History(Protocol):
    """The logs, read back."""

    async def read(self, may_read: HistoryAccess, span: Span) -> HistoryPage:
        """Return events of a room's log that may be read and were not rejected; a page is bounded in bytes and work."""

    async def find(self, where: str, msgid: str) -> Event | None:
        """Return the message of this id in a room, or to the session of this id, with its sender's present session id.

        None if there is none, or it was rejected or deleted.
        """


class Monitor(Protocol):
    """The MONITOR lists of this lane's sessions."""

    def targets(self, session: Session) -> Mapping[str, str]:
        """The nicks that a session watches, by folded nick."""

    def holder(self, nick: str) -> Profile | None:
        """The user who has a watched nick, as its watchers know it: Redis may have lost the claim for a moment."""

    def add(self, session: Session, nicks: Iterable[str]) -> None:
        """Watch these from now on, also what comes before the reply to a later :meth:`Directory.find`."""

    def remove(self, session: Session, nicks: Iterable[str]) -> None:
        """Watch these folded nicks no more."""


class Sessions(Protocol):
    """The sessions of this lane."""

    def registered(self, session: Session) -> None:
        """The session has become a user of the network."""

    def quit(self, session: Session, reason: str) -> None:
        """End a session: its QUIT reaches everyone who sees it, and its nick is released."""

    def set_caps(self, session: Session, caps: int) -> None:
        """Change what a session has negotiated."""

    async def barrier(self, session: Session) -> None:
        """Wait until the promise of PONG holds."""


class Pacing(Protocol):
    """How fast commands are carried out."""

    async def pace(self, session: Session) -> None:
        """Send and count what the command has answered so far. Wait until the client has read it and may have more.

        However long that takes: the limit of a wait counts from there on.
        """

    async def pause(self, seconds: float) -> None:
        """Let time pass. No other command of the session is carried out meanwhile."""


class Operators(Protocol):
    """What network operators do."""

    async def verify(self, session: Session, password_hash: str, password: str) -> bool:
        """Verify a password (argon2id) on another thread. Raises Unavailable if too many wait for that."""

    def report(self, session: Session, command: str, target: str = "", comment: str = "") -> None:
        """Log what an operator has done, and send it to all operators of the network; does not wait."""

    def rehash(self) -> None:
        """Read the configuration again, as SIGHUP does."""


@dataclass(frozen=True, slots=True)
class Services:
    """All services of a lane."""

    context: Context
    rooms: Rooms
    outgoing: Outgoing
    nicks: Nicks
    profiles: Profiles
    directory: Directory
    users: Users
    direct: Direct
    history: History
    monitor: Monitor
    sessions: Sessions
    pacing: Pacing
    operators: Operators
