"""A lane: a complete little chat server on one thread.

It builds its parts, runs the turn, and is what they tell of events to. Lanes share nothing but Redis, whether
they sit in one process or on a thousand hosts; whatever crosses into a lane comes by :meth:`Lane.post`.

One turn: wait for sockets and the link; handle all complete lines; take in what the link brought; append what
was gathered; flush what is due. Batching comes by itself: the busier the lane, the larger the batch.
"""

import contextlib
import os
import secrets
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import structlog

from gateway.broker.appends import Appends, Pending
from gateway.broker.keys import Keys
from gateway.broker.link import Link
from gateway.broker.replica import Replica
from gateway.broker.scripts import APPEND, RANGE, SNAPSHOT
from gateway.chat import events
from gateway.chat.effects import Effect, Kind, Void
from gateway.chat.events import Entry
from gateway.chat.flood import TokenBucket
from gateway.chat.ports import Gone, Server
from gateway.chat.refusals import refuse, unavailable
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.directory import nicks
from gateway.directory.census import Census
from gateway.directory.nicks import Nicks
from gateway.directory.roomlist import RENEWAL_S, RoomList
from gateway.lane.barrier import Barrier
from gateway.lane.bulletin import Bulletin
from gateway.lane.client import Client, Dialect
from gateway.lane.delivery import Delivery
from gateway.lane.door import Door, Opening
from gateway.lane.following import Followed, Following
from gateway.lane.inbox import Inbox
from gateway.lane.intake import Intake
from gateway.lane.orders import specials
from gateway.lane.outside import Outside
from gateway.lane.people import People
from gateway.lane.ports import LanePorts
from gateway.lane.questions import Questions
from gateway.lane.tasks import Task, Wait
from gateway.lane.timers import Timer, Timers
from gateway.net.connection import Connection
from gateway.net.selector import Selector
from gateway.wire.casefold import fold
from gateway.wire.message import parse

log = structlog.get_logger()

GATHER_S = 0.002
BUSY_SENDS_PER_S = 700
GATHERED_ENOUGH = 24
CLOSING_LIMIT_S = 10.0
LONG_FAN_OUT_S = 0.004
PROBE_S = 5.0


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
    history_age_s: float

    @property
    def retention(self) -> tuple[int, int]:
        """How many entries a log keeps at most, and for how long (ms)."""
        return self.history_messages, int(self.history_age_s * 1000)


