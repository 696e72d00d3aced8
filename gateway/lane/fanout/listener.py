"""What the fan-out reports to the lane besides the lines that clients are sent. Runs on the lane's thread."""

from typing import Protocol

from gateway.chat.effects import Joined, Redacted, Rejection
from gateway.chat.events import Entry
from gateway.chat.member import Member
from gateway.lane.clients.client import Client
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import PendingEvent


class StateChangeListener(Protocol):
    """What follows from an effect besides the lines that clients are sent."""

    def rejected(self, followed: LocalRoom, entry: Entry, effect: Rejection | Redacted) -> None:
        """An event was rejected, or deletes a message: the log's history must omit that."""

    def rejected_after_gone(self, followed: LocalRoom, pending: PendingEvent) -> bool:
        """An event of this lane was rejected because its gateway was declared dead; whether it will be sent again."""

    def nick_taken(self, member: Member) -> None:
        """A visible session has this nick from now on."""

    def renamed(self, client: Client, nick: str) -> None:
        """A session of this lane is shown under another nick."""

    def nick_lost(self, client: Client, nick: str, room: str) -> None:
        """A client has lost this nick to another session and is shown under its session id, as in ``room``'s log."""

    def declared_dead(self) -> None:
        """A log has GONE for this lane's own gateway."""

    def current_sid(self, sid: str) -> str:
        """The current id of a session of this lane, by any id that it had; other ids unchanged."""

    def rejoined(self, effect: Joined) -> None:
        """A client of this lane is in a room again: its JOIN was restored, or Redis has lost its PART or KICK."""

    def stale_join(self, followed: LocalRoom, sid: str) -> None:
        """A JOIN of a session that this lane no longer has."""

    def room_changed(self, followed: LocalRoom) -> None:
        """The room's directory entry is out of date: a session of this lane changed its size, topic or secrecy."""
