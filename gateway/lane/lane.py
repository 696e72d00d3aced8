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

from gateway.broker.appends import Appends
from gateway.broker.keys import Keys
from gateway.broker.link import Link
from gateway.broker.replica import Replica
from gateway.broker.scripts import APPEND, EXPIRE, PAGE, RANGE, SEED, SNAPSHOT
from gateway.broker.waiting import Waiting
from gateway.chat.events import decode
from gateway.chat.ports import Server
from gateway.directory import nicks
from gateway.directory.census import Census
from gateway.directory.nicks import Nicks
from gateway.directory.roomlist import RENEWAL_S, RoomList
from gateway.lane.absence import Absence
from gateway.lane.barrier import Barrier
from gateway.lane.bulletin import Bulletin
from gateway.lane.changes import Changes
from gateway.lane.claims import Claims
from gateway.lane.client import Client
from gateway.lane.clock import CLOCK, Clock
from gateway.lane.connections import Connections
from gateway.lane.delivery import Delivery
from gateway.lane.door import Door
from gateway.lane.drain import Drain
from gateway.lane.following import Followed, Following, Retention
from gateway.lane.ghosts import Ghosts
from gateway.lane.inbox import Inbox
from gateway.lane.intake import TICK_S, Intake
from gateway.lane.keeping import Keeping
from gateway.lane.monitor import Monitor
from gateway.lane.orders import specials
from gateway.lane.outboxes import Outboxes
from gateway.lane.outside import Outside
from gateway.lane.pacing import Pacing
from gateway.lane.people import People
from gateway.lane.ports import LanePorts
from gateway.lane.questions import Questions
from gateway.lane.rebirth import Rebirth
from gateway.lane.rejoining import Rejoining
from gateway.lane.sessions import Sessions
from gateway.lane.talks import Talks
from gateway.lane.timers import Timer, Timers
from gateway.lane.turns import Turns
from gateway.lane.upkeep import LOOK_S, Upkeep
from gateway.net.connection import Connection
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
    keep_bytes: int
    keep_s: float
    wait_replicas: int
    sendq_total_bytes: int = 1 << 29
    """For all clients of this lane."""
    web_origins: tuple[str, ...] = ()

    @property
    def kept(self) -> tuple[int, float]:
        """What of a session is kept while Redis is away at most, and for how long (s)."""
        return self.keep_bytes, self.keep_s

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
        outside: Outside,
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
        self.outside = outside
        self._monotonic, self._wall, self._awake = clock.monotonic, clock.wall, clock.awake
        self._random = random or SystemRandom()
        self.now, self.wall_now = self._monotonic(), self._wall()
        self._wall_at_0 = self.wall_now - self.now
        self._posted: deque[Callable[[], None]] = deque()
        self._wake = Wake() if wake is None else wake
        self.is_stopping = self.is_ready = False
        self._thread = threading.Thread(target=self._run, name=f"lane-{number}")
        self.pacing = Pacing(self.now)
        self.turns = Turns(self.now)
        self.absence = Absence(server.lease_s / 3, outside.beats)
        self.clients: dict[str, Client] = {}
        self.sessions = Sessions(self, self.clients)
        self.connections = Connections(self)
        self.selector = Selector() if selector is None else selector
        self.timers = Timers()
        self.touched: list[Connection] = []
        self.keys = Keys(settings.prefix)
        self.on_link_up: list[Callable[[], None]] = []
        self._build_link()
        self._build_logs()
        self._build_directory()
        self._build_intake()

    def _build_link(self) -> None:
        """What brings entries into logs."""
        settings, keys = self.settings, self.keys
        self.link = Link(self.selector, self, (APPEND, EXPIRE, PAGE, RANGE, SEED, SNAPSHOT, *nicks.SCRIPTS))
        self.upkeep = Upkeep(self, self.link, keys.probe(self.id), keys.gateway_info(self.gateway), self._random)
        self.waiting = self._waiting(settings.wait_replicas)
        self.appends = Appends(
            self.link, keys, self.id, self._new_epoch, self.sessions.settle, self.upkeep.refused, self.waiting
        )
        self.keeping = Keeping(self.appends, self.clients, self.sessions.refuse, settings.kept)

    def _build_logs(self) -> None:
        """What follows logs, and shows what is in them."""
        settings, keys = self.settings, self.keys
        self.people = People()
        self.outboxes = Outboxes(self.touched)
        self.changes = Changes(self.id, self.clients, self.people, self.outboxes, self.sessions)
        self.delivery = Delivery(
            self.id,
            self.clients,
            self.people,
            self.appends,
            self.outboxes,
            self.changes,
            self.sessions,
            self.sessions.settle,
        )
        self.following = Following(
            self.link,
            keys,
            self.appends,
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
            self.appends,
            self.clients,
            self.sessions.settle,
            self._new_epoch,
            self.server.name,
        )
        self.inbox.replica = Replica(self.inbox.name, self.inbox, self.following.ask)
        self.appends.follow(self.inbox.replica)
        self.talks = Talks(self._called)
        self.inbox.on_message, self.inbox.on_redacted = self.talks.received, self.talks.redact
        self.inbox.specials |= specials(self.clients, self.depart)
        self.questions = Questions(self, self.inbox, self.appends)
        self.barrier = Barrier(self.link, keys, self._replica, self.inbox.name)

    def _build_directory(self) -> None:
        """What else stands in Redis: who is who, and which rooms there are."""
        keys, gateway = self.keys, self.gateway
        self.directory = Nicks(self.link, keys, self.id)
        self.room_list = RoomList(self.link, keys)
        self.census = Census(self.link, keys, self.id)
        self.bulletin = Bulletin(gateway, self.server.name, self.room_list, self.census, self.connections.__len__)
        self.claims = Claims(self)
        self.monitor = Monitor(self.link, keys, self.directory.find, self.later)
        self.ghosts = Ghosts(self.link, keys, self.appends, lambda: self.gateway)
        self.inbox.on_lost = self._forgotten

    def _build_intake(self) -> None:
        """What hears clients, and what may become of them."""
        self.ports = LanePorts(self)
        self.intake = Intake(self, self.ports)
        settings, server = self.settings, self.server
        self.door = Door(self.connections, settings.trusted_proxies, settings.web_origins, server.network)
        self.rejoining = Rejoining(self)
        self.rebirth = Rebirth(self)
        self.inbox.now_called = self.rebirth.now_called
        self.drain = Drain(self, self._random)

    def _waiting(self, wanted: int) -> Waiting | None:
        written = self.keys.gateway_info(self.gateway)
        return Waiting(wanted, self.link, written, self.upkeep.lagging) if wanted else None

    # -- the thread -----------------------------------------------------------------------------------

    def start(self) -> None:
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """Sets everything up for the first turn."""
        self.selector.register(self._wake.fd, self._woken)
        self.following.watch(self.inbox.replica)
        self.post(self.upkeep.connect)
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
        self._wake.ring()

    def reload(self, settings: LaneSettings, server: Server, tls_context: ssl.SSLContext | None) -> None:
        """Goes on with other settings (never another prefix or server name); posted from outside."""
        self.settings, self.server, self.tls_context = settings, server, tls_context
        self.door.trusted, self.door.origins = settings.trusted_proxies, settings.web_origins
        self.following.retention = settings.retention
        self.keeping.limits = settings.kept
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
        if self.appends.gathered and self.pacing.until:
            wait = max(0.0, min(wait, self.pacing.until - self._monotonic()))
        return wait

    def turn(self, timeout_s: float) -> None:
        """One turn of the loop."""
        ready = self.selector.wait(timeout_s)
        self.now = now = self._monotonic()
        self.wall_now = self._wall()
        awake = self._awake()
        if self.absence.turned(awake):
            log.warning("stood_still", lane=self.id)
            for client in self.clients.values():  # whatever they sent meanwhile is not read yet
                client.heard_at = now
            self.absence.check(awake, self._reach_all)
        if not self.absence.may_read(awake):
            ready = [(fd, mask) for fd, mask in ready if fd in (self._wake.fd, self.link.fd)]
        self.selector.serve(ready)
        self.timers.run_due(now)
        if self.bulletin.is_due and self.link.is_up:
            self.bulletin.write(self.wall_now)
        self.barrier.turn()
        if self.rebirth.is_under_way:
            self.rebirth.turn()
        if self.appends.gathered:
            if self.pacing.is_count_due(now):
                self.pacing.count(now, self.appends.entries_since())
            if self.pacing.may_send(now, self.appends.gathered):
                self.appends.send()
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
        self.outside.connect(self.post, done)

    def link_fault(self, error: Exception) -> None:
        self.trouble("link", error)

    def link_up(self) -> None:
        self.inbox.link_up()
        self.following.link_up()
        self.directory.link_up()
        self.monitor.link_up()
        if self.is_ready:
            self.claims.renew_all()
        waiting, self.on_link_up = self.on_link_up, []
        for call in waiting:
            call()
        self.appends.resume()
        self._renew()
        self.upkeep.link_up()

    def link_proven(self) -> None:
        if not self.is_ready:
            self.is_ready = True
            log.info("lane_ready", lane=self.id)

    def _look(self) -> None:
        self.upkeep.look()
        self.keeping.tick(self.now)

    def redis_away(self) -> None:
        self.keeping.away(self.now)
        self.intake.release()

    def redis_back(self) -> None:
        self.keeping.back()

    def writes_taken(self) -> None:
        self.appends.allow()

    @property
    def is_redis_away(self) -> bool:
        return self.upkeep.is_away

    def link_down(self, why: str) -> None:
        self.ghosts.link_down()
        self.following.link_down()
        self.upkeep.link_down(why)

    def link_subscribed(self, channel: bytes) -> None:
        self.following.subscribed(channel)

    def link_message(self, channel: bytes, payload: bytes) -> None:
        if not (self.following.message(channel, payload) or self.monitor.message(channel, payload)):
            self.upkeep.heard(channel, payload)

    def _passing(self, followed: Followed | None, payload: bytes) -> None:
        """What is published and in no log: it has the time at which it comes."""
        entry = decode(f"{int(self.wall_now * 1000)}-0", "", payload)
        if followed is None:
            self.inbox.passing(entry)
        elif followed.fresh is None:
            self.delivery.passing(followed, entry)

    def _reach_all(self, done: Callable[[], None]) -> None:
        self.barrier.reach([self.inbox.name, *self.following.rooms], done)

    def _replica(self, name: str) -> Replica | None:
        if name == self.inbox.name:
            return self.inbox.replica
        followed = self.following.rooms.get(name)
        return followed.replica if followed is not None else None

    # -- sessions -------------------------------------------------------------------------------------

    def take_id(self, gateway: str) -> None:
        """Goes on as a lane of a gateway of this id, and every session has another one too."""
        self.gateway, self.id = gateway, f"{gateway}.{self.number}"
        self.upkeep.go_on_as(self.keys.gateway_info(gateway))
        here = list(self.clients.values())
        self.clients.clear()
        for client in here:
            client.session.sid = self.rebirth.now_called(client.session.sid)
            self.clients[client.session.sid] = client
        for followed in self.following.rooms.values():
            followed.clients = {client.session.sid: client for client in followed.clients.values()}
        by_nick = self.sessions.by_nick
        by_nick.update({nick: self.rebirth.now_called(sid) for nick, sid in by_nick.items()})

    def _called(self, sid: str) -> str | None:
        """What a session is called now, as far as this lane knows; by any id that one of its own has had."""
        client = self.clients.get(self.rebirth.now_called(sid))
        person = self.people.person(sid)
        return client.session.nick if client is not None else person.nick if person is not None else None

    def depart(self, client: Client, reason: str) -> None:
        self.sessions.depart(client, reason)

    # -- slow timers ----------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.intake.expire()
        self.appends.seek()

    def _maintain(self) -> None:
        if self.link.is_up:  # else they could not register
            self.connections.end_unregistered()
        self.connections.end_batches()
        self.following.snapshot_due()
        self.following.close_idle(self.now)
        self.inbox.tidy()
        self.appends.memory.age()
        self.directory.age()

    def _check(self) -> None:
        self.inbox.make()  # a Redis that was wiped has lost it
        self.following.check_positions()
        self.ghosts.look(self.following.rooms)
        self.monitor.look()

    def redis_forgot(self) -> None:
        """Redis did not know this gateway any more: what a lane keeps there may be lost; posted from outside."""
        self.inbox.make()
        self._forgotten()
        self.following.check_positions()

    def _forgotten(self) -> None:
        self.following.note_all()
        self.claims.renew_all()
        self._renew()

    def _put_off_expiry(self) -> None:
        for name in self.following.rooms:
            self.following.put_off_expiry(name)

    def _renew(self) -> None:
        if self.link.is_up:
            self.bulletin.renew(self.following, self.wall_now)

    def _steady_wall_ms(self) -> int:
        """Milliseconds since 1970, never later than the lane's own count: a clock set forward is not believed."""
        return int(min(self.wall_now, self._wall_at_0 + self.now) * 1000)

    def _new_epoch(self) -> str:
        return f"{self._random.getrandbits(48):012x}"
