"""The nicks of a lane's sessions: the only code that writes a session's nick and the token of its claim.

A nick is claimed in Redis, then each room of the session is sent a NICK, then the old nick is released. A claim that
Redis may have lost is made again. If another session has the nick by then, the session goes by its session id, and
clients see this as a NICK. Runs on the lane's thread.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from gateway.chat import events
from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.events import number
from gateway.chat.session import Session
from gateway.directory.nicks import NickDirectory
from gateway.lane.clients.client import Client, Clients
from gateway.lane.context import LaneContext
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.loop.replies import Waiters, reply_to
from gateway.lane.loop.tasks import Wait
from gateway.lane.outgoing import Outgoing, in_slices
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold

log = structlog.get_logger()

RETRY_S = 0.5


class Nicks:
    """Nicks and claims of the sessions of one lane. ``by_nick``: the registered ones, by folded nick."""

    def __init__(
        self,
        context: LaneContext,
        clients: Clients,
        directory: NickDirectory,
        outgoing: Outgoing,
        visible_users: VisibleUsers,
    ) -> None:
        self._context = context
        self._clients = clients
        self._directory = directory
        self._outgoing = outgoing
        self._visible_users = visible_users
        self.by_nick: dict[str, str] = {}
        self._coming: dict[Session, str] = {}  # nicks that rooms are being sent
        self._link_waiters = Waiters()

    # -- who has which nick ---------------------------------------------------------------------------

    def session_of(self, nick: str) -> Session | None:
        client = self._clients.get(self.by_nick.get(casefold(nick), ""))
        return client.session if client is not None else None

    def known_sid(self, nick: str) -> str | None:
        return self.by_nick.get(casefold(nick)) or self._visible_users.sid(nick)

    def current_nick(self, sid: str) -> str | None:
        """The nick of any session as far as this lane knows it; of an own one by any id that it has had."""
        client = self._clients.get(self._context.current_sid(sid))
        user = self._visible_users.user(sid)
        return client.session.nick if client is not None else user.nick if user is not None else None

    def registered(self, session: Session) -> None:
        self.by_nick[casefold(session.nick)] = session.sid

    def set(self, client: Client, nick: str) -> None:
        """Clients see a session under this nick from now on: one that it has claimed, or its session id."""
        self._forget(client.session)
        client.session.nick = nick
        self.by_nick[casefold(nick)] = client.session.sid

    def _forget(self, session: Session) -> None:
        folded = casefold(session.nick)
        if self.by_nick.get(folded) == session.sid:
            del self.by_nick[folded]

    # -- claiming -------------------------------------------------------------------------------------

    async def reachable(self, nick: str) -> None:
        """Wait until the server of a nick's claim is connected."""
        if not self._directory.is_up(nick):
            await self._link_waiters.wait()

    async def take(self, session: Session, nick: str) -> bool:
        """Claim a nick, send it to every room, release the old one. Return False if another session has it."""
        if session.is_registered:
            return await self._rename(session, nick)
        old, token = session.nick, await self._claim(session, nick)
        if token is None:
            return False
        if old and casefold(old) != casefold(nick):
            self._directory.release(session.sid, old)
        session.nick, session.token = nick, token
        return True

    async def _claim(self, session: Session, nick: str) -> str | None:
        """Claim a nick; return its token, or None if another session has it."""
        await self.reachable(nick)
        wait: Wait[Any] = Wait()
        sid = session.sid
        self._directory.claim(session, nick, reply_to(wait))
        try:
            reply = await wait
            while session.sid != sid:  # the lane has a new id meanwhile
                was, sid, wait = sid, session.sid, Wait()
                self._directory.reclaim(session, nick, was, "", reply_to(wait))
                reply = await wait
        except (ClientLeft, Unavailable):
            self._release_unused(session, nick)
            raise
        if session.sid not in self._clients:
            self._directory.release(session.sid, nick)
            raise ClientLeft
        if isinstance(reply, list):
            return None
        self._directory.note(nick)  # again: the session that released it just now may have removed the note
        # Redis's clock may have been set back. A newer claim has the higher token all the same, higher than the one of
        # the session's last nick, and than the one of the user that clients are still shown under this nick.
        user = self._visible_users.user(self._visible_users.sid(nick) or "")
        shown = user.token if user is not None and user.sid != session.sid else 0
        return str(max(int(reply), int(session.token or 0) + 1, shown + 1))

    async def _rename(self, session: Session, nick: str) -> bool:
        client, sid, old = self._clients.of(session), "", ""
        while session.sid != sid:  # again, if the lane has got a new id meanwhile
            sid = session.sid
            token = await self._claim(session, nick)
            if token is None:
                return False
            try:
                await self._outgoing.idle(client)
            except (ClientLeft, Unavailable):
                self._release_unused(session, nick)
                raise
            old = old or session.nick
            await self._send_to_rooms(client, old, nick, token)
        if not session.rooms and session.nick != nick:  # else a room has shown it, and put the session out since
            session.reply(f":{session.source} NICK {nick}")
        self._renamed(client, old, nick)
        return True

    async def _send_to_rooms(self, client: Client, old: str, nick: str, token: str) -> None:
        """Send a NICK to every room. If it was sent to one of them, it holds for all."""
        session, outgoing = client.session, self._outgoing
        old_token, session.token = session.token, token
        self._coming[session] = nick
        line = events.renamed(session.source, nick, token)
        sent: set[str] = set()
        try:
            for names in in_slices(session.rooms):
                waits = {name: outgoing.commit(session.sid, name, line, must_deliver=True) for name in names}
                sent.update(waits)
                for wait in waits.values():
                    await wait
        except (ClientLeft, Unavailable):
            sent.difference_update([name for name, wait in waits.items() if outgoing.withdraw(name, wait)])
            if not sent:
                session.token = old_token
                self._coming.pop(session, None)
                self._release_unused(session, nick)
                if session.nick == session.sid:  # it has lost the old one meanwhile
                    self._send_fallback_nick(client)
            else:
                for name in session.rooms:
                    if name not in sent:
                        outgoing.must_deliver(session.sid, name, line)
                outgoing.when_idle(client, partial(self._renamed, client, old, nick))
            raise
        self._coming.pop(session, None)

    def _renamed(self, client: Client, old: str, nick: str) -> None:
        """All rooms have the new nick."""
        session = client.session
        self._coming.pop(session, None)
        if session.nick == session.sid and session.rooms:
            # Another claim counts as newer: Redis had lost that one, or its clock was set back.
            for lost in (nick, old):
                if lost != session.sid:
                    self._directory.release(session.sid, lost)
            self.renew(client)
            return
        self.set(client, nick)
        self.renew(client)  # Redis may have lost it before it was the session's name
        self._directory.publish(session)
        for name, room in session.rooms.items():  # joined meanwhile, or its log has lost its end
            member = room.members.get(session.sid)
            if member is None or member.nick != nick:
                line = events.renamed(session.source, nick, session.token)
                self._outgoing.must_deliver(session.sid, name, line)
        if casefold(nick) != casefold(old):
            self._directory.remember(session, old, self._context.wall_now)
            self._directory.release(session.sid, old)
        if nick != session.sid:
            self._directory.release(session.sid, session.sid)  # it may have lost the old one, and gone by its id

    def _release_unused(self, session: Session, nick: str) -> None:
        """Release a claim that comes to nothing, unless the session has the nick, or may still get it."""
        if casefold(nick) == casefold(self._coming.get(session, "")):
            return
        if casefold(nick) != casefold(session.nick):
            self._directory.release(session.sid, nick)
        elif session.is_registered:
            self._directory.publish(session)

    async def give_up(self, session: Session) -> None:
        """Release the nick of a session that leaves, and wait until others can claim it."""
        if not session.nick:
            return
        if session.is_registered:
            self._directory.remember(session, session.nick, self._context.wall_now)
        self._forget(session)
        released: Wait[None] = Wait()
        self._directory.release(session.sid, session.nick, lambda: released.fulfil(None))
        await released

    # -- claims that Redis may have lost --------------------------------------------------------------

    def link_up(self) -> None:
        if self._context.is_ready:
            self.renew_all()
        self._link_waiters.release()

    def renew_all(self) -> None:
        """Make each claim that is not in Redis again, with its old token."""
        for client in list(self._clients.values()):
            self.renew(client)

    def renew(self, client: Client, was: str = "", done: Callable[[], None] = lambda: None) -> None:
        """Make a client's claim again; call ``done`` once it has a nick that is its own.

        ``was``: the session id under which the claim was made, if the session has another one now. Then the claim gets
        a new token.
        """
        session = client.session
        if client.is_leaving or not session.nick:
            done()
            return

        def claimed(nick: str, reply: Any) -> None:
            if client.is_leaving or nick != session.nick:
                if nick != session.nick and isinstance(reply, bytes):
                    self._release_unused(session, nick)
                done()  # it has another one meanwhile, by a claim of its own
            elif isinstance(reply, bytes):
                if was:  # as Redis's clock may have been set back: the newer claim has the higher token
                    session.token = str(max(int(reply), int(session.token or 0) + 1))
                done()
            elif isinstance(reply, list):
                self.lose(client, nick)
                self.renew(client, was, done)
            else:
                self._context.later(RETRY_S, partial(self.renew, client, was, done))

        token = "" if was else session.token
        self._directory.reclaim(session, session.nick, was, token, partial(claimed, session.nick))

    # -- nicks that are lost to another session -------------------------------------------------------

    def yielded(self, client: Client, nick: str, room: str) -> None:
        """Clients were shown that a client's nick is another session's; ``room``: its log says so already."""
        session, old = client.session, client.session.nick
        self.lose(client, nick, is_shown=True, but=room)
        self._directory.release(session.sid, old)
        self.renew(client)

    def lose(self, client: Client, nick: str, *, is_shown: bool = False, but: str = "") -> None:
        """Another session has a client's nick: name it by its session id, and send that to its rooms.

        The rooms are not sent it while they are being sent a newer nick: the id would count as the newest of all.
        ``is_shown``: this lane's clients have seen it; ``but``: a room whose log says so already.
        """
        session, old = client.session, client.session.nick
        log.info("nick_lost", session=session.sid, nick=old)
        if not session.is_registered:
            session.numeric(n.ERR_NICKNAMEINUSE, old, "Nickname is already in use")
            session.nick = ""
            return
        line = f":{session.source} NICK {session.sid}"
        is_last = self._coming.get(session, "") in ("", nick)
        if is_last:  # so that a log which gets the lost one back does not bring a newer name
            session.token = str(number(session.token) + 1)
        self.set(client, session.sid)
        if not is_shown and (self._context.is_rekeying or not _is_member(session)):
            client.send(line)
            return
        if not is_shown:
            client.client_side_nick = old
        if is_last:
            self._send_fallback_nick(client, but)

    def _send_fallback_nick(self, client: Client, but: str = "") -> None:
        """Send the rooms of a session, but one, that it goes by its session id."""
        session = client.session
        line = events.renamed(session.source, session.sid, session.token)
        for name in [name for name in session.rooms if name != but]:
            self._outgoing.must_deliver(session.sid, name, line)

    # -- rekey ----------------------------------------------------------------------------------------

    def rekeyed(self) -> None:
        """Every session has a new id."""
        self.by_nick.update({nick: self._context.current_sid(sid) for nick, sid in self.by_nick.items()})


def _is_member(session: Session) -> bool:
    """Whether the log of a room has the session."""
    return any(session.sid in room.members for room in session.rooms.values())
