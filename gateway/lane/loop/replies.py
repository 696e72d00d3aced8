"""Waits for Redis: for the reply to a command, and for a connection. Runs on the lane's thread."""

from collections.abc import Callable
from typing import Any

import hiredis

from gateway.broker.port import LOST
from gateway.chat.errors import Unavailable
from gateway.lane.loop.tasks import Wait


def reply_to(wait: Wait[Any]) -> Callable[[Any], None]:
    """Return a callback that hands a reply to a wait; a lost reply or an error ends it with Unavailable."""

    def done(reply: Any) -> None:
        if reply is LOST or isinstance(reply, hiredis.ReplyError):
            wait.fail(Unavailable())
        else:
            wait.fulfil(reply)

    return done


class Waiters:
    """Tasks that wait for the same moment."""

    def __init__(self) -> None:
        self._waits: list[Wait[None]] = []

    async def wait(self) -> None:
        wait: Wait[None] = Wait()
        self._waits.append(wait)
        try:
            await wait
        finally:
            if wait in self._waits:
                self._waits.remove(wait)

    def release(self) -> None:
        """Resume all that wait now."""
        waits, self._waits = self._waits, []
        for wait in waits:
            wait.fulfil(None)
