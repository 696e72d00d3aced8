"""What command handlers ask of the lane, put to Redis and to the other parts of the lane.

Each awaited answer is a :class:`Wait` that the link's reply fulfils; a reply that was lost or is an error ends
it with :class:`Unavailable`. Runs on the lane's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import hiredis

from gateway.broker.appends import Pending
from gateway.broker.link import LOST
from gateway.broker.replica import Standing
from gateway.chat import events, registration
from gateway.chat.effects import Effect, Kind, Void
from gateway.chat.ports import Gone, Listed, Profile, Server, Unavailable
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.directory.nicks import past_profiles, profile
from gateway.lane.client import Client
from gateway.lane.tasks import Wait
from gateway.wire.casefold import fold
from gateway.wire.names import valid_room

if TYPE_CHECKING:
    from gateway.lane.lane import Lane

REFUSED = Effect(Kind.VOID, 0, "", "", reason=Void.NOTHING)


class LanePorts:
    """See gateway.chat.ports.Ports, which this implements for one lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    @property
    def server(self) -> Server:
        return self._lane.server

    @property
    def now(self) -> float:
        return self._lane.wall_now

    def _client(self, session: Session) -> Client:
        client = self._lane.clients.get(session.sid)
        if client is None:
            raise Gone
        return client

    # -- rooms ----------------------------------------------------------------------------------------

    def is_room_name(self, name: str) -> bool:
        return valid_room(name)

    def room(self, name: str) -> Room | None:
        followed = self._lane.following.rooms.get(fold(name))
        return followed.room if followed is not None and followed.fresh is None else None

    async def open_room(self, name: str) -> Room:
        followed = self._lane.following.open(fold(name))
        if followed.replica.standing is not Standing.LIVE:
            wait: Wait[None] = Wait()
            followed.waiting.append(lambda: wait.fulfil(None))
            await wait
        return followed.room

    def position(self, room: str) -> str:
        return self._lane.following.rooms[fold(room)].replica.last

    def say(self, session: Session, room: str, line: str) -> None:
        client = self._lane.clients[session.sid]
        label = session.label
        if label:
            self._lane.delivery.take_label(session)
        client.unlogged += 1
        self._lane.appends.add(room, Pending(session.sid, line, label))

    async def commit(self, session: Session, room: str, line: str) -> Effect:
        client, name = self._client(session), fold(room)
        wait: Wait[Effect | None] = Wait()
        joining = " JOIN " in line and name not in session.rooms
        if joining:
            client.intended = (client.intended or set()) | {name}
        client.unlogged += 1
        self._lane.appends.add(name, Pending(session.sid, line, wait=wait))
        try:
            effect = await wait
        finally:
            if joining and client.intended is not None:
                client.intended.discard(name)
        if effect is None:
            raise Unavailable
        return effect

    # -- people ---------------------------------------------------------------------------------------

    def local(self, nick: str) -> Session | None:
        sid = self._lane.nicks_here.get(fold(nick))
        client = self._lane.clients.get(sid) if sid is not None else None
        return client.session if client is not None else None

    def known(self, nick: str) -> str | None:
        return self._lane.nicks_here.get(fold(nick)) or self._lane.people.sid(nick)

    async def claim(self, session: Session, nick: str) -> str | None:
        wait: Wait[Any] = Wait()
        self._lane.directory.claim(session, nick, _fulfil(wait))
        try:
            reply = await wait
        except (Gone, Unavailable):
            self.release(session, nick)
            raise
        if session.sid not in self._lane.clients:
            self.release(session, nick)
            raise Gone
        return None if isinstance(reply, list) else reply.decode()

    def release(self, session: Session, nick: str) -> None:
        self._lane.directory.release(session.sid, nick, lambda _reply: None)
        self._lane.directory.forget(nick)

    async def rename(self, session: Session, nick: str) -> bool:
        lane, client, old = self._lane, self._client(session), session.nick
        same = fold(nick) == fold(old)
        token = await self.claim(session, nick)
        if token is None:
            return False
        session.token = token
        await self._logged(client)
        line = events.renamed(session.source, nick, token)
        waits = []
        for name in session.rooms:
            wait: Wait[Any] = Wait()
            waits.append(wait)
            client.unlogged += 1
            lane.appends.add(name, Pending(session.sid, line, wait=wait))
        source = session.source
        for wait in waits:
            await wait
        if not waits:
            session.reply(f":{source} NICK {nick}")
        lane.renamed_here(client, old, nick)
        self.publish_profile(session)
        if not same:
            lane.directory.remember(session, old)
            self.release(session, old)
        return True

    async def _logged(self, client: Client) -> None:
        wait: Wait[None] = Wait()
        client.when_logged(lambda: wait.fulfil(None))
        await wait

    def publish_profile(self, session: Session) -> None:
        self._lane.directory.publish(session)

    async def find(self, nick: str) -> Profile | None:
        wait: Wait[Any] = Wait()
        self._lane.directory.find(nick, _fulfil(wait))
        return profile(await wait)

    async def find_all(self, nicks: Sequence[str]) -> list[Profile | None]:
        waits: list[Wait[Any]] = []
        for nick in nicks:
            wait: Wait[Any] = Wait()
            self._lane.directory.find(nick, _fulfil(wait))
            waits.append(wait)
        return [profile(await wait) for wait in waits]

    def whisper(self, session: Session, target_sid: str, nick: str, line: str) -> None:
        client = self._client(session)
        label = session.label
        if label:
            self._lane.delivery.take_label(session)
        log, event = self._lane.inbox.address(target_sid, line)
        client.unlogged += 1
        self._lane.appends.add(log, Pending(session.sid, event, label))

    async def whowas(self, nick: str) -> list[Profile]:
        wait: Wait[Any] = Wait()
        self._lane.directory.whowas(nick, _fulfil(wait))
        return past_profiles(await wait)

    async def list_rooms(self) -> list[Listed]:
        raise Unavailable

    # -- the session ----------------------------------------------------------------------------------

    def set_caps(self, session: Session, caps: int) -> None:
        client = self._client(session)
        here = (
            [f for f in self._lane.following.rooms.values() if session.sid in f.clients]
            if session.rooms
            else []
        )
        for followed in here:
            followed.leave(client)
        session.caps = caps
        for followed in here:
            followed.enter(client)

    def try_registration(self, session: Session) -> None:
        if registration.is_complete(session):
            registration.complete(self, session)

    def registered(self, session: Session) -> None:
        self._lane.registered(self._client(session))

    def greet(self, session: Session) -> None:
        pass

    async def barrier(self, session: Session) -> None:
        wait: Wait[None] = Wait()
        self._lane.barrier.pass_through(self._client(session), lambda: wait.fulfil(None))
        await wait

    def quit(self, session: Session, reason: str) -> None:
        self._lane.depart(self._client(session), reason)


def _fulfil(wait: Wait[Any]) -> Callable[[Any], None]:
    """A link's callback that hands its reply to a wait; a lost one or an error ends it."""

    def done(reply: Any) -> None:
        if reply is LOST or isinstance(reply, hiredis.ReplyError):
            wait.fail(Unavailable())
        else:
            wait.fulfil(reply)

    return done
