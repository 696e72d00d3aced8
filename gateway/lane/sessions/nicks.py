"""The claims of a lane's sessions, made again: under a new id of the lane, or where Redis may have lost them.

Who finds that somebody else has the nick by now is called by the session id from then on, visibly. Runs on the lane's
thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from gateway.chat import events
from gateway.chat.events import number
from gateway.lane.clients.client import Client
from gateway.wire import numerics as n

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

log = structlog.get_logger()

RETRY_S = 0.5


class NickClaims:
    """See the module."""

    def __init__(self, parts: Parts) -> None:
        self._lane, self._context = parts, parts.context

    def link_up(self) -> None:
        if self._context.is_ready:
            self.renew_all()

    def renew_all(self) -> None:
        """Redis may have lost claims: each that is not there is made again, with its old token."""
        for client in list(self._lane.clients.values()):
            self.renew(client)

    def renew(self, client: Client, was: str = "", done: Callable[[], None] = lambda: None) -> None:
        """Makes a client's claim again; ``done`` once it has a nick that is its own.

        ``was``: the session id under which it was made, if it is another one by now: then with a new token.
        """
        session = client.session
        if client.is_departing or not session.nick:
            done()
            return

        def claimed(nick: str, reply: Any) -> None:
            if client.is_departing or nick != session.nick:
                if nick != session.nick and isinstance(reply, bytes):
                    self._lane.ports.unclaim(session, nick)
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
        self._lane.directory.reclaim(session, session.nick, was, token, partial(claimed, session.nick))

    def lose(self, client: Client, nick: str, *, is_shown: bool = False, but: str = "") -> None:
        """Somebody else has a client's nick: the session goes by its id, and all who see it are told.

        Unless rooms are being told of a newer one: behind that the id would be taken for the newest name of all.
        ``is_shown``: they have been, by this lane; ``but``: a room whose log says so already.
        """
        session, old = client.session, client.session.nick
        log.info("nick_lost", session=session.sid, nick=old)
        if not session.is_registered:
            session.numeric(n.ERR_NICKNAMEINUSE, old, "Nickname is already in use")
            session.nick = ""
            return
        line = f":{session.source} NICK {session.sid}"
        is_last = self._lane.ports.coming(session) in ("", nick)
        if is_last:  # so that a log which gets the lost one back does not bring a newer name
            session.token = str(number(session.token) + 1)
        self._lane.sessions.renamed(client, old, session.sid)
        if not is_shown and (self._lane.rekey.is_under_way or not self._is_seen(client)):
            client.send(line)
            return
        if not is_shown:
            client.client_side_nick = old
        if is_last:
            self.tell(client, but)

    def tell(self, client: Client, but: str = "") -> None:
        """Whoever sees a session that goes by its id is shown so by its rooms, but for one."""
        session = client.session
        line = events.renamed(session.source, session.sid, session.token)
        for name in [name for name in session.rooms if name != but]:
            self._lane.outgoing.must_deliver(session.sid, name, line)

    def _is_seen(self, client: Client) -> bool:
        """Whether a room's log holds the session."""
        rooms = self._lane.replicas.rooms
        return any(client.session.sid in rooms[name].room.members for name in client.session.rooms)
