"""What handlers send to one session on any lane (gateway.chat.interfaces.Direct). Runs on the lane's thread."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gateway.broker.keys import Keys, inbox
from gateway.broker.port import RedisPort
from gateway.chat import events
from gateway.chat.errors import Unavailable
from gateway.chat.events import NOBODY
from gateway.chat.history_access import PastEvent, Span
from gateway.chat.member import UNKNOWN, Sender
from gateway.chat.session import Session
from gateway.directory.lanes import lanes
from gateway.lane.direct.addressing import Addressing
from gateway.lane.direct.history import DirectHistory
from gateway.lane.loop.replies import reply_to
from gateway.lane.loop.tasks import Wait
from gateway.lane.outgoing import Outgoing
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.wire.casefold import casefold


class DirectMessages:
    """Sends to the inboxes of lanes, and reads the direct history of this lane's sessions."""

    def __init__(
        self,
        redis: RedisPort,
        keys: Keys,
        addressing: Addressing,
        outgoing: Outgoing,
        log_writer: LogWriter,
        direct_history: DirectHistory,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._addressing = addressing
        self._outgoing = outgoing
        self._log_writer = log_writer
        self._history = direct_history

    def say(self, session: Session, target_sid: str, nick: str, line: str) -> None:
        log, event = self._addressing.to_session(target_sid, line, session.sender)
        self._outgoing.say(session, log, event)

    async def notify(self, target_sid: str, line: str, sender: Sender = UNKNOWN) -> bool:
        log, event = self._addressing.to_session(target_sid, line, sender)
        wait = self.append(log, event)
        with self._withdrawing({log: wait}):
            return await wait is not None

    async def broadcast(self, line: str) -> None:
        found: Wait[Any] = Wait()
        lanes(self._redis, self._keys, reply_to(found))
        sent = {inbox(lane): self.append(inbox(lane), line) for lane in await found}
        with self._withdrawing(sent):
            for wait in sent.values():
                await wait

    def broadcast_soon(self, line: str) -> None:
        """Send an event to every lane of the network without waiting."""

        def send(found: Any) -> None:
            for lane in found if isinstance(found, list) else ():
                self.append(inbox(lane), line)

        lanes(self._redis, self._keys, send)

    def append(self, log: str, line: str) -> Wait[Any]:
        """Append a line to a lane's inbox; the outcome is None if there is no such inbox."""
        wait: Wait[Any] = Wait()
        self._log_writer.add(log, PendingEvent(NOBODY, line, wait=wait))
        return wait

    @contextmanager
    def _withdrawing(self, waits: Mapping[str, Wait[Any]]) -> Iterator[None]:
        """If the answers do not come in time, withdraw what was not sent yet: it must not happen after the failure."""
        try:
            yield
        except Unavailable:
            for log, wait in waits.items():
                self._outgoing.withdraw(log, wait)
            raise

    def publish_ephemeral(self, session: Session, where: str, line: str) -> None:
        log = casefold(where)
        if not where.startswith("#"):
            log, line = self._addressing.to_session(where, line, session.sender)
        payload = f"{events.EPHEMERAL}\n".encode() + events.encode([(session.sid, line)])
        self._redis.publish(self._keys.live(log), payload)

    def history(self, session: Session, nick: str, span: Span) -> tuple[str, list[PastEvent], bool]:
        return self._history.read(session, nick, span)

    def conversations(self, session: Session) -> list[tuple[str, int]]:
        return self._history.latest(session)

    def delete(self, session: Session, msgid: str) -> None:
        self._history.redact(session, msgid)
