"""The moments at which the parts of a lane are called.

assembly.py registers the parts, and the order of registration is the order of the calls. So neither the lane nor the
part that brings a moment about knows which parts or features there are. Runs on the lane's thread.
"""

from collections.abc import Callable, Iterable
from typing import ParamSpec

from gateway.lane.clients.client import Client

P = ParamSpec("P")
Call = Callable[[], None]


class Hooks:
    """Lists of what to call, by moment."""

    def __init__(self) -> None:
        self.start: list[Call] = []
        """Before the first turn."""
        self.turn: list[Call] = []
        """Once a turn, after its input was handled and before its events are appended."""
        self.tick: list[Call] = []
        """Every 0.5 s."""
        self.maintain: list[Call] = []
        """Every 5 s."""
        self.check: list[Call] = []
        """Every 30 s."""
        self.hourly: list[Call] = []
        self.link_up: list[Call] = []
        """A new connection to Redis is ready; nothing is subscribed on it yet."""
        self.link_down: list[Call] = []
        self.redis_unavailable: list[Call] = []
        """Nothing gets into a log for now, whether the link is up or not."""
        self.redis_available: list[Call] = []
        self.writes_taken: list[Call] = []
        """Redis takes writes again, after it refused them or lacked replicas."""
        self.data_lost: list[Call] = []
        """Redis has lost the lane's inbox, and perhaps all else that the lane keeps there."""
        self.lease_lost: list[Call] = []
        """Redis did not know the gateway any more: what the lane keeps there may be lost."""
        self.reload: list[Call] = []
        """The settings have changed."""
        self.client_opened: list[Callable[[Client], None]] = []
        """A connection has become a client."""
        self.client_departs: list[Callable[[Client], None]] = []
        """A client is about to leave; it gets nothing more of its rooms."""
        self.client_left: list[Callable[[Client], None]] = []
        """A client has left its rooms and given up its nick, and is no client of the lane any more."""
        self.rekeyed: list[Callable[[str], None]] = []
        """The lane has another id, which is passed, and so has each session."""
        self.rekey_ended: list[Call] = []
        """All sessions have claimed their nicks again under their new ids."""


def call_all(calls: Iterable[Callable[P, None]], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call each in order."""
    for call in calls:
        call(*args, **kwargs)
