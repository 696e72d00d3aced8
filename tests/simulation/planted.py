"""Bugs that the simulation must find, planted one at a time. Each is a mistake that somebody might make.

A patched method is named by itself and not by a string, so that mypy finds a name that no longer exists.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from gateway.broker.link import RedisLink
from gateway.chat.effects import Effect
from gateway.chat.events import Entry
from gateway.chat.history_access import HistoryAccess
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.chat.state import State
from gateway.heartbeat.reaper import Reaper
from gateway.lane.clients.client import Client
from gateway.lane.direct.history import DirectHistory, StoredMessage
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.listeners import FoldListener
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.rooms.orphans import OrphanedMembers
from gateway.lane.sessions.membership import Memberships
from gateway.lane.sessions.registry import Sessions
from gateway.logs.log_writer import LogWriter
from gateway.logs.replica import PublishedEntry, Replica, ReplicaState

Planted = Iterator[None]


@contextmanager
def gaps_are_not_repaired() -> Planted:
    """A published entry is applied whatever its predecessor is."""
    live = Replica.receive_entry

    def careless(self: Replica, raw: PublishedEntry) -> None:
        live(self, (raw[0], self.last, *raw[2:]) if self.state is ReplicaState.LIVE else raw)

    with patch.object(Replica, Replica.receive_entry.__name__, careless):
        yield


@contextmanager
def pages_are_applied_backwards() -> Planted:
    """The ids of a page keep their order, and its payloads are reversed."""
    page = Replica.receive_page

    def backwards(
        self: Replica, from_id: str, epoch: str, base: str, entries: list[tuple[str, str, bytes]], *, has_more: bool
    ) -> None:
        first = 1 if from_id else 0
        news = entries[first:]
        mixed = [(here[0], *there[1:]) for here, there in zip(news, news[::-1], strict=True)]
        page(self, from_id, epoch, base, [*entries[:first], *mixed], has_more=has_more)

    with patch.object(Replica, Replica.receive_page.__name__, backwards):
        yield


@contextmanager
def duplicate_entries_are_accepted() -> Planted:
    """A lane restores every entry that it remembers, and the fold accepts an origin twice."""
    caught_up = LogWriter.caught_up

    def forgetful(self: LogWriter, name: str, _origins: Mapping[str, int]) -> None:
        caught_up(self, name, {})

    with (
        patch.object(LogWriter, LogWriter.caught_up.__name__, forgetful),
        patch.object(Room, Room.is_duplicate.__name__, lambda _self, _origin: False),
    ):
        yield


@contextmanager
def restored_entries_are_shown_twice() -> Planted:
    with patch.object(LocalRoom, LocalRoom.is_replayed.__name__, lambda _self, _origin: False):
        yield


@contextmanager
def a_wiped_room_is_not_seeded() -> Planted:
    """No lane seeds it with its replica."""
    with patch.object(LocalRoom, LocalRoom.seed.__name__, lambda _self: False):
        yield


@contextmanager
def abandoned_connections_are_not_killed() -> Planted:
    """Commands of a connection that a lane has given up may still run, after the same commands of the next one."""
    numbered = RedisLink._numbered

    def nameless(self: RedisLink, reply: Any) -> None:
        numbered(self, reply)
        self._client_id = 0

    with patch.object(RedisLink, RedisLink._numbered.__name__, nameless):
        yield


@contextmanager
def dead_gateways_are_not_reaped() -> Planted:
    """Neither a reaper nor a lane that finds an orphaned member appends GONE to the room."""
    with (
        patch.object(Reaper, Reaper._append_gone.__name__, lambda *_: None),
        patch.object(OrphanedMembers, OrphanedMembers.check.__name__, lambda *_: None),
    ):
        yield


@contextmanager
def events_of_dead_gateways_are_accepted() -> Planted:
    """The fold does not remember which gateways were declared dead."""
    with patch.object(State, State.is_gone.__name__, lambda _self, _sid: False):
        yield


@contextmanager
def pong_does_not_wait() -> Planted:
    async def hasty(_self: Sessions, _session: Session) -> None:
        """Answer without a round trip to Redis."""

    with patch.object(Sessions, Sessions.barrier.__name__, hasty):
        yield


@contextmanager
def a_quit_misses_rooms_that_are_being_joined() -> Planted:
    """Neither the quitting session appends to them, nor the lane that applies the JOIN of a session that has ended."""
    leave = Sessions._leave

    async def thoughtless(self: Sessions, client: Client, reason: str, farewell: Callable[[], None]) -> None:
        client.intended = None
        await leave(self, client, reason, farewell)

    with (
        patch.object(Sessions, Sessions._leave.__name__, thoughtless),
        patch.object(Memberships, Memberships.remove_unknown.__name__, lambda *_: None),
    ):
        yield


@contextmanager
def every_log_shows_a_new_nick() -> Planted:
    """The NICK is shown for each room, and not only for the first."""
    renamed = VisibleUsers.renamed

    def talkative(self: VisibleUsers, member: Any, nick: str) -> bool:
        renamed(self, member, nick)
        return True

    with patch.object(VisibleUsers, VisibleUsers.renamed.__name__, talkative):
        yield


@contextmanager
def rejected_events_stay_in_the_history() -> Planted:
    """No lane adds them to the rejected-event set."""

    def silent(_self: FoldListener, _followed: LocalRoom, _entry: Entry, _effect: Effect) -> None:
        """Do nothing."""

    with patch.object(FoldListener, FoldListener.rejected.__name__, silent):
        yield


@contextmanager
def hidden_ranges_are_ignored() -> Planted:
    """The history of a room includes the lives that ended protected."""
    all_of_it = patch.object(HistoryAccess, HistoryAccess.parts.__name__, lambda _self, span: [span])
    with all_of_it, patch.object(HistoryAccess, HistoryAccess.__contains__.__name__, lambda _self, _place: True):
        yield


@contextmanager
def everybody_reads_all_direct_messages() -> Planted:
    """The history of direct messages does not look at sender and recipient."""

    def open_hearted(self: DirectHistory, _session: Session) -> Iterator[StoredMessage]:
        yield from self._oldest_first

    with patch.object(DirectHistory, DirectHistory._said.__name__, open_hearted):
        yield
