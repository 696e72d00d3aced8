"""How a lane ends: its clients leave one after the other, in random order, spread over seconds.

So they do not reach the other gateways in one moment. What a client has sent by then is carried out and answered; what
comes later is not taken any more. Then it leaves as any other client does. Runs on the lane's thread.
"""

from collections.abc import Callable
from functools import partial

from gateway.lane.clients.client import Client
from gateway.lane.clients.dispatcher import Dispatcher
from gateway.lane.clients.handshake import Handshake
from gateway.lane.context import LaneContext
from gateway.logs.log_writer import LogWriter

REASON = "The gateway is shutting down"
ANSWER_LIMIT_S = 1.0
"""The time for the answers to a client's lines. Events without an answer by then still reach their log."""
CLOSING_LIMIT_S = 1.0
"""For the last clients to read ERROR and close."""
POLL_S = 0.01


class Drain:
    """The end of a lane."""

    def __init__(
        self,
        context: LaneContext,
        clients: dict[str, Client],
        handshake: Handshake,
        dispatcher: Dispatcher,
        is_redis_up: Callable[[], bool],
        log_writer: LogWriter,
        disconnect: Callable[[Client, str], None],
        when_idle: Callable[[Client, Callable[[], None]], None],
        close_inbox: Callable[[Callable[[], None]], None],
        is_closing: Callable[[], bool],
    ) -> None:
        """``disconnect`` ends a client for a reason; ``when_idle`` calls when nothing of a client is under way.

        ``close_inbox`` calls when all that was written to the lane has come. ``is_closing``: whether a client that has
        left still has its ERROR to read.
        """
        self._context = context
        self._clients = clients
        self._handshake = handshake
        self._dispatcher = dispatcher
        self._disconnect = disconnect
        self._when_idle = when_idle
        self._is_redis_up = is_redis_up
        self._log_writer = log_writer
        self._close_inbox = close_inbox
        self._is_closing = is_closing
        self._is_begun = False
        self._has_closed_inbox = False

    def begin(self, over_s: float) -> None:
        """Let all clients leave, the last one in ``over_s`` seconds, and those that are still registering at once."""
        self._is_begun = True
        for connection in list(self._handshake.pending):
            self._handshake.dismiss(connection)
        random, clients = self._context.random, list(self._clients.values())
        random.shuffle(clients)
        step_s = over_s / max(1, len(clients))
        for number, client in enumerate(clients):
            after_s = (number + random.random()) * step_s
            if after_s and client.session.is_registered:
                self._context.later(after_s, partial(self._dismiss, client))
            else:
                self._dismiss(client)
        self.end_if_empty()

    def hurry(self) -> None:
        """Let all clients that are left leave at once, answered or not."""
        self._is_begun = True
        for connection in list(self._handshake.pending):
            self._handshake.dismiss(connection)
        for client in list(self._clients.values()):
            self._disconnect(client, REASON)
        self.end_if_empty()

    def _dismiss(self, client: Client) -> None:
        disconnect = partial(self._disconnect, client, REASON)
        if not self._is_redis_up():
            disconnect()
            return
        client.bucket = None  # what it has sent already is not held back any longer
        self._context.later(ANSWER_LIMIT_S, disconnect)
        # Not from within the fold of its last event: the echo is to be written before it leaves its rooms.
        self._dispatcher.finish(client, partial(self._when_idle, client, lambda: self._soon(disconnect)))

    def _soon(self, call: Callable[[], None]) -> None:
        self._context.later(0.0, call)

    def end_if_empty(self) -> None:
        """Once the last client has left, close the inbox, so that nobody writes to it in vain; then end the lane."""
        if not self._is_begun or self._clients or self._has_closed_inbox:
            return
        self._has_closed_inbox = True
        if self._is_redis_up():
            self._close_inbox(partial(self._end_when_read, self._context.now + CLOSING_LIMIT_S))
        else:
            self._context.is_stopping = True

    def _end_when_read(self, deadline: float) -> None:
        """End the lane when senders to users who had left have their error, and all clients have read ERROR."""
        is_reading = self._is_closing() and self._context.now < deadline
        if is_reading or (self._is_redis_up() and self._log_writer.queued):
            self._context.later(POLL_S, partial(self._end_when_read, deadline))
        else:
            self._context.is_stopping = True
