"""What a lane's clients have under way: accepted from a client, and neither applied nor rejected nor withdrawn.

This is the only code that queues an event of a client for a log, and that ends one. So the count of a client's events
under way is exact: a PONG, a QUIT and a rename wait until it is zero, and a client that has too many is not read. It
reports each outcome to a listener, and knows no command. Runs on the lane's thread.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from gateway.chat.effects import Accepted, Effect, MessageSent, MultilineSent, Outcome
from gateway.chat.errors import Unavailable
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients
from gateway.lane.context import LaneContext
from gateway.lane.loop.tasks import Wait
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.logs.retry_queue import MustDeliver, RetryQueue
from gateway.wire.casefold import casefold

ROOMS_AT_ONCE = 16
UNDER_WAY_LIMIT = 256
"""Events of one client: with more under way it is not read, except while Redis is unavailable. Then it is read, and
what does not fit into the retry queue is refused."""


SENT: Final = frozenset((MessageSent, MultilineSent, Accepted))
"""Outcomes of which nobody hears: a room shows its messages."""


class OutcomeListener(Protocol):
    """What reacts to outcomes of events."""

    def finished(self, client: Client, pending: PendingEvent, outcome: Outcome) -> None:
        """Handle the outcome of an event that is no message shown by a room, before a handler that waits goes on.

        ``outcome``: an effect; the position in another lane's inbox; None if the event was refused or withdrawn.
        """


class Outgoing:
    """All events of the lane's clients that are under way."""

    listener: OutcomeListener

    def __init__(
        self,
        context: LaneContext,
        clients: Clients,
        log_writer: LogWriter,
        retry_limits: tuple[int, float],
        pause_reading: Callable[[Client], Callable[[], None]],
    ) -> None:
        """``retry_limits``: see :class:`RetryQueue`. ``pause_reading`` returns what resumes it."""
        self._context = context
        self._clients = clients
        self._log_writer = log_writer
        self._pause_reading = pause_reading
        self._paused: dict[Client, Callable[[], None]] = {}
        self.retry_queue = RetryQueue(log_writer, self._count_of, self._refuse, retry_limits)

    # -- into logs ------------------------------------------------------------------------------------

    def append(self, sid: str, log_name: str, line: str, label: str = "", wait: Wait[Outcome] | None = None) -> None:
        """Queue an event of a session for a log. While Redis is unavailable it may be refused at once."""
        client, pending = self._clients.get(sid), PendingEvent(sid, line, label, wait)
        if client is not None:
            client.under_way += 1
            retry_queue = self.retry_queue
            if retry_queue.is_on and not retry_queue.admits(log_name, pending, self._context.now):
                self._end(client, pending, None)
                return
            if client.under_way >= UNDER_WAY_LIMIT and not client.throttled and not retry_queue.is_away:
                self._pause(client)
        self._log_writer.add(log_name, pending)

    def must_deliver(
        self, sid: str, log_name: str, line: str, wait: Wait[Outcome] | None = None, *, is_first: bool = False
    ) -> None:
        """Queue an event that is never refused; ``is_first``: before all that waits for the log."""
        client = self._clients.get(sid)
        if client is not None:
            client.under_way += 1
        pending = MustDeliver(sid, line, wait=wait)
        (self._log_writer.add_first if is_first else self._log_writer.add)(log_name, pending)

    def commit(self, sid: str, log_name: str, line: str, *, must_deliver: bool = False) -> Wait[Outcome]:
        """Queue an event and return its outcome, to be awaited: an effect, or None if it was refused."""
        wait: Wait[Outcome] = Wait()
        (self.must_deliver if must_deliver else self.append)(sid, log_name, line, wait=wait)
        return wait

    def withdraw(self, log_name: str, wait: Wait[Outcome]) -> bool:
        """Remove the event whose outcome is ``wait``. Return False if it was sent to Redis already."""
        withdrawn = self._log_writer.withdraw(log_name, lambda pending: pending.wait is wait)
        for pending in withdrawn:
            self.finish(pending, None)
        return bool(withdrawn)

    # -- for handlers (gateway.chat.interfaces.Outgoing) ----------------------------------------------

    def say(self, session: Session, name: str, line: str) -> None:
        """Append a message; its echo or its error carries the label of the command at hand."""
        self.append(session.sid, name, line, session.take_label() if session.label else "")

    async def commit_to(self, session: Session, name: str, line: str, *, is_join: bool = False) -> Effect:
        client, name = self._clients.of(session), casefold(name)
        if is_join:
            client.intended = (client.intended or set()) | {name}
        wait = self.commit(session.sid, name, line)
        try:
            with self._withdrawing({name: wait}):
                effect = await wait
        finally:
            if is_join and client.intended is not None:
                client.intended.discard(name)
        if not isinstance(effect, Effect):
            raise Unavailable
        return effect

    async def commit_to_all(self, session: Session, line: str) -> None:
        for names in in_slices(session.rooms):
            waits = {name: self.commit(session.sid, name, line) for name in names}
            with self._withdrawing(waits):
                for wait in waits.values():
                    if await wait is None:
                        raise Unavailable

    @contextmanager
    def _withdrawing(self, waits: Mapping[str, Wait[Outcome]]) -> Iterator[None]:
        """If the outcomes do not come in time, withdraw what was not sent yet: it must not happen after the failure."""
        try:
            yield
        except Unavailable:
            for name, wait in waits.items():
                self.withdraw(name, wait)
            raise

    # -- outcomes -------------------------------------------------------------------------------------

    def finish(self, pending: PendingEvent, outcome: Outcome) -> None:
        """End an event; for ``outcome`` see :meth:`OutcomeListener.finished`."""
        if self.retry_queue.is_on:
            self.retry_queue.finished(pending)
        client = self._clients.get(pending.sid)
        if client is not None:
            self._end(client, pending, outcome)
        elif pending.wait is not None:
            pending.wait.fulfil(outcome)

    def _end(self, client: Client, pending: PendingEvent, outcome: Outcome) -> None:
        wait = pending.wait
        if wait is not None or outcome.__class__ not in SENT:
            self.listener.finished(client, pending, outcome)
        if wait is not None:
            wait.fulfil(outcome)
        if pending.label:
            client.session.answered(pending.label)
        client.under_way -= 1
        if not client.under_way and client.on_idle is not None:
            waiting, client.on_idle = client.on_idle, None
            for call in waiting:
                call()

    def _refuse(self, pending: PendingEvent) -> None:
        """An event has waited for too long."""
        self.finish(pending, None)

    def _count_of(self, sid: str) -> int | None:
        """How many events a session has under way; None for what is no session of this lane."""
        client = self._clients.get(sid)
        return client.under_way if client is not None else None

    # -- clients --------------------------------------------------------------------------------------

    @staticmethod
    def when_idle(client: Client, call: Callable[[], None]) -> None:
        """Call once nothing of a client is under way, at once if nothing is."""
        if not client.under_way:
            call()
        elif client.on_idle is None:
            client.on_idle = [call]
        else:
            client.on_idle.append(call)

    @staticmethod
    def forget(client: Client, call: Callable[[], None]) -> None:
        """Cancel a :meth:`when_idle`."""
        if client.on_idle is not None and call in client.on_idle:
            client.on_idle.remove(call)

    async def idle(self, client: Client) -> None:
        """Wait until nothing of a client is under way."""
        wait: Wait[None] = Wait()
        self.when_idle(client, lambda: wait.fulfil(None))
        await wait

    def _pause(self, client: Client) -> None:
        """Read no more until nothing of the client is under way, or Redis is unavailable."""
        resume = self._pause_reading(client)

        def idle() -> None:
            if self._paused.pop(client, None) is not None:
                resume()

        self._paused[client] = resume
        self.when_idle(client, idle)

    # -- hooks ----------------------------------------------------------------------------------------

    def tick(self) -> None:
        self.retry_queue.tick(self._context.now)

    def redis_unavailable(self) -> None:
        """Read all clients, so that they can be answered."""
        self.retry_queue.redis_unavailable(self._context.now)
        paused, self._paused = self._paused, {}
        for resume in paused.values():
            resume()

    def redis_available(self) -> None:
        self.retry_queue.redis_available()


def in_slices(rooms: Iterable[str]) -> Iterator[list[str]]:
    """Return a few rooms at a time, for an event to all rooms of a session: no turn has one for each of them."""
    names = list(rooms)
    return (names[at : at + ROOMS_AT_ONCE] for at in range(0, len(names), ROOMS_AT_ONCE))
