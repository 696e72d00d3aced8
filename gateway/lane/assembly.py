"""Build the parts of a lane and connect them. Nothing is decided here, and nothing here runs once the lane does."""

from collections.abc import Callable
from functools import partial

from gateway.broker.keys import Keys
from gateway.broker.link import RedisLink
from gateway.broker.probe import LinkProbe
from gateway.chat.commands.rooms import show_room
from gateway.chat.effects import Outcome
from gateway.chat.events import Entry, decode
from gateway.chat.interfaces import Services
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.directory import nicks
from gateway.directory.nicks import NickDirectory
from gateway.directory.room_list import RENEWAL_S, RoomList
from gateway.directory.user_counts import UserCounts
from gateway.lane.clients.client import Client, Clients
from gateway.lane.clients.connections import Connections
from gateway.lane.clients.dispatcher import Dispatcher
from gateway.lane.clients.drain import Drain
from gateway.lane.clients.handshake import Handshake
from gateway.lane.context import LaneContext, LaneSettings
from gateway.lane.direct.addressing import Addressing
from gateway.lane.direct.control_messages import control_handlers
from gateway.lane.direct.history import DirectHistory
from gateway.lane.direct.inbox import Inbox
from gateway.lane.direct.messages import DirectMessages
from gateway.lane.direct.user_queries import UserQueries
from gateway.lane.fanout.detached import DetachedMembers
from gateway.lane.fanout.messages import Fanout
from gateway.lane.fanout.outboxes import Outboxes
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.features.monitor import Monitor
from gateway.lane.features.operators import Operators
from gateway.lane.hooks import Hooks, call_all
from gateway.lane.listeners import FoldListener, LinkEvents
from gateway.lane.loop.batch_delay import BatchDelay
from gateway.lane.loop.stall_guard import StallGuard
from gateway.lane.loop.turn_times import TurnTimes
from gateway.lane.outgoing import Outgoing
from gateway.lane.rooms.directory_updates import DirectoryPublisher
from gateway.lane.rooms.history import History
from gateway.lane.rooms.local_room import LocalRoom, RoomReplicas
from gateway.lane.rooms.orphans import OrphanedMembers
from gateway.lane.sessions.directory import Directory
from gateway.lane.sessions.membership import Memberships
from gateway.lane.sessions.nicks import Nicks
from gateway.lane.sessions.outcomes import Outcomes
from gateway.lane.sessions.profile import Profiles
from gateway.lane.sessions.registry import Sessions
from gateway.lane.sessions.rekey import Rekey
from gateway.lane.sessions.rooms import Rooms
from gateway.logs.barrier import Barrier
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.logs.rejected_events import RejectedEvents
from gateway.logs.replica import Replica
from gateway.logs.replication import ReplicaAcks
from gateway.logs.room_replica import LogAccess
from gateway.logs.scripts import SCRIPTS
from gateway.logs.snapshots import Retention, Snapshots
from gateway.logs.subscriptions import Subscriptions
from gateway.net.connection import ClientConnection
from gateway.net.selector import Selector

LINK_SCRIPTS = (*SCRIPTS, *nicks.SCRIPTS)