class Lane:
    """See the module. Everything but :meth:`post`, :meth:`start` and :meth:`join` is the lane thread's."""

    def __init__(
        self,
        gateway: str,
        number: int,
        settings: LaneSettings,
        server: Server,
        outside: Outside,
        tls_context: ssl.SSLContext | None = None,
        credentials: tuple[str, ...] = (),
    ) -> None:
        self.id = f"{gateway}.{number}"
        self.settings = settings
        self.server = server
        self.tls_context = tls_context
        self.outside = outside
        self.now = time.monotonic()
        self.wall_now = time.time()
        self._next_session = 0
        self._posted: deque[Callable[[], None]] = deque()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stopping = self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"lane-{number}")
        self._reconnect_s = 0.0
        self._probed = False
        self._gather_until = 0.0
        self._sends = 0.0  # appends a second, decaying
        self._fan_out_s = 0.0  # how long a turn's sending takes, decaying
        self._counted_at = self.now
        self.clients: dict[str, Client] = {}
        self.nicks_here: dict[str, str] = {}  # folded nick -> session id, of registered clients
        self.opening: set[Connection] = set()
        self.selector = Selector()
        self.timers = Timers()
        self.touched: list[Connection] = []
        keys = Keys(settings.prefix)
        self.keys = keys
        self.link = Link(self.selector, self, (APPEND, RANGE, SNAPSHOT, *nicks.SCRIPTS), credentials)
        self.appends = Appends(self.link, keys, self.id, _new_epoch, self.settle)
        self.people = People()
        self.delivery = Delivery(self.id, self.clients, self.people, self.appends, self.touched, self, self.settle)
        self.following = Following(
            self.link,
            keys,
            self.appends,
            self.id,
            self.delivery.entry,
            self._room_settled,
            self._room_closed,
            settings.retention,
        )
        self.inbox = Inbox(self.id, self.link, keys, self.appends, self.clients, self.settle, _new_epoch, server.name)
        self.inbox.replica = Replica(self.inbox.name, self.inbox, self.following.ask)
        self.appends.follow(self.inbox.replica)
        self.inbox.specials |= specials(self.clients, self.depart)
        self.directory = Nicks(self.link, keys, gateway)
        self.room_list = RoomList(self.link, keys)
        self.census = Census(self.link, keys, self.id)
        self.bulletin = Bulletin(gateway, server.name, self.room_list, self.census, self._count_connections)
        self.questions = Questions(self, self.inbox, self.appends)
        self.barrier = Barrier(self.link, keys, self._replica, self.inbox.name)
        self.ports = LanePorts(self)
        self.intake = Intake(self, self.ports)
        self.door = Door(self, settings.trusted_proxies, server.name, server.network)
        self.is_ready = False

    # -- the thread -----------------------------------------------------------------------------------

    def start(self) -> None:
        self.selector.register(self._wake, self._woken)
        self.following.watch(self.inbox.replica)
        self.post(self._reconnect)
        self._every(0.5, self.intake.expire)
        self.post(self._sweep)
        self._every(5.0, self._maintain)
        self._every(30.0, self._check)
        self._every(3600.0, self._put_off_expiry)
        self._every(PROBE_S, self._probe)
        self._every(RENEWAL_S, self._renew)
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Waits for the thread's end; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def post(self, call: Callable[[], None]) -> None:
        """Runs ``call`` on the lane's thread, unless that has ended; from any thread."""
        self._posted.append(call)
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def reload(self, settings: LaneSettings, server: Server, tls_context: ssl.SSLContext | None) -> None:
        """Goes on with other settings (never another prefix or server name); posted from outside."""
        self.settings, self.server, self.tls_context = settings, server, tls_context
        self.door.trusted = settings.trusted_proxies
        self.following.retention = settings.retention
        for client in self.clients.values():
            client.bucket = self._bucket()
            client.connection.backlog_limit_bytes = settings.sendq_bytes

    def halt(self) -> None:
        """Ends the lane at once, whatever is under way; posted from outside."""
        self._stopping = True

    def close(self) -> None:
        """Ends every session with a word to its client, then the lane; posted from outside."""
        self._closing = True
        for client in list(self.clients.values()):
            self.depart(client, "The gateway is shutting down")
        for connection in list(self.opening):
            connection.close()
        self._end_when_empty()

    def _end_when_empty(self) -> None:
        if self._closing and not self.clients:
            self._stopping = True

    def _woken(self, _mask: int) -> None:
        os.eventfd_read(self._wake)
        while self._posted:
            self._posted.popleft()()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self.turn(self._timeout_s())
            except Exception as error:  # ours: the lane goes on, the fault is logged
                self.trouble("turn", error)
        self.link.drop("stopping")
        for connection in [*self.opening, *(client.connection for client in self.clients.values())]:
            connection.abort("")
        self.selector.close()
        os.close(self._wake)

    def _timeout_s(self) -> float:
        due = self.timers.next_due()
        wait = 5.0 if due is None else max(0.0, min(5.0, due - time.monotonic()))
        if self.appends.gathered and self._gather_until:
            wait = max(0.0, min(wait, self._gather_until - time.monotonic()))
        return wait

    def turn(self, timeout_s: float) -> None:
        """One turn of the loop."""
        ready = self.selector.wait(timeout_s)
        self.now = now = time.monotonic()
        self.wall_now = time.time()
        self.selector.serve(ready)
        self.timers.run_due(now)
        if self.bulletin.is_due and self.link.is_up:
            self.bulletin.write(self.wall_now)
        self.barrier.turn()
        if self.appends.gathered and self._may_send(now):
            self.appends.send()
        self.link.flush()
        if self.touched:
            for connection in self.touched:
                connection.flush()
            self.touched.clear()
            self._fan_out_s += (time.monotonic() - now - self._fan_out_s) / 4

    def _may_send(self, now: float) -> bool:
        """Whether to append now or to gather for a moment more.

        No pause when idle, so that a lone message is quick. At a high rate of small entries 2 ms save a third
        of the work, but none once a batch is large, since waiting would only slow a closed loop down. Where a
        turn's fan-out is long, an eighth of it is waited for whatever else comes: a straggler would cost as
        much again as all the others together.
        """
        elapsed = now - self._counted_at
        if elapsed > 0.1:
            self._sends = self._sends * 0.5 + (self.appends.entries_since() / elapsed) * 0.5
            self._counted_at = now
        if self._fan_out_s > LONG_FAN_OUT_S:
            pause_s = min(GATHER_S, self._fan_out_s / 8)
        elif self._sends < BUSY_SENDS_PER_S or self.appends.gathered >= GATHERED_ENOUGH:
            pause_s = 0.0
        else:
            pause_s = GATHER_S
        if not self._gather_until:
            self._gather_until = now + pause_s
        if pause_s and now < self._gather_until:
            return False
        self._gather_until = 0.0
        return True

    def later(self, after_s: float, call: Callable[[], None]) -> Timer:
        return self.timers.at(time.monotonic() + after_s, call)  # `now` is as old as the turn's wait

    def _every(self, interval_s: float, call: Callable[[], None]) -> None:
        def again() -> None:
            self.later(interval_s, again)
            call()

        self.later(interval_s, again)

    def trouble(self, where: str, error: Exception) -> None:
        log.error("fault", lane=self.id, where=where, exc_info=error)

    # -- the link -------------------------------------------------------------------------------------

    def _reconnect(self) -> None:
        if not self._stopping:
            self.outside.connect(self.post, self._connected)

    def _connected(self, result: socket.socket | BaseException) -> None:
        if isinstance(result, socket.socket):
            self.link.attach(result)
        else:
            self._retry(str(result))

    def _retry(self, why: str) -> None:
        # Capped, jittered backoff: gateways must not come back all at once.
        if not self._reconnect_s:
            log.warning("redis_away", lane=self.id, why=why)
        self._reconnect_s = min(2.0, self._reconnect_s * 2 or 0.05)
        self.later(self._reconnect_s * (0.5 + secrets.randbelow(1000) / 1000), self._reconnect)

    def link_fault(self, error: Exception) -> None:
        self.trouble("link", error)

    def link_up(self) -> None:
        if self._reconnect_s:
            log.info("redis_back", lane=self.id)
        self._reconnect_s = 0.0
        self.inbox.make()
        self.following.link_up()
        self.appends.resume()
        self._renew()
        if not self.is_ready:
            self.is_ready = True
            log.info("lane_ready", lane=self.id)

    def link_down(self, why: str) -> None:
        self.following.link_down()
        if not self._stopping:
            self._retry(why)

    def link_subscribed(self, channel: bytes) -> None:
        self.following.subscribed(channel)

    def link_message(self, channel: bytes, payload: bytes) -> None:
        self.following.message(channel, payload)

    def _replica(self, name: str) -> Replica | None:
        if name == self.inbox.name:
            return self.inbox.replica
        followed = self.following.rooms.get(name)
        return followed.replica if followed is not None else None

    # -- connections ----------------------------------------------------------------------------------

    def accept(self, accepted: socket.socket, peer: str) -> None:
        """Takes over an accepted socket."""
        connection = Connection(accepted, peer, self.selector, self, self.touched, self.settings.sendq_bytes)
        self.opening.add(connection)
        self.door.enter(connection)

    def admitted(self, connection: Connection, address: str) -> bool:
        connection.is_admitted = self.outside.admit(address, 1)
        return connection.is_admitted

    def opened(self, connection: Connection, dialect: Dialect, data: bytes) -> None:
        self.opening.discard(connection)
        client = Client(connection, dialect, self._bucket(), self.now)
        sid = f"{self.id}.{self._next_session}"
        self._next_session += 1
        client.session = Session(
            sid, self.server.name, client, connection.peer, self.outside.cloak(connection.peer), self.wall_now
        )
        client.session.is_secure = connection.is_encrypted
        connection.state = client
        self.clients[sid] = client
        self.bulletin.count_changed()
        if dialect.variant:
            client.session.user, client.session.realname = "text", "plain text"
        self.intake.bytes(client, data)

    def _bucket(self) -> TokenBucket | None:
        rate, burst = self.settings.flood_rate, self.settings.flood_burst
        return TokenBucket(rate, burst, self.now) if rate else None

    def received(self, connection: Connection, data: bytes) -> None:
        state = connection.state
        if state.__class__ is Client:
            self.intake.bytes(state, data)
        else:
            self.door.received(connection, data)

    def ended(self, connection: Connection) -> None:
        if isinstance(connection.state, Client):
            self.intake.end(connection.state)
        else:
            self.door.ended(connection)

    def lost(self, connection: Connection, why: str) -> None:
        state = connection.state
        if connection.is_admitted:
            self.outside.admit(connection.peer, -1)
        if isinstance(state, Opening):
            self.door.left(connection)
            self.opening.discard(connection)
        elif state.inputs:  # what it said before is heard to its end all the same
            self.intake.end(state)
        else:
            self.depart(state, why or "Connection closed")

    def log_refused(self, connection: Connection, why: str) -> None:
        log.warning("refused", peer=connection.peer, why=why)

    # -- coming and going -----------------------------------------------------------------------------

    def registered(self, client: Client) -> None:
        session = client.session
        self.nicks_here[fold(session.nick)] = session.sid
        self.ports.publish_profile(session)
        log.info("registered", session=session.sid, nick=session.nick, dialect=client.dialect.variant)

    def renamed_here(self, client: Client, old: str, nick: str) -> None:
        if self.nicks_here.get(fold(old)) == client.session.sid:
            del self.nicks_here[fold(old)]
        client.session.nick = nick
        self.nicks_here[fold(nick)] = client.session.sid

    def depart(self, client: Client, reason: str) -> None:
        """Ends a client: says so to it, and then, behind all it did, to everyone who sees it."""
        if client.is_departing:
            return
        client.is_departing = True
        client.inputs = None
        if client.connection.is_open:
            client.session.reply(f"ERROR :Closing link: {reason}")
            client.session.end_response()
            client.connection.close()
            self.later(CLOSING_LIMIT_S, partial(client.connection.abort, ""))  # where the peer does not read
        if client.task is not None:
            client.task.interrupt(Gone())
        Task(self._leave(client, reason), self._left).step()

    def _left(self, _task: Task, error: Exception | None) -> None:
        if error is not None:
            self.trouble("leave", error)

    async def _leave(self, client: Client, reason: str) -> None:
        session = client.session
        logged: Wait[None] = Wait()
        client.when_logged(lambda: logged.fulfil(None))
        await logged
        line = events.quitted(session.source, reason)
        waits = []
        for name in {*session.rooms, *(client.intended or ())}:
            wait: Wait[Any] = Wait()
            waits.append(wait)
            self.appends.add(name, Pending(session.sid, line, wait=wait))
        for wait in waits:
            await wait
        if session.nick:
            if session.is_registered:
                self.directory.remember(session, session.nick, self.wall_now)
            if self.nicks_here.get(fold(session.nick)) == session.sid:
                del self.nicks_here[fold(session.nick)]
            self.ports.release(session, session.nick)
        self.clients.pop(session.sid, None)
        self.bulletin.user_left(session)
        self._end_when_empty()
        log.info("closed", session=session.sid, nick=session.nick, reason=reason)

    def settle(self, pending: Pending, outcome: Any) -> None:
        """What became of an own event: an effect, a place in another's inbox, or None where it was refused."""
        client = self.clients.get(pending.sid)
        if pending.wait is not None:
            pending.wait.fulfil(outcome)
        elif client is not None and not client.is_departing and not _was_said(outcome):
            self._answer(client, pending, outcome)
        if client is not None:
            client.logged()

    def _answer(self, client: Client, pending: Pending, outcome: Any) -> None:
        """The word to the sender of a message: an error, or the echo of a direct one."""
        message, session = parse(pending.line), client.session
        if message is None:
            return
        if isinstance(outcome, tuple):
            self.delivery.echo(client, outcome, message, pending.label)
        elif outcome is None:
            session.answer_late(pending.label, lambda: unavailable(session, message.verb, *message.params[:1]))
        else:
            void = outcome.reason or Void.NOTHING
            session.answer_late(pending.label, lambda: refuse(session, message.verb, message.params[0], void))

    # -- Marks ----------------------------------------------------------------------------------------

    def void(self, followed: Followed, entry: Entry, effect: Effect) -> None:
        own = effect.sid.startswith(f"{self.id}.")
        if effect.reason is not Void.NOTHING and (own or effect.reason is Void.GONE):
            mark = f"{entry.id}.{effect.index}"
            self.link.call(lambda _reply: None, "SADD", self.keys.void(followed.name), mark)

    def orphan(self, followed: Followed, sid: str) -> None:
        member = followed.room.members.get(sid)
        if member is not None:
            line = events.quitted(member.source, "Connection closed")
            self.appends.add(followed.name, Pending(sid, line))

    def changed(self, followed: Followed) -> None:
        self.bulletin.room_changed(followed)

    def _count_connections(self) -> int:
        return len(self.clients) + len(self.opening)

    def _room_settled(self, followed: Followed, old: Room | None) -> None:
        """A room is live; ``old`` is what its clients knew of it where it had to be read again."""
        if old is not None:
            self.delivery.reread(followed, old)
            for client in followed.clients.values():
                if client.session.sid not in followed.room.members:
                    self._rejoin(followed, client.session)

    def _rejoin(self, followed: Followed, session: Session) -> None:
        """The log has lost a session of ours that is there: it says so again, unseen by its own lane."""
        facts = {"token": session.token, "seen": followed.replica.last}
        line = events.joined(session.source, followed.room.name, session.realname, facts)
        self.appends.add(followed.name, Pending(session.sid, line))

    def _room_closed(self, followed: Followed) -> None:
        for sid in followed.room.members:
            self.people.vanished(followed, sid)

    # -- slow timers ----------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Asks silent clients whether they are there, and drops those who did not answer."""
        interval = self.settings.ping_interval_s
        self.later(max(0.5, interval / 8), self._sweep)
        for client in list(self.clients.values()):
            silent = self.now - client.heard_at
            if silent < interval or client.dialect.variant or client.is_departing or client.throttled:
                continue
            if silent > interval * 2:
                self.depart(client, f"Ping timeout: {silent:.0f} seconds")
            elif not client.pinged and client.session.is_registered:
                client.pinged = True
                client.send(f"PING :{self.server.name}")

    def _maintain(self) -> None:
        self.following.snapshot_due()
        self.following.close_idle(self.now)
        self.inbox.tidy()

    def _check(self) -> None:
        self.inbox.make()  # a Redis that was wiped has lost it
        self.following.check_positions()

    def _put_off_expiry(self) -> None:
        for name in self.following.rooms:
            self.following.put_off_expiry(name)

    def _probe(self) -> None:
        """A healthy TCP connection proves nothing: a Redis that answers nothing is left for a new connection."""
        if self._probed:
            self.link.drop("no answer")
        elif self.link.is_up:
            self._probed = True
            self.link.call(self._answered, "PING")

    def _answered(self, _reply: object) -> None:
        self._probed = False

    def _renew(self) -> None:
        if self.link.is_up:
            self.bulletin.renew(self.following, self.wall_now)


def _was_said(outcome: object) -> bool:
    return outcome.__class__ is Effect and outcome.kind is Kind.SAID


def _new_epoch() -> str:
    return secrets.token_hex(6)
