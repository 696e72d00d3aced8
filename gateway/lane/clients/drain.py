"""How a lane's clients leave when it is told to end: one after the other, in random order, spread over seconds.

So they do not reach the other gateways in one moment. What a client has sent by then is carried out and answered,
what comes later is not taken any more; then it departs as any other does. Runs on the lane's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gateway.lane.clients.client import Client

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

REASON = "The gateway is shutting down"
ANSWER_LIMIT_S = 1.0
"""What a client has said and nobody has answered by then is not waited for; it still reaches its log."""
CLOSING_LIMIT_S = 1.0
"""For the last clients to read ERROR and close."""
LOOK_AGAIN_S = 0.01


class Drain:
    """See the module."""

    def __init__(self, parts: Parts) -> None:
        self._lane, self._context = parts, parts.context
        self._random = parts.context.random
        self._is_begun = False
        self._is_last_act = False

    def begin(self, over_s: float) -> None:
        """Lets all clients go, the last one in ``over_s`` seconds; who is still registering goes at once."""
        self._is_begun = True
        lane = self._lane
        for connection in list(lane.connections.opening):
            lane.handshake.dismiss(connection)
        clients = list(lane.clients.values())
        self._random.shuffle(clients)
        step_s = over_s / max(1, len(clients))
        for place, client in enumerate(clients):
            after_s = (place + self._random.random()) * step_s
            if after_s and client.session.is_registered:
                self._context.later(after_s, partial(self._dismiss, client))
            else:
                self._dismiss(client)
        self.check()

    def hurry(self) -> None:
        """Lets all who are left go at once, answered or not."""
        self._is_begun = True
        for connection in list(self._lane.connections.opening):
            self._lane.handshake.dismiss(connection)
        for client in list(self._lane.clients.values()):
            self._lane.sessions.depart(client, REASON)
        self.check()

    def _dismiss(self, client: Client) -> None:
        lane = self._lane
        depart = partial(lane.sessions.depart, client, REASON)
        if not lane.link.is_connected:
            depart()
            return
        client.bucket = None  # what it has sent already is not held back any longer
        self._context.later(ANSWER_LIMIT_S, depart)
        # Not from within the fold that logs its last word: the echo is to be written before it leaves its rooms.
        lane.dispatcher.conclude(client, partial(lane.outgoing.when_idle, client, lambda: self._soon(depart)))

    def _soon(self, call: Callable[[], None]) -> None:
        self._context.later(0.0, call)

    def check(self) -> None:
        """Once the last client has left, closes the inbox, so that nobody writes to it unread; then ends the lane."""
        lane = self._lane
        if not self._is_begun or lane.clients or self._is_last_act:
            return
        self._is_last_act = True
        if lane.link.is_connected:
            lane.inbox.close(partial(self._end_when_told, self._context.now + CLOSING_LIMIT_S))
        else:
            self._context.is_stopping = True

    def _end_when_told(self, deadline: float) -> None:
        """Ends the lane when those who wrote to somebody who had left have been told, and all have read their ERROR."""
        lane = self._lane
        is_reading = bool(lane.sessions.closing) and self._context.now < deadline
        if is_reading or (lane.link.is_connected and lane.log_writer.queued):
            self._context.later(LOOK_AGAIN_S, partial(self._end_when_told, deadline))
        else:
            self._context.is_stopping = True