class Parts:
    """All parts of a lane, built in the order in which they need each other."""

    def __init__(self, context: LaneContext, selector: Selector) -> None:
        self.context = context
        self.selector = selector
        self.hooks = Hooks()
        self.keys = Keys(context.settings.prefix)
        self.batch_delay = BatchDelay(context.now)
        self.turn_times = TurnTimes(context.now)
        self.stall_guard = StallGuard(context.server.lease_s / 3, context.process.beats)
        self.clients = Clients()
        """The clients of the lane by session id."""
        self.touched: list[ClientConnection] = []
        """The connections to flush at the end of the turn."""
        self.handshake = Handshake(context)
        self._build_link()
        self._build_logs()
        self._build_directory()
        self._build_sessions()
        self._build_clients()
        self._connect_fold()
        self._register()

    def _build_link(self) -> None:
        """Build what writes to Redis."""
        context, keys = self.context, self.keys
        events = LinkEvents(context, self.hooks)
        self.link = RedisLink(self.selector, events, LINK_SCRIPTS)
        written = keys.gateway_info(context.gateway)
        self.probe = LinkProbe(events, self.link, keys.probe(context.id), written, context.random)
        events.probe = self.probe
        wanted = context.settings.wait_replicas
        self.replica_acks = ReplicaAcks(wanted, self.link, written, self.probe.lagging) if wanted else None
        self.log_writer = LogWriter(
            self.link,
            keys,
            context.id,
            context.new_epoch,
            self._finish,
            self.probe.refused,
            self.replica_acks,
        )
        self.outgoing = Outgoing(
            context,
            self.clients,
            self.log_writer,
            retry_limits(context.settings),
            self._pause_reading,
        )

    def _build_logs(self) -> None:
        """Build what follows logs and shows what is in them."""
        context, keys = self.context, self.keys
        self.visible_users = VisibleUsers()
        listener = self.fold_listener = FoldListener(context, self.clients)
        self.outboxes = Outboxes(self.touched)
        self.state_changes = StateChanges(context.id, self.clients, self.visible_users, self.outboxes, listener)
        self.detached_members = DetachedMembers(self.visible_users, self.state_changes, listener)
        self.fanout = Fanout(
            context.id,
            self.clients,
            self.visible_users,
            self.log_writer,
            self.outboxes,
            self.state_changes,
            listener,
            self.outgoing.finish,
        )
        self.subscriptions = Subscriptions(
            self.link, keys, lambda name, error: context.fault(f"log {name}", error), self.replica_acks
        )
        self.snapshots = Snapshots(
            self.link, keys, retention(context.settings), context.new_epoch, context.steady_wall_ms
        )
        self.rejected_events = RejectedEvents(self.link, keys)
        self.replicas = RoomReplicas(
            self.link,
            keys,
            context.id,
            LogAccess(self.log_writer, self.subscriptions, self.snapshots, self.rejected_events),
            self.fanout.entry,
            self.detached_members.room_reloaded,
            self._caught_up,
            self._room_closed,
            self._show_ephemeral,
        )
        self.addressing = Addressing(context.current_sid)
        self.inbox = Inbox(
            context.id,
            self.link,
            keys,
            self.log_writer,
            self.clients,
            self.outgoing.finish,
            context.new_epoch,
            context.server.name,
            self.addressing,
        )
        self.inbox.replica = Replica(self.inbox.name, self.inbox, self.subscriptions)
        self.inbox.on_ephemeral = lambda payload: self.inbox.passing(self._entry_of_now(payload))
        self.log_writer.follow(self.inbox.replica)
        self.direct_history = DirectHistory(self._current_nick)
        self.inbox.on_message, self.inbox.on_redacted = self.direct_history.received, self.direct_history.redact
        self.inbox.control_handlers |= control_handlers(self.clients, self._disconnect)
        self.user_queries = UserQueries(context, self.clients, self.inbox, self.addressing, self.log_writer)
        self.barrier = Barrier(self.link, keys, self.subscriptions.replica, self.inbox.name)

    def _build_directory(self) -> None:
        """Build what keeps the directories in Redis: nicks, rooms, counts."""
        context, keys = self.context, self.keys
        self.directory = NickDirectory(self.link, keys, context.id)
        self.room_list = RoomList(self.link, keys)
        self.user_counts = UserCounts(self.link, keys, context.id)
        self.directory_publisher = DirectoryPublisher(
            context, self.link, keys, self.replicas, self.room_list, self.user_counts, self._count_connections
        )
        self.monitor = Monitor(self.link, keys, self.directory.find, context.later)
        self.orphans = OrphanedMembers(self.link, keys, self.log_writer, lambda: context.gateway)

    def _build_sessions(self) -> None:
        """Build what the lane knows of its sessions."""
        context, clients, outgoing = self.context, self.clients, self.outgoing
        self.profiles = Profiles(self.directory, self.directory_publisher, outgoing, self.visible_users)
        self.nicks = Nicks(context, clients, self.directory, outgoing, self.visible_users)
        self.sessions = Sessions(
            context, self.hooks, clients, outgoing, self.nicks, self.profiles, self.replicas, self.barrier
        )
        self.outcomes = self.outgoing.listener = Outcomes(outgoing, self.profiles, self.direct_history, self._show_room)
        self.memberships = Memberships(context, outgoing, self.log_writer, self.state_changes, self._declared_dead)
        self.rekey = Rekey(
            context,
            self.hooks,
            clients,
            outgoing,
            self.nicks,
            self.memberships,
            self.log_writer,
            self.replicas,
            self.subscriptions,
            self.inbox,
            self.link,
            self.keys,
            self.detached_members.drop,
            self._read_on,
        )

    def _build_clients(self) -> None:
        """Build what reads from clients and ends them."""
        self.dispatcher = Dispatcher(self.context, self.clients, self.probe, self.sessions.disconnect)
        self.connections = Connections(
            self.context,
            self.selector,
            self.touched,
            self.clients,
            self.handshake,
            self.dispatcher,
            self.sessions.disconnect,
            lambda client: call_all(self.hooks.client_opened, client),
        )
        self.handshake.opened = self.connections.opened
        self.drain = Drain(
            self.context,
            self.clients,
            self.handshake,
            self.dispatcher,
            lambda: self.link.is_connected,
            self.log_writer,
            self.sessions.disconnect,
            self.outgoing.when_idle,
            self.inbox.close,
            lambda: self.sessions.is_closing,
        )
        self.services = self.dispatcher.services = self._services()

    def _services(self) -> Services:
        """Return what command handlers use."""
        context, link, keys = self.context, self.link, self.keys
        rooms = Rooms(
            context, self.clients, self.replicas, self.visible_users, self.state_changes, self.detached_members
        )
        direct = DirectMessages(link, keys, self.addressing, self.outgoing, self.log_writer, self.direct_history)
        return Services(
            context=context,
            rooms=rooms,
            outgoing=self.outgoing,
            nicks=self.nicks,
            profiles=self.profiles,
            directory=Directory(
                context,
                self.nicks,
                self.directory,
                rooms,
                self.room_list,
                self.user_counts,
                self.directory_publisher,
            ),
            users=self.user_queries,
            direct=direct,
            history=History(context, link, keys, self.replica_acks),
            monitor=self.monitor,
            sessions=self.sessions,
            pacing=self.dispatcher,
            operators=Operators(context, direct),
        )

    def _register(self) -> None:
        """Register the parts at the moments of the lane, in the order in which they are called."""
        hooks, context = self.hooks, self.context
        hooks.start += [
            partial(self.subscriptions.follow, self.inbox.replica),
            partial(context.post, self.probe.connect),
            partial(context.post, self.connections.sweep),
            partial(context.every, RENEWAL_S, self.directory_publisher.renew),
        ]
        hooks.turn += [self.directory_publisher.turn, self.barrier.turn, self.rekey.turn]
        hooks.tick += [
            self.dispatcher.expire,
            self.log_writer.repair_unacknowledged,
            self.probe.tick,
            self.outgoing.tick,
        ]
        hooks.maintain += [
            self.connections.end_unregistered,
            self.connections.end_batches,
            self.replicas.write_snapshots,
            lambda: self.replicas.close_idle(context.now),
            self.inbox.tidy,
            self.log_writer.recent.age,
            self.directory.age,
        ]
        hooks.check += [
            self.inbox.make,  # a Redis that was wiped has lost it
            self.subscriptions.check_positions,
            lambda: self.orphans.check(self.replicas.rooms),
            self.monitor.poll,
        ]
        hooks.hourly += [self.replicas.put_off_expiry]
        hooks.link_up += [
            self.inbox.link_up,
            self.replicas.link_up,
            self.directory.link_up,
            self.monitor.link_up,
            self.nicks.link_up,
            self.log_writer.link_up,
            self.directory_publisher.renew,
        ]
        hooks.link_down += [self.orphans.link_down, self.subscriptions.link_down]
        hooks.redis_unavailable += [self.outgoing.redis_unavailable]
        hooks.writes_taken += [self.log_writer.writes_taken]
        hooks.redis_available += [self.outgoing.redis_available]
        hooks.data_lost += [self.replicas.note_all, self.nicks.renew_all, self.directory_publisher.renew]
        self.inbox.on_lost = partial(call_all, hooks.data_lost)
        hooks.lease_lost += [self.inbox.make, self.inbox.on_lost, self.subscriptions.check_positions]
        hooks.reload += [self._reload]
        hooks.client_opened += [lambda _client: self.directory_publisher.count_changed()]
        hooks.client_departs += [lambda client: self.monitor.forget(client.session)]
        hooks.client_left += [
            lambda client: self.handshake.discount(client.connection),
            lambda client: self.direct_history.forget(client.session),
            lambda client: self.directory_publisher.user_left(client.session),
            lambda _client: self.drain.end_if_empty(),
        ]
        hooks.rekeyed += [
            self.log_writer.rekeyed,
            self.fanout.rekeyed,
            self.state_changes.rekeyed,
            self.replicas.rekeyed,
            self.inbox.rekeyed,
            self.user_counts.rekeyed,
            self.directory.rekeyed,
            lambda _lane: self.directory_publisher.rekeyed(),
            self._rekeyed,
        ]
        hooks.rekey_ended += [self.directory_publisher.renew]

    def _connect_fold(self) -> None:
        """Connect the listeners of the fan-out's reports."""
        listener = self.fold_listener
        listener.nick_taken = self.rekey.named
        listener.renamed = self.nicks.set
        listener.nick_lost = self.nicks.yielded
        listener.declared_dead = self.rekey.notice
        listener.stale_join = self.memberships.remove_unknown
        listener.room_changed = self.directory_publisher.room_changed
        listener.outcomes, listener.rekey, listener.rejected_events = self.outcomes, self.rekey, self.rejected_events

    # Calls of parts that are built later than their callers.

    def _finish(self, pending: PendingEvent, outcome: Outcome) -> None:
        self.outgoing.finish(pending, outcome)

    def _pause_reading(self, client: Client) -> Callable[[], None]:
        return self.dispatcher.pause_reading(client)

    def _read_on(self, client: Client) -> None:
        self.dispatcher.proceed(client)

    def _count_connections(self) -> int:
        return len(self.clients) + len(self.handshake.pending)

    def _disconnect(self, client: Client, reason: str) -> None:
        self.sessions.disconnect(client, reason)

    def _caught_up(self, followed: LocalRoom) -> None:
        self.memberships.caught_up(followed)

    def _current_nick(self, sid: str) -> str | None:
        return self.nicks.current_nick(sid)

    def _declared_dead(self) -> None:
        self.rekey.notice()

    def _show_room(self, session: Session, room: Room) -> None:
        show_room(self.services, session, room)

    # What concerns several parts.

    def _reload(self) -> None:
        self.snapshots.retention = retention(self.context.settings)
        self.outgoing.retry_queue.limits = retry_limits(self.context.settings)
        self.connections.reload()

    def reach_all(self, done: Callable[[], None]) -> None:
        """Call ``done`` once all replicas have what is in their logs now."""
        self.barrier.reach([self.inbox.name, *self.replicas.rooms], done)

    def _show_ephemeral(self, followed: LocalRoom, payload: bytes) -> None:
        if followed.reloading_state is None:
            self.fanout.ephemeral(followed, self._entry_of_now(payload))

    def _entry_of_now(self, payload: bytes) -> Entry:
        """Return an ephemeral message as an entry. Its time is the time at which it comes."""
        return decode(f"{int(self.context.wall_now * 1000)}-0", "", payload)

    def _room_closed(self, followed: LocalRoom) -> None:
        for sid in followed.room.members:
            self.visible_users.remove(followed, sid)

    def _rekeyed(self, lane: str) -> None:
        self.probe.rekeyed(self.keys.gateway_info(self.context.gateway))
        self.barrier.inbox = self.inbox.name


def retention(settings: LaneSettings) -> Retention:
    return Retention(settings.history_messages, settings.history_bytes, int(settings.history_age_s * 1000))


def retry_limits(settings: LaneSettings) -> tuple[int, float]:
    """What of a session is kept while Redis is unavailable at most, in bytes, and for how long, in seconds."""
    return settings.retry_queue_bytes, settings.retry_queue_age_s
