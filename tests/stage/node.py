"""The part of a lane that handles logs, without chat: real link, log writer and replicas, logs of plain lines."""

import json
from functools import partial
from itertools import count
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.link import RedisLink, Selector
from gateway.broker.port import Done, OnMessage, OnSubscribed
from gateway.chat.effects import Rejection
from gateway.chat.events import Entry, EventId, origin_of
from gateway.chat.render import effect_lines
from gateway.chat.room import Room
from gateway.directory.nicks import SCRIPTS as NICK_SCRIPTS
from gateway.lane.rooms.local_room import LocalRoom, RoomReplicas
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.logs.rejected_events import RejectedEvents
from gateway.logs.replica import Replica, ReplicaState
from gateway.logs.replication import ReplicaAcks
from gateway.logs.room_replica import LogAccess
from gateway.logs.scripts import APPEND
from gateway.logs.scripts import SCRIPTS as LOG_SCRIPTS
from gateway.logs.snapshots import Retention, Snapshots
from gateway.logs.subscriptions import Subscriptions

FAR_FUTURE_MS = 1 << 53
RETENTION = Retention(10_000, 8 << 20, 24 * 3600 * 1000)


def snapshot_of(lines: list[str], counts: dict[str, int] | None = None) -> str:
    """The state of a log of lines, as text."""
    return json.dumps([lines, counts or {}])


class Story:
    """A followed log. Its state is the list of all its lines. Its snapshot is JSON."""

    def __init__(self, node: "Node", name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.counts: dict[str, int] = {}  # of each lane's newest entry
        self.origins: list[str] = []  # of the entries applied since the last load
        self.beginnings = self.times_caught_up = 0
        self.replica = Replica(name, self, node.subscriptions)
        self._node = node

    @property
    def is_live(self) -> bool:
        return self.replica.state is ReplicaState.LIVE

    @property
    def position(self) -> tuple[str, str]:
        return self.replica.epoch, self.replica.last

    def dump(self) -> str:
        """Return a snapshot."""
        return snapshot_of(self.lines, self.counts)

    def seed(self) -> bool:
        return False

    def begin(self, base: str | None) -> bool:
        self.beginnings += 1
        self.lines, self.counts = json.loads(base) if base else ([], {})
        self.origins = []
        return True

    def apply(self, entry: Entry) -> None:
        lane, count = origin_of(entry.origin)
        self.origins.append(entry.origin)
        if not count or count > self.counts.get(lane, 0):
            self.lines += entry.lines
            self.counts[lane] = count
        for index, pending in enumerate(self._node.log_writer.acknowledge(self.name, entry.origin) or []):
            self._node.settle(pending, EventId(entry.id, index))

    def ephemeral(self, payload: bytes) -> None:
        """Nothing of it is kept."""

    def caught_up(self) -> None:
        self.times_caught_up += 1
        self._node.log_writer.caught_up(self.name, self.counts)


class LossyLink(RedisLink):
    """A link whose published messages a test can lose, delay, repeat and reorder."""

    is_deaf = False
    """Published messages are lost on the way to this node."""
    held: "list[partial[None]] | None" = None
    """Published messages are late: each is to be called later, and its argument is the payload."""

    def subscribe(self, channel: str, on_message: OnMessage, on_subscribed: OnSubscribed) -> None:
        def receive(payload: bytes) -> None:
            if self.held is not None:
                self.held.append(partial(on_message, payload))
            elif not self.is_deaf:
                on_message(payload)

        super().subscribe(channel, receive, on_subscribed)


class Node:
    """One lane. ``outcomes`` has the outcome of each line that it sent: its position, or None if it was refused."""

    def __init__(self, selector: Selector, keys: Keys, lane: str, replicas: int = 0) -> None:
        self.lane = lane
        self.keys = keys
        self.link = LossyLink(selector, self, (*LOG_SCRIPTS, *NICK_SCRIPTS))
        epochs = count()
        self.lagging: list[bool] = []
        acks = ReplicaAcks(replicas, self.link, keys.gateway_info(lane), self._lags) if replicas else None
        self.log_writer = LogWriter(
            self.link, keys, lane, lambda: f"{lane}e{next(epochs)}", self.settle, replica_acks=acks
        )
        self.rooms_live: list[LocalRoom] = []
        self.rooms_reloaded: list[tuple[LocalRoom, Room, bool]] = []
        self.subscriptions = Subscriptions(self.link, keys, self._fault, acks)
        self.snapshots = Snapshots(self.link, keys, RETENTION, lambda: f"{lane}s{next(epochs)}", lambda: FAR_FUTURE_MS)
        self.rejected_events = RejectedEvents(self.link, keys)
        self.replicas = RoomReplicas(
            self.link,
            keys,
            lane,
            LogAccess(self.log_writer, self.subscriptions, self.snapshots, self.rejected_events),
            self._deliver,
            lambda *reloaded: self.rooms_reloaded.append(reloaded),
            self.rooms_live.append,
            lambda _room: None,
            lambda _room, _payload: None,
        )
        self.stories: dict[str, Story] = {}
        self.outcomes: dict[str, list[Any]] = {}
        self.shown: list[str] = []  # lines of rooms, as they were delivered
        self.rejections: list[Rejection] = []
        self.whys: list[str] = []  # the reason why the link went down

    @staticmethod
    def _fault(_log: str, error: Exception) -> None:
        raise error

    def _lags(self, is_lagging: bool) -> None:
        self.lagging.append(is_lagging)
        if not is_lagging:
            self.log_writer.writes_taken()

    def follow(self, name: str) -> Story:
        story = self.stories[name] = Story(self, name)
        self.log_writer.follow(story.replica)
        self.subscriptions.follow(story.replica)
        return story

    def say(self, name: str, *lines: str) -> None:
        """Queue lines for a log."""
        for line in lines:
            self.log_writer.add(name, PendingEvent(f"{self.lane}.1", line))

    def append(self, done: Done, name: str, epoch: str, origin: str, line: str, new_epoch: str) -> None:
        """Run append.lua for one line."""
        log, head, live = self.keys.log(name), self.keys.head(name), self.keys.live(name)
        self.link.run(APPEND, done, (log, head), epoch, origin, f"w.0.1\r\n{line}\r\n", live, new_epoch)

    def turn(self) -> None:
        if self.log_writer.gathered:
            self.log_writer.send()
        self.link.flush()

    def settle(self, pending: PendingEvent, outcome: Any) -> None:
        self.outcomes.setdefault(pending.line, []).append(outcome)

    def _deliver(self, followed: LocalRoom, entry: Entry, effects: Any) -> None:
        self.shown += [line for effect in effects for line in effect_lines(effect)]
        self.rejections += [effect for effect in effects if isinstance(effect, Rejection)]
        pendings = self.log_writer.acknowledge(followed.name, entry.origin)
        if pendings is not None:
            for effect in effects:
                if effect.sid:  # and not the network's
                    self.settle(pendings[effect.index], effect)

    # -- Events of the link ---------------------------------------------------------------------------

    def link_up(self) -> None:
        self.replicas.link_up()
        self.log_writer.link_up()

    def link_down(self, why: str) -> None:
        self.whys.append(why)
        self.subscriptions.link_down()

    def link_fault(self, error: Exception) -> None:
        raise error
