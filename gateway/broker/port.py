"""The port through which a lane uses Redis. Every command names a key, and the key decides which server gets it.

Callers do not know how many servers there are, and hold no connection. The owner of the port (the lane) connects it,
flushes it once a turn, and is notified when a connection comes and goes. It is used on the lane's thread only, and
never blocks.

Guarantees, for the keys of one slot (the text in braces of a key's name, see keys.py):

- Commands run in the order in which they are called.
- ``done`` is called exactly once: with the reply, with a :class:`hiredis.ReplyError`, or with :data:`LOST` when the
  connection ended before the reply came. A lost command may have run. Nothing is sent a second time by the port.
- A reply comes after all messages that were published before its command ran.
- A subscription lasts until :meth:`RedisPort.unsubscribe`. Messages come in order, each at most once. Messages
  published while the connection is away are lost. After every confirmation, the first one and those of later
  connections, ``on_subscribed`` is called: all later messages arrive.

Across slots nothing is promised.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import hiredis

from gateway.broker.scripts import Script

SERVER_ERRORS = ("OOM", "MISCONF", "NOREPLICAS", "BUSY")
"""Errors that a command meets whatever its key is, and that pass: nothing was done, and it may be done later."""

Reply = Any
Done = Callable[[Reply], None]
OnMessage = Callable[[bytes], None]
OnSubscribed = Callable[[], None]


class Lost:
    """The reply that never came; the command may have run."""

    def __repr__(self) -> str:
        return "LOST"


LOST = Lost()


class RedisPort(Protocol):
    """Redis as one lane uses it, whether it is one server or a cluster."""

    def is_up(self, key: str) -> bool:
        """Whether the server of ``key`` is connected. If not, commands about it are answered with LOST at once."""

    def call(self, key: str, done: Done, verb: str, *args: str | bytes | int) -> None:
        """Queue the command ``verb key args...``."""

    def run(self, script: Script, done: Done, keys: Sequence[str], *args: str | bytes | int) -> None:
        """Queue a script. All its keys are in one slot."""

    def publish(self, channel: str, payload: str | bytes | int) -> None:
        """Publish a message. It arrives at every subscriber that is connected, or at none."""

    def subscribe(self, channel: str, on_message: OnMessage, on_subscribed: OnSubscribed) -> None:
        """Call ``on_message`` with each payload that is published on a channel.

        A channel has one subscriber: a second call replaces it.
        """

    def unsubscribe(self, channel: str) -> None:
        """End a subscription. Its callables are not called any more."""

    def wait_replicas(self, key: str, done: Done, count: int, timeout_ms: int) -> None:
        """Reply with how many replicas have all that was called for the server of ``key`` (WAIT)."""

    def reconnect(self, key: str, why: str) -> None:
        """Give up the connection to the server of ``key``, because an answer shows that it cannot be used."""


def concerns_one_key(error: Reply) -> bool:
    """Whether an error is about the key of its command, and not about the server."""
    return isinstance(error, hiredis.ReplyError) and not str(error).startswith(SERVER_ERRORS)


def ignore(_reply: Reply) -> None:
    """For commands whose reply is not needed."""
