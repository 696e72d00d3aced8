"""A lane: a complete little chat server on one thread.

It builds its parts, runs the turn, and is what they tell of events to. Lanes share nothing but Redis, whether
they sit in one process or on a thousand hosts; whatever crosses into a lane comes by :meth:`Lane.post`.

One turn: wait for sockets and the link; handle all complete lines; take in what the link brought; append what
was gathered; flush what is due. Batching comes by itself: the busier the lane, the larger the batch.
"""

import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from random import Random, SystemRandom

import structlog

from gateway.broker.keys import Keys
from gateway.broker.link import RedisLink
from gateway.broker.probe import LOOK_S, LinkProbe
from gateway.broker.scripts import APPEND, EXPIRE, PAGE, RANGE, SEED, SNAPSHOT
from gateway.chat.events import decode
from gateway.chat.ports import Server
from gateway.directory import nicks
from gateway.directory.nicks import NickDirectory
from gateway.directory.room_list import RENEWAL_S, RoomList
from gateway.directory.user_counts import UserCounts
from gateway.lane.clients.client import Client
from gateway.lane.clients.connections import Connections
from gateway.lane.clients.dispatcher import TICK_S, Dispatcher
from gateway.lane.clients.drain import Drain
from gateway.lane.clients.handshake import Handshake
from gateway.lane.direct.control_messages import HANDLERS
from gateway.lane.direct.history import DirectHistory
from gateway.lane.direct.inbox import Inbox
from gateway.lane.direct.user_queries import UserQueries
from gateway.lane.fanout.messages import Fanout
from gateway.lane.fanout.outboxes import Outboxes
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.features.monitor import Monitor
from gateway.lane.loop.batch_delay import BatchDelay
from gateway.lane.loop.clock import CLOCK, Clock
from gateway.lane.loop.process import ProcessServices
from gateway.lane.loop.stall_guard import StallGuard
from gateway.lane.loop.timers import Timer, Timers
from gateway.lane.loop.turn_times import TurnTimes
from gateway.lane.ports import LanePorts
from gateway.lane.rooms.directory_updates import DirectoryPublisher
from gateway.lane.rooms.local_room import LocalRoom, Retention, RoomReplicas
from gateway.lane.rooms.membership import Rejoining
from gateway.lane.rooms.orphans import OrphanedMembers
from gateway.lane.sessions.nicks import NickClaims
from gateway.lane.sessions.registry import Sessions
from gateway.lane.sessions.rekey import Rekey
from gateway.lane.sessions.retry_queue import RetryQueue
from gateway.logs.barrier import Barrier
from gateway.logs.log_writer import LogWriter
from gateway.logs.replica import Replica
from gateway.logs.replication import ReplicaAcks
from gateway.net.connection import ClientConnection
from gateway.net.selector import Selector, Wake

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LaneSettings:
    """What a lane is given of the settings, and what all lanes of the process share."""

    prefix: str
    flood_rate: float
    flood_burst: int
    sendq_bytes: int
    ping_interval_s: float
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    history_messages: int
    history_bytes: int
    history_age_s: float
    retry_queue_bytes: int
    retry_queue_age_s: float
    wait_replicas: int
    sendq_total_bytes: int = 1 << 29
    """For all clients of this lane."""
    web_origins: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[int, float]:
        """What of a session is kept while Redis is away at most, and for how long (s)."""
        return self.retry_queue_bytes, self.retry_queue_age_s

    @property
    def retention(self) -> Retention:
        return Retention(self.history_messages, self.history_bytes, int(self.history_age_s * 1000))


