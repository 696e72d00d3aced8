"""Queries between lanes about a user's status (WHOIS: idle time, rooms), through their inboxes.

A query without a reply in time gives None: the rest of a WHOIS must not wait for a gateway that has just died. Runs on
the lane's thread.
"""

import itertools
from collections.abc import Callable

from gateway.chat.events import NOBODY
from gateway.chat.network import Profile
from gateway.chat.user_status import UserStatus, presence, read
from gateway.lane.clients.client import Client, Clients
from gateway.lane.context import LaneContext
from gateway.lane.direct.addressing import Addressing
from gateway.lane.direct.inbox import Inbox, Show
from gateway.lane.loop.tasks import Wait
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.wire.message import Message

REPLY_LIMIT_S = 2.0


class UserQueries:
    """The open queries of a lane, and its replies to those of other lanes."""

    def __init__(
        self, context: LaneContext, clients: Clients, inbox: Inbox, addressing: Addressing, log_writer: LogWriter
    ) -> None:
        self._context = context
        self._clients = clients
        self._addressing = addressing
        self._log_writer = log_writer
        self._numbers = itertools.count()
        self._open: dict[str, Callable[[UserStatus | None], None]] = {}
        inbox.control_handlers["QUERY"] = self._reply
        inbox.control_handlers["REPLY"] = self._replied

    async def status(self, profile: Profile, *, with_address: bool) -> UserStatus | None:
        client = self._clients.get(profile.sid)
        if client is not None:
            return presence(client.session, self._context.wall_now, with_address=with_address)
        wait: Wait[UserStatus | None] = Wait()
        self._ask(profile.sid, with_address, wait.fulfil)
        return await wait

    def _ask(self, sid: str, with_address: bool, done: Callable[[UserStatus | None], None]) -> None:
        """Call ``done`` once, with the reply of the session's lane, or with None."""
        # An id in the form of a session id that no session has: the reply is addressed to this lane only.
        query = f"{self._context.id}.q{next(self._numbers)}"
        self._open[query] = done
        self._send(sid, f"QUERY {query} {int(with_address)}")
        self._context.later(REPLY_LIMIT_S, lambda: self._close(query, None))

    def _reply(self, message: Message, client: Client | None, _show: Show) -> None:
        if client is not None:
            query, with_address = message.params[:2]
            status = presence(client.session, self._context.wall_now, with_address=with_address == "1")
            self._send(query, f"REPLY {query} :{status.text()}")

    def _replied(self, message: Message, _client: Client | None, _show: Show) -> None:
        query, text = message.params[:2]
        self._close(query, read(text))

    def _close(self, query: str, status: UserStatus | None) -> None:
        done = self._open.pop(query, None)
        if done is not None:
            done(status)

    def _send(self, sid: str, line: str) -> None:
        log, event = self._addressing.to_session(sid, line)
        self._log_writer.add(log, PendingEvent(NOBODY, event))
