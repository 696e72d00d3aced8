"""Bugs, planted by hand one at a time: each a mistake that somebody might make, and that the simulation must notice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from gateway.broker.link import RedisLink
from gateway.chat.effects import Effect
from gateway.chat.events import Entry
from gateway.chat.history_access import HistoryAccess
from gateway.chat.session import Session
from gateway.chat.state import State
from gateway.heartbeat.reaper import Reaper
from gateway.lane.clients.client import Client
from gateway.lane.direct.history import DirectHistory, StoredMessage
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.ports import LanePorts
from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.rooms.orphans import OrphanedMembers
from gateway.lane.sessions.registry import Sessions
from gateway.logs.log_writer import LogWriter
from gateway.logs.replica import Raw, Replica, ReplicaState

Planted = Iterator[None]


@contextmanager
def gaps_are_not_mended() -> Planted:
    """A published entry is folded whatever went before it."""
    live = Replica.live

    def careless(self: Replica, raw: Raw) -> None:
        live(self, (raw[0], self.last, *raw[2:]) if self.standing is ReplicaState.LIVE else raw)

    with patch.object(Replica, "live", careless):
        yield


@contextmanager
def pages_are_folded_backwards() -> Planted:
    """The entries of a page keep their places, and what stands in them does not."""
    page = Replica.page

    def backwards(
        self: Replica, from_id: str, epoch: str, base: str, entries: list[tuple[str, str, bytes]], *, has_more: bool
    ) -> None:
        first = 1 if from_id else 0
        news = entries[first:]
        mixed = [(here[0], *there[1:]) for here, there in zip(news, news[::-1], strict=True)]
        page(self, from_id, epoch, base, [*entries[:first], *mixed], has_more=has_more)

    with patch.object(Replica, "page", backwards):
        yield


@contextmanager
def entries_that_come_again_count() -> Planted:
    """A lane puts all back that it remembers, and the fold does not know what it has had."""
    settled = LogWriter.settled

    def forgetful(self: LogWriter, name: str, _known: int) -> None:
        settled(self, name, 0)

    with patch.object(LogWriter, "settled", forgetful), patch.object(State, "is_again", lambda _self, _origin: False):
        yield


@contextmanager
def what_was_put_back_is_shown_twice() -> Planted:
    with patch.object(LocalRoom, "comes_again", lambda _self, _origin: False):
        yield


@contextmanager
def a_wiped_room_begins_anew() -> Planted:
    """Nobody seeds it."""
    with patch.object(LocalRoom, "restore", lambda _self: False):
        yield


@contextmanager
def old_connections_live_on() -> Planted:
    """What a lane sent on a connection that it gave up may still be executed, behind what it sent again."""
    numbered = RedisLink._numbered

    def nameless(self: RedisLink, reply: Any) -> None:
        numbered(self, reply)
        self._client_id = 0

    with patch.object(RedisLink, "_numbered", nameless):
        yield


@contextmanager
def the_dead_are_not_reaped() -> Planted:
    """Their rooms are not told, neither by a reaper nor by who finds them there."""
    with patch.object(Reaper, "_tell_rooms", lambda *_: None), patch.object(OrphanedMembers, "look", lambda *_: None):
        yield


@contextmanager
def the_gone_still_act() -> Planted:
    """Events of a gateway that was declared gone are accepted."""
    with patch.object(State, "is_gone", lambda _self, _sid: False):
        yield


@contextmanager
def pong_comes_at_once() -> Planted:
    async def hasty(_self: LanePorts, _session: Session) -> None:
        """Answer without asking Redis."""

    with patch.object(LanePorts, "barrier", hasty):
        yield


@contextmanager
def quits_miss_rooms_that_are_being_joined() -> Planted:
    """Neither the one who quits tells them, nor the lane that folds the JOIN of a session it no longer has."""
    leave = Sessions._leave

    async def thoughtless(self: Sessions, client: Client, reason: str, farewell: Callable[[], None]) -> None:
        client.intended = None
        await leave(self, client, reason, farewell)

    with patch.object(Sessions, "_leave", thoughtless), patch.object(Sessions, "orphan", lambda *_: None):
        yield


@contextmanager
def a_new_nick_is_shown_by_every_log() -> Planted:
    """And not only by the first that brings it."""
    renamed = VisibleUsers.renamed

    def talkative(self: VisibleUsers, member: Any, nick: str) -> bool:
        renamed(self, member, nick)
        return True

    with patch.object(VisibleUsers, "renamed", talkative):
        yield


@contextmanager
def what_is_void_stays_in_the_history() -> Planted:
    """No lane marks it."""

    def silent(_self: Sessions, _followed: LocalRoom, _entry: Entry, _effect: Effect) -> None:
        """Nothing is noted."""

    with patch.object(Sessions, "void", silent):
        yield


@contextmanager
def everybody_reads_the_whole_past_of_a_room() -> Planted:
    """The hidden ranges of a room are ignored."""
    all_of_it = patch.object(HistoryAccess, "parts", lambda _self, span: [span])
    with all_of_it, patch.object(HistoryAccess, "__contains__", lambda _self, _place: True):
        yield


@contextmanager
def everybody_reads_all_direct_messages() -> Planted:
    """Whose they are is not looked at."""

    def open_hearted(self: DirectHistory, _session: Session) -> Iterator[StoredMessage]:
        yield from self._oldest_first

    with patch.object(DirectHistory, "_said", open_hearted):
        yield