class Lane:
    """See the module. Everything but :meth:`post`, :meth:`start` and :meth:`join` is the lane thread's.

    What makes a run depend on its machine (clock, selector, randomness, the thread itself) comes from outside: a
    simulation gives its own, and calls :meth:`begin`, :meth:`turn` and :meth:`end` itself.
    """

    def __init__(
        self,
        gateway: str,
        number: int,
        settings: LaneSettings,
        server: Server,
        process: ProcessServices,
        tls_context: ssl.SSLContext | None = None,
        *,
        clock: Clock = CLOCK,
        random: Random | None = None,
        selector: Selector | None = None,
        wake: Wake | None = None,
    ) -> None:
        self.gateway, self.number = gateway, number
        self.id = f"{gateway}.{number}"
        self.settings = settings
        self.server = server
        self.tls_context = tls_context
        self.process = process
        self._monotonic, self._wall, self._awake = clock.monotonic, clock.wall, clock.awake
        self._random = random or SystemRandom()
        self.now, self.wall_now = self._monotonic(), self._wall()
        self._wall_at_0 = self.wall_now - self.now
        self._posted: deque[Callable[[], None]] = deque()
        self._wake = Wake() if wake is None else wake
        self.is_stopping = self.is_ready = False
        self._thread = threading.Thread(target=self._run, name=f"lane-{number}")
        self.pacing = BatchDelay(self.now)
        self.turns = TurnTimes(self.now)
        self.stall_guard = StallGuard(server.lease_s / 3, process.beats)
        self.clients: dict[str, Client] = {}
        self.sessions = Sessions(self, self.clients)
        self.connections = Connections(self)
        self.selector = Selector() if selector is None else selector
        self.timers = Timers()
        self.touched: list[ClientConnection] = []
        self.keys = Keys(settings.prefix)
        self.on_link_up: list[Callable[[], None]] = []
        self._build_link()
        self._build_logs()
        self._build_directory()
        self._build_intake()

    def _build_link(self) -> None:
        """What brings entries into logs."""
        settings, keys = self.settings, self.keys
        self.link = RedisLink(self.selector, self, (APPEND, EXPIRE, PAGE, RANGE, SEED, SNAPSHOT, *nicks.SCRIPTS))
        self.probe = LinkProbe(self, self.link, keys.probe(self.id), keys.gateway_info(self.gateway), self._random)
        self.waiting = self._waiting(settings.wait_replicas)
        self.log_writer = LogWriter(
            self.link, keys, self.id, self._new_epoch, self.sessions.settle, self.probe.refused, self.waiting
        )
        self.retry_queue = RetryQueue(self.log_writer, self.clients, self.sessions.refuse, settings.kept)

    def _build_logs(self) -> None:
        """What follows logs, and shows what is in them."""
        settings, keys = self.settings, self.keys
        self.people = VisibleUsers()
        self.outboxes = Outboxes(self.touched)
        self.changes = StateChanges(self.id, self.clients, self.people, self.outboxes, self.sessions)
        self.delivery = Fanout(
            self.id,
            self.clients,
            self.people,
            self.log_writer,
            self.outboxes,
            self.changes,
            self.sessions,
            self.sessions.settle,
        )
        self.replicas = RoomReplicas(
            self.link,
            keys,
            self.log_writer,
            self.id,
            self.delivery.entry,
            self.changes.reread,
            self.sessions.room_settled,
            self.sessions.room_closed,
            settings.retention,
            self._new_epoch,
            self.waiting,
            self._passing,
            lambda name, error: self.trouble(f"log {name}", error),
            self._steady_wall_ms,
        )
        self.inbox = Inbox(
            self.id,
            self.link,
            keys,
            self.log_writer,
            self.clients,
            self.sessions.settle,
            self._new_epoch,
            self.server.name,
        )
        self.inbox.replica = Replica(self.inbox.name, self.inbox, self.replicas.ask)
        self.log_writer.follow(self.inbox.replica)
        self.talks = DirectHistory(self._called)
        self.inbox.on_message, self.inbox.on_redacted = self.talks.received, self.talks.redact
        self.inbox.specials |= HANDLERS(self.clients, self.depart)
        self.questions = UserQueries(self, self.inbox, self.log_writer)
        self.barrier = Barrier(self.link, keys, self._replica, self.inbox.name)

    def _build_directory(self) -> None:
        """What else stands in Redis: who is who, and which rooms there are."""
        keys, gateway = self.keys, self.gateway
        self.directory = NickDirectory(self.link, keys, self.id)
        self.room_list = RoomList(self.link, keys)
        self.user_counts = UserCounts(self.link, keys, self.id)
        self.directory_publisher = DirectoryPublisher(
            gateway, self.server.name, self.room_list, self.user_counts, self.connections.__len__
        )
        self.claims = NickClaims(self)
        self.monitor = Monitor(self.link, keys, self.directory.find, self.later)
        self.orphans = OrphanedMembers(self.link, keys, self.log_writer, lambda: self.gateway)
        self.inbox.on_lost = self._forgotten

    def _build_intake(self) -> None:
        """What hears clients, and what may become of them."""
        self.ports = LanePorts(self)
        self.intake = Dispatcher(self, self.ports)
        settings, server = self.settings, self.server
        self.door = Handshake(self.connections, settings.trusted_proxies, settings.web_origins, server.network)
        self.rejoining = Rejoining(self)
        self.rekey = Rekey(self)
        self.inbox.current_sid = self.rekey.current_sid
        self.drain = Drain(self, self._random)

    def _waiting(self, wanted: int) -> ReplicaAcks | None:
        written = self.keys.gateway_info(self.gateway)
        return ReplicaAcks(wanted, self.link, written, self.probe.lagging) if wanted else None

    # -- the thread -----------------------------------------------------------------------------------

    def start(self) -> None:
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """Sets everything up for the first turn."""
        self.selector.register(self._wake.fd, self._woken)
        self.replicas.watch(self.inbox.replica)
        self.post(self.probe.connect)
        self._every(TICK_S, self._tick)
        self.post(self.connections.sweep)
        self._every(5.0, self._maintain)
        self._every(30.0, self._check)
        self._every(3600.0, self._put_off_expiry)
        self._every(LOOK_S, self._look)
        self._every(RENEWAL_S, self._renew)

    def join(self, timeout_s: float) -> bool:
        """Waits for the thread's end; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def post(self, call: Callable[[], None]) -> None:
        """Runs ``call`` on the lane's thread, unless that has ended; from any thread."""
        self._posted.append(call)
        self._wake.set()

    def reload(self, settings: LaneSettings, server: Server, tls_context: ssl.SSLContext | None) -> None:
        """Goes on with other settings (never another prefix or server name); posted from outside."""
        self.settings, self.server, self.tls_context = settings, server, tls_context
        self.door.trusted, self.door.origins = settings.trusted_proxies, settings.web_origins
        self.replicas.retention = settings.retention
        self.retry_queue.limits = settings.kept
        for client in self.clients.values():
            client.bucket = self.connections.bucket()
            client.connection.backlog_limit_bytes = settings.sendq_bytes

    def halt(self) -> None:
        """Ends the lane at once, whatever is under way; posted from outside."""
        self.is_stopping = True

    def close(self, over_s: float = 0.0) -> None:
        """Ends every session within so many seconds, with a word to its client, then the lane; posted from outside."""
        self.drain.begin(over_s)

    def hurry(self) -> None:
        """Ends all sessions that are left, and the lane; posted from outside."""
        self.drain.hurry()

    def _woken(self, _mask: int) -> None:
        self._wake.clear()
        while self._posted:
            self._posted.popleft()()

    def _run(self) -> None:
        while not self.is_stopping:
            try:
                self.turn(self.timeout_s())
            except Exception as error:  # ours: the lane goes on, the fault is logged
                self.trouble("turn", error)
        self.end()

    def end(self) -> None:
        """Behind the last turn: gives back what the lane has of the system."""
        self.is_stopping = True
        self.link.drop("stopping")
        here = (client.connection for client in self.clients.values())
        for connection in [*self.connections.opening, *self.sessions.closing, *here]:
            connection.abort("")
        self.selector.close()
        self._wake.close()

    def timeout_s(self) -> float:
        due = self.timers.next_due()
        wait = 5.0 if due is None else max(0.0, min(5.0, due - self._monotonic()))
        if self.log_writer.gathered and self.pacing.until:
            wait = max(0.0, min(wait, self.pacing.until - self._monotonic()))
        return wait

    def turn(self, timeout_s: float) -> None:
        """One turn of the loop."""
        ready = self.selector.wait(timeout_s)
        self.now = now = self._monotonic()
        self.wall_now = self._wall()
        awake = self._awake()
        if self.stall_guard.turned(awake):
            log.warning("stalled", lane=self.id)
            for client in self.clients.values():  # whatever they sent meanwhile is not read yet
                client.heard_at = now
            self.stall_guard.check(awake, self._reach_all)
        if not self.stall_guard.may_read(awake):
            ready = [(fd, mask) for fd, mask in ready if fd in (self._wake.fd, self.link.fd)]
        self.selector.serve(ready)
        self.timers.run_due(now)
        if self.directory_publisher.is_due and self.link.is_up:
            self.directory_publisher.write(self.wall_now)
        self.barrier.turn()
        if self.rekey.is_under_way:
            self.rekey.turn()
        if self.log_writer.gathered:
            if self.pacing.is_count_due(now):
                self.pacing.count(now, self.log_writer.entries_since())
            if self.pacing.may_send(now, self.log_writer.gathered):
                self.log_writer.send()
        self.link.flush()
        if self.touched:
            for connection in self.touched:
                connection.flush()
            self.touched.clear()
            self.pacing.fanned_out(self._monotonic() - now)
            if self.connections.backlog_bytes > self.settings.sendq_total_bytes:
                self.connections.relieve()
        self.turns.took(now, self._monotonic())

    def later(self, after_s: float, call: Callable[[], None]) -> Timer:
        return self.timers.at(self._monotonic() + after_s, call)  # `now` is as old as the turn's wait

    def _every(self, interval_s: float, call: Callable[[], None]) -> None:
        def again() -> None:
            self.later(interval_s, again)
            call()

        self.later(interval_s, again)

    def trouble(self, where: str, error: Exception) -> None:
        log.error("fault", lane=self.id, where=where, exc_info=error)

    # -- the link -------------------------------------------------------------------------------------

    def connect(self, done: Callable[[socket.socket | BaseException], None]) -> None:
        self.process.connect(self.post, done)

    def link_fault(self, error: Exception) -> None:
        self.trouble("link", error)

    def link_up(self) -> None:
        self.inbox.link_up()
        self.replicas.link_up()
        self.directory.link_up()
        self.monitor.link_up()
        if self.is_ready:
            self.claims.renew_all()
        waiting, self.on_link_up = self.on_link_up, []
        for call in waiting:
            call()
        self.log_writer.resume()
        self._renew()
        self.probe.link_up()

    def link_proven(self) -> None:
        if not self.is_ready:
            self.is_ready = True
            log.info("lane_ready", lane=self.id)

    def _look(self) -> None:
        self.probe.look()
        self.retry_queue.tick(self.now)

    def redis_unavailable(self) -> None:
        self.retry_queue.away(self.now)
        self.intake.release()

    def redis_available(self) -> None:
        self.retry_queue.back()

    def writes_taken(self) -> None:
        self.log_writer.allow()

    @property
    def is_redis_unavailable(self) -> bool:
        return self.probe.is_away

    def link_down(self, why: str) -> None:
        self.orphans.link_down()
        self.replicas.link_down()
        self.probe.link_down(why)

    def link_subscribed(self, channel: bytes) -> None:
        self.replicas.subscribed(channel)

    def link_message(self, channel: bytes, payload: bytes) -> None:
        if not (self.replicas.message(channel, payload) or self.monitor.message(channel, payload)):
            self.probe.heard(channel, payload)

    def _passing(self, followed: LocalRoom | None, payload: bytes) -> None:
        """What is published and in no log: it has the time at which it comes."""
        entry = decode(f"{int(self.wall_now * 1000)}-0", "", payload)
        if followed is None:
            self.inbox.passing(entry)
        elif followed.fresh is None:
            self.delivery.passing(followed, entry)

    def _reach_all(self, done: Callable[[], None]) -> None:
        self.barrier.reach([self.inbox.name, *self.replicas.rooms], done)

    def _replica(self, name: str) -> Replica | None:
        if name == self.inbox.name:
            return self.inbox.replica
        followed = self.replicas.rooms.get(name)
        return followed.replica if followed is not None else None

    # -- sessions -------------------------------------------------------------------------------------

    def take_id(self, gateway: str) -> None:
        """Goes on as a lane of a gateway of this id, and every session has another one too."""
        self.gateway, self.id = gateway, f"{gateway}.{self.number}"
        self.probe.rekeyed(self.keys.gateway_info(gateway))
        here = list(self.clients.values())
        self.clients.clear()
        for client in here:
            client.session.sid = self.rekey.current_sid(client.session.sid)
            self.clients[client.session.sid] = client
        for followed in self.replicas.rooms.values():
            followed.clients = {client.session.sid: client for client in followed.clients.values()}
        by_nick = self.sessions.by_nick
        by_nick.update({nick: self.rekey.current_sid(sid) for nick, sid in by_nick.items()})

    def _called(self, sid: str) -> str | None:
        """What a session is called now, as far as this lane knows; by any id that one of its own has had."""
        client = self.clients.get(self.rekey.current_sid(sid))
        person = self.people.person(sid)
        return client.session.nick if client is not None else person.nick if person is not None else None

    def depart(self, client: Client, reason: str) -> None:
        self.sessions.depart(client, reason)

    # -- slow timers ----------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.intake.expire()
        self.log_writer.seek()

    def _maintain(self) -> None:
        if self.link.is_up:  # else they could not register
            self.connections.end_unregistered()
        self.connections.end_batches()
        self.replicas.snapshot_due()
        self.replicas.close_idle(self.now)
        self.inbox.tidy()
        self.log_writer.memory.age()
        self.directory.age()

    def _check(self) -> None:
        self.inbox.make()  # a Redis that was wiped has lost it
        self.replicas.check_positions()
        self.orphans.look(self.replicas.rooms)
        self.monitor.look()

    def redis_forgot(self) -> None:
        """Redis did not know this gateway any more: what a lane keeps there may be lost; posted from outside."""
        self.inbox.make()
        self._forgotten()
        self.replicas.check_positions()

    def _forgotten(self) -> None:
        self.replicas.note_all()
        self.claims.renew_all()
        self._renew()

    def _put_off_expiry(self) -> None:
        for name in self.replicas.rooms:
            self.replicas.put_off_expiry(name)

    def _renew(self) -> None:
        if self.link.is_up:
            self.directory_publisher.renew(self.replicas, self.wall_now)

    def _steady_wall_ms(self) -> int:
        """Milliseconds since 1970, never later than the lane's own count: a clock set forward is not believed."""
        return int(min(self.wall_now, self._wall_at_0 + self.now) * 1000)

    def _new_epoch(self) -> str:
        return f"{self._random.getrandbits(48):012x}"
