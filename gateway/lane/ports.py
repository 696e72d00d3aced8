"""What command handlers ask of the lane, put to Redis and to the other parts of the lane.

Each awaited answer is a :class:`Wait` that the link's reply fulfils; a reply that was lost or is an error ends
it with :class:`Unavailable`. Runs on the lane's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from gateway.broker.keys import inbox
from gateway.broker.port import RedisPort
from gateway.broker.scripts import Script
from gateway.chat import events, registration
from gateway.chat.effects import Effect
from gateway.chat.events import NOBODY, Event
from gateway.chat.history_access import HistoryAccess, PastEvent, Span
from gateway.chat.member import UNKNOWN, Member, Sender
from gateway.chat.ports import ClientLeft, GatewayCounts, HistoryPage, Profile, RoomListing, Server, Unavailable
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.chat.user_status import UserStatus, presence
from gateway.directory.lanes import lanes
from gateway.directory.nicks import past_profiles, profile
from gateway.directory.room_list import listed
from gateway.directory.user_counts import gateway_counts
from gateway.lane.clients.client import Client
from gateway.lane.direct.control_messages import OPERATOR_NOTICE
from gateway.lane.loop.limiter import ConcurrencyLimiter
from gateway.lane.loop.replies import reply_to
from gateway.lane.loop.tasks import Wait
from gateway.lane.outgoing import in_slices
from gateway.logs.history import find, read
from gateway.logs.in_flight import PendingEvent
from gateway.logs.replica import ReplicaState
from gateway.wire.casefold import casefold
from gateway.wire.names import valid_room

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

log = structlog.get_logger()

HISTORY_PLACES = 3
"""Excerpts of histories that are read at once: each takes the lane some milliseconds."""
LISTED_LIMIT = 20_000
SEARCHED_LIMIT = 5_000
SEARCHED_AT_ONCE = 250
FEW = 16
"""As many people are looked up without waiting for one's turn."""

T = TypeVar("T")


