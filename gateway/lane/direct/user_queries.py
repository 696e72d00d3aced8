"""What one lane asks another about a session of its, through their inboxes (WHOIS: idle time, rooms).

An answer that does not come in time is None: the rest of the reply must not wait for a gateway that has just
died. Runs on the lane's thread.
"""

import itertools
from collections.abc import Callable

from gateway.chat.events import NOBODY
from gateway.chat.user_status import UserStatus, presence, read
from gateway.lane.clients.client import Client
from gateway.lane.context import LaneContext
from gateway.lane.direct.inbox import Inbox, Show
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.wire.message import Message

ANSWER_LIMIT_S = 2.0


class UserQueries:
    """The questions of a lane that are open, and its answers to those of others."""

    def __init__(self, context: LaneContext, inbox: Inbox, log_writer: LogWriter) -> None:
        self._context = context
        self._inbox = inbox
        self._log_writer = log_writer
        self._numbers = itertools.count()
        self._open: dict[str, Callable[[UserStatus | None], None]] = {}
        inbox.specials["ASK"] = self._asked
        inbox.specials["ANSWER"] = self._answered

    def ask(self, sid: str, with_address: bool, done: Callable[[UserStatus | None], None]) -> None:
        """Calls ``done`` once, with what the session's lane says, or with None."""
        # The lane's own id with a number is no session's: the answer finds the lane and nobody else.
        question = f"{self._context.id}.q{next(self._numbers)}"
        self._open[question] = done
        self._send(sid, f"ASK {question} {int(with_address)}")
        self._context.later(ANSWER_LIMIT_S, lambda: self._close(question, None))

    def _asked(self, message: Message, client: Client | None, _show: Show) -> None:
        if client is not None:
            question, with_address = message.params[:2]
            told = presence(client.session, self._context.wall_now, with_address=with_address == "1")
            self._send(question, f"ANSWER {question} :{told.text()}")

    def _answered(self, message: Message, _client: Client | None, _show: Show) -> None:
        question, text = message.params[:2]
        self._close(question, read(text))

    def _close(self, question: str, told: UserStatus | None) -> None:
        done = self._open.pop(question, None)
        if done is not None:
            done(told)

    def _send(self, sid: str, line: str) -> None:
        log, event = self._inbox.address(sid, line)
        self._log_writer.add(log, PendingEvent(NOBODY, event))