class LanePorts:
    """See gateway.chat.ports.Ports, which this implements for one lane."""

    def __init__(self, parts: Parts) -> None:
        self._lane, self._context = parts, parts.context
        self._gate = ConcurrencyLimiter(parts.context)
        self._history_gate = ConcurrencyLimiter(parts.context, HISTORY_PLACES)
        self._redis = _AwaitedRedis(parts.link)

    async def _in_turn(self, work: Coroutine[Any, Any, T]) -> T:
        """Much work, of which only so much is done at once."""
        try:
            await self._gate.enter()
        except BaseException:
            work.close()
            raise
        try:
            return await work
        finally:
            self._gate.leave()

    @property
    def server(self) -> Server:
        return self._context.server

    @property
    def now(self) -> float:
        return self._context.wall_now

    def _client(self, session: Session) -> Client:
        client = self._lane.clients.get(session.sid)
        if client is None:
            raise ClientLeft
        return client

    # -- rooms ----------------------------------------------------------------------------------------

    def is_room_name(self, name: str) -> bool:
        return valid_room(name)

    def room(self, name: str) -> Room | None:
        followed = self._lane.replicas.rooms.get(casefold(name))
        return followed.room if followed is not None and followed.reloading_state is None else None

    async def open_room(self, name: str) -> Room:
        followed = self._lane.replicas.open(casefold(name))
        if followed.replica.state is not ReplicaState.LIVE:
            await _called_back(followed.waiting)
        return followed.room

    def position(self, room: str) -> str:
        return self._lane.replicas.rooms[casefold(room)].replica.last

    def is_new(self, room: str) -> bool:
        return not self._lane.replicas.rooms[casefold(room)].replica.epoch

    def may_make_room(self, session: Session) -> bool:
        is_counted = self._client(session).connection.is_admitted  # else it is of this machine
        return not is_counted or self._context.process.may_make_room(session.address)

    def say(self, session: Session, room: str, line: str) -> None:
        label = session.take_label() if session.label else ""
        self._lane.outgoing.append(session.sid, room, line, label)

    async def commit(self, session: Session, room: str, line: str) -> Effect:
        client, name = self._client(session), casefold(room)
        joining = " JOIN " in line and name not in session.rooms
        if joining:
            client.intended = (client.intended or set()) | {name}
        wait = self._lane.outgoing.commit(session.sid, name, line)
        try:
            with self._taken_back({name: wait}):
                effect: Effect | None = await wait
        finally:
            if joining and client.intended is not None:
                client.intended.discard(name)
        if effect is None:
            raise Unavailable
        return effect

    async def commit_everywhere(self, session: Session, line: str) -> None:
        for names in in_slices(session.rooms):
            waits = {name: self._lane.outgoing.commit(session.sid, name, line) for name in names}
            with self._taken_back(waits):
                for wait in waits.values():
                    if await wait is None:
                        raise Unavailable

    def take_back(self, session: Session) -> None:
        person = self._lane.visible_users.person(session.sid)
        if person is not None:
            self._lane.profiles.correct(session, person.known)

    @contextmanager
    def _taken_back(self, waits: Mapping[str, Wait[Any]]) -> Iterator[None]:
        """What is not answered in time, and fails so, must not happen later: it is withdrawn where it was not sent."""
        try:
            yield
        except Unavailable:
            for name, wait in waits.items():
                self._lane.outgoing.withdraw(name, wait)
            raise

    # -- people ---------------------------------------------------------------------------------------

    def local(self, nick: str) -> Session | None:
        sid = self._lane.nicks.sid_of(nick)
        client = self._lane.clients.get(sid) if sid is not None else None
        return client.session if client is not None else None

    def known(self, nick: str) -> str | None:
        return self._lane.nicks.sid_of(nick) or self._lane.visible_users.sid(nick)

    def shown_nicks(self, room: Room) -> Mapping[str, str]:
        people = self._lane.visible_users
        if not (people.stale_names or people.hidden):
            return {}
        followed = self._lane.replicas.rooms.get(room.folded_name)
        return people.shown() | dict.fromkeys(people.unseen(followed) if followed is not None else (), "")

    def kept(self, session: Session, room: Room) -> list[Member]:
        followed = self._lane.replicas.rooms.get(room.folded_name)
        return self._lane.state_changes.kept(followed, session.sid) if followed is not None and followed.kept else []

    async def rename(self, session: Session, nick: str) -> bool:
        return await self._lane.nicks.take(session, nick)

    def publish_profile(self, session: Session) -> None:
        self._lane.profiles.publish(session)

    async def find(self, nick: str) -> Profile | None:
        await self._lane.nicks.reachable(nick)
        wait: Wait[Any] = Wait()
        self._lane.directory.find(nick, reply_to(wait))
        return profile(await wait)

    async def find_all(self, nicks: Sequence[str]) -> list[Profile | None]:
        return await (self._find_all(nicks) if len(nicks) <= FEW else self._in_turn(self._find_all(nicks)))

    async def _find_all(self, nicks: Sequence[str]) -> list[Profile | None]:
        waits: list[Wait[Any]] = []
        for nick in nicks:
            wait: Wait[Any] = Wait()
            self._lane.directory.find(nick, reply_to(wait))
            waits.append(wait)
        return [profile(await wait) for wait in waits]

    def monitored(self, session: Session) -> Mapping[str, str]:
        return dict(self._lane.monitor.targets(self._client(session)))

    def known_holder(self, nick: str) -> Profile | None:
        return self._lane.monitor.holder(nick)

    def monitor(self, session: Session, nicks: Sequence[str]) -> None:
        self._lane.monitor.add(self._client(session), nicks)

    def unmonitor(self, session: Session, nicks: Sequence[str]) -> None:
        client = self._lane.clients.get(session.sid)
        if client is not None:
            self._lane.monitor.remove(client, nicks)

    def whisper(self, session: Session, target_sid: str, nick: str, line: str) -> None:
        label = session.take_label() if session.label else ""
        log, event = self._lane.inbox.address(target_sid, line, session.sender)
        self._lane.outgoing.append(session.sid, log, event, label)

    def publish_ephemeral(self, session: Session, where: str, line: str) -> None:
        log = casefold(where)
        if not where.startswith("#"):
            log, line = self._lane.inbox.address(where, line, session.sender)
        payload = f"{events.EPHEMERAL}\n".encode() + events.encode([(session.sid, line)])
        self._lane.link.publish(self._lane.keys.live(log), payload)

    async def notify(self, target_sid: str, line: str, sender: Sender = UNKNOWN) -> bool:
        log, event = self._lane.inbox.address(target_sid, line, sender)
        wait = self._send(log, event)
        with self._taken_back({log: wait}):
            return await wait is not None

    async def broadcast(self, line: str) -> None:
        wait: Wait[Any] = Wait()
        lanes(self._lane.link, self._lane.keys, reply_to(wait))
        sent = {inbox(lane): self._send(inbox(lane), line) for lane in await wait}
        with self._taken_back(sent):
            for one in sent.values():
                await one

    def _send(self, log: str, line: str) -> Wait[Any]:
        """Appends to a lane's inbox; what comes is None where there is none."""
        wait: Wait[Any] = Wait()
        self._lane.log_writer.add(log, PendingEvent(NOBODY, line, wait=wait))
        return wait

    async def verify(self, session: Session, password_hash: str, password: str) -> bool:
        wait: Wait[bool] = Wait()
        cancel = self._context.process.verify(session.address, password_hash, password, self._context.post, wait.fulfil)
        if cancel is None:
            raise Unavailable
        try:
            return await wait
        except (ClientLeft, Unavailable):
            cancel()
            raise

    def report(self, session: Session, command: str, target: str = "", comment: str = "") -> None:
        log.info("operator_command", command=command, operator=session.oper, source=session.source, target=target)
        what = (
            f"{command} {target}: {comment}"
            if target
            else f"{command} on {self.server.name}, gateway {self._context.gateway}"
        )
        line = f":{self.server.name} {OPERATOR_NOTICE} :{session.source} (operator {session.oper}) used {what}"

        def send(found: Any) -> None:
            for lane in found if isinstance(found, list) else ():
                self._send(inbox(lane), line)

        lanes(self._lane.link, self._lane.keys, send)

    def rehash(self) -> None:
        self._context.process.rehash()

    async def pause(self, seconds: float) -> None:
        wait: Wait[None] = Wait()
        self._context.later(seconds, lambda: wait.fulfil(None))
        await wait

    async def search(self, fits: Callable[[Profile], bool], limit: int) -> list[Profile]:
        return await self._in_turn(self._search(fits, limit))

    async def _search(self, fits: Callable[[Profile], bool], limit: int) -> list[Profile]:
        wait: Wait[Any] = Wait()
        self._lane.directory.everybody(SEARCHED_LIMIT, reply_to(wait))
        nicks = await wait
        found: list[Profile] = []
        for at in range(0, len(nicks), SEARCHED_AT_ONCE):  # in steps, so that other clients have their turn
            found += [p for p in await self._find_all(nicks[at : at + SEARCHED_AT_ONCE]) if p is not None and fits(p)]
            if len(found) >= limit:
                break
        return found[:limit]

    async def presence(self, profile: Profile, *, with_address: bool) -> UserStatus | None:
        client = self._lane.clients.get(profile.sid)
        if client is not None:
            return presence(client.session, self.now, with_address=with_address)
        wait: Wait[UserStatus | None] = Wait()
        self._lane.user_queries.ask(profile.sid, with_address, wait.fulfil)
        return await wait

    async def whowas(self, nick: str) -> list[Profile]:
        wait: Wait[Any] = Wait()
        self._lane.directory.whowas(nick, reply_to(wait))
        return past_profiles(await wait)

    async def list_rooms(self, names: Sequence[str] = ()) -> list[RoomListing]:
        return await self._in_turn(self._list_rooms(names))

    async def _list_rooms(self, names: Sequence[str]) -> list[RoomListing]:
        room_list, now = self._lane.room_list, self.now
        entries: dict[str, bytes | None] = {}
        if names:
            folded = [casefold(name) for name in names]
            wait: Wait[Any] = Wait()
            room_list.some(folded, reply_to(wait))
            entries.update(zip(folded, await wait, strict=True))
        cursor = b"" if names else b"0"
        while cursor and len(entries) < LISTED_LIMIT:
            wait = Wait()
            room_list.page(cursor, reply_to(wait))
            cursor, fields = await wait
            entries.update(zip((name.decode() for name in fields[::2]), fields[1::2], strict=True))
            cursor = b"" if cursor == b"0" else cursor
        found = (self._listed(name, value, now) for name, value in entries.items())
        return [one for one in found if one is not None]

    def _listed(self, name: str, value: bytes | None, now: float) -> RoomListing | None:
        """A room by its replica, where there is one; by its entry in the list otherwise."""
        room = self.room(name)
        if room is None:
            return listed(value, now)
        return RoomListing(room.name, len(room.members), room.topic, "s" in room.flags) if room.members else None

    async def count_rooms(self) -> int:
        wait: Wait[Any] = Wait()
        self._lane.room_list.count(reply_to(wait))
        return int(await wait)

    async def user_counts(self) -> list[GatewayCounts]:
        lane = self._lane
        lane.directory_publisher.write()  # before the reading, so that it counts who is just being greeted
        living: Wait[Any] = Wait()
        counts: Wait[Any] = Wait()
        lane.user_counts.read(reply_to(living), reply_to(counts))
        return gateway_counts(await living, await counts)

    # -- the session ----------------------------------------------------------------------------------

    async def pace(self, session: Session) -> None:
        await self._lane.dispatcher.pace(self._client(session))

    def set_caps(self, session: Session, caps: int) -> None:
        client = self._client(session)
        here = [f for f in self._lane.replicas.rooms.values() if session.sid in f.clients] if session.rooms else []
        for followed in here:
            followed.leave(client)
        session.caps = caps
        for followed in here:
            followed.enter(client)

    async def try_registration(self, session: Session) -> None:
        if registration.is_complete(self, session):
            await registration.complete(self, session)

    def registered(self, session: Session) -> None:
        self._lane.sessions.registered(self._client(session))

    async def barrier(self, session: Session) -> None:
        wait: Wait[None] = Wait()
        client, barrier = self._client(session), self._lane.barrier

        def done() -> None:
            wait.fulfil(None)

        def logged() -> None:
            barrier.reach([barrier.inbox, *session.rooms, *(client.intended or ())], done)

        self._lane.outgoing.when_idle(client, logged)
        try:
            await wait
        except (ClientLeft, Unavailable):
            self._lane.outgoing.forget(client, logged)
            barrier.cancel(done)
            raise

    def look(self, session: Session, room: str) -> None:
        self._lane.state_changes.look(self._client(session), casefold(room))

    async def history(self, may_read: HistoryAccess, span: Span) -> HistoryPage:
        await self._history_gate.enter()
        try:
            found = await read(self._redis, self._lane.keys, may_read, span)
        finally:
            self._history_gate.leave()
        if self._lane.replica_acks is not None:
            replicated: Wait[None] = Wait()
            self._lane.replica_acks.after_replicated(
                lambda: replicated.fulfil(None), lambda: replicated.fail(Unavailable())
            )
            await replicated
        return found

    async def talk(self, session: Session, nick: str, span: Span) -> tuple[str, list[PastEvent], bool]:
        return self._lane.direct_history.read(session, nick, span)

    async def talks(self, session: Session) -> list[tuple[str, int]]:
        return self._lane.direct_history.latest(session)

    def delete_direct(self, session: Session, msgid: str) -> None:
        self._lane.direct_history.redact(session, msgid)

    async def find_message(self, where: str, msgid: str) -> Event | None:
        log = casefold(where) if where.startswith("#") else inbox(where.rpartition(".")[0])
        found = await find(self._redis, self._lane.keys, log, msgid)
        return None if found is None else Event(self._context.current_sid(found.sid), found.line)

    def quit(self, session: Session, reason: str) -> None:
        self._lane.sessions.depart(self._client(session), reason)


class _AwaitedRedis:
    """See gateway.logs.history.AwaitedRedis."""

    def __init__(self, redis: RedisPort) -> None:
        self._redis = redis

    def call(self, key: str, verb: str, *args: str | bytes | int) -> Wait[Any]:
        wait: Wait[Any] = Wait()
        self._redis.call(key, reply_to(wait), verb, *args)
        return wait

    def run(self, script: Script, keys: Sequence[str], *args: str | bytes | int) -> Wait[Any]:
        wait: Wait[Any] = Wait()
        self._redis.run(script, reply_to(wait), keys, *args)
        return wait


async def _called_back(waiting: list[Callable[[], None]]) -> None:
    """Waits among others who are called back, and no longer than it is awaited itself."""
    wait: Wait[None] = Wait()

    def call() -> None:
        wait.fulfil(None)

    waiting.append(call)
    try:
        await wait
    except (ClientLeft, Unavailable):
        waiting.remove(call)
        raise
