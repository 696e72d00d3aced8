"""Where the parts of a session put what they have to say: lines for the gateway, events for the person.

Owns the two queues that the transport empties. Pure; whoever holds the session.
"""

from typing import Final

from client.events import Event, Heard, Status
from client.naming import Naming
from client.registration import Registration
from client.room import server_time
from gateway.wire.message import Message

# A gateway that takes nothing while it asks and asks gets no more answers; this connection will not last.
OUTPUT_LIMIT_LINES: Final = 10_000


class Exchange:
    """The present connection's way out, and who we are on it."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.registration = Registration()
        self.is_registered = False
        self.lines: list[str] = []
        self.events: list[Event] = []

    def reset(self) -> None:
        """Begin anew for another connection; lines for the old one are dropped, events are not."""
        self.registration = Registration()
        self.is_registered = False
        self.lines.clear()

    def send(self, message: Message) -> None:
        if len(self.lines) < OUTPUT_LIMIT_LINES:
            self.lines.append(message.line())

    def show(self, message: Message, now: float, *, is_typed_here: bool = False) -> None:
        at = server_time(message)
        self.events.append(Heard(now if at is None else at, message, self.naming.current, is_typed_here))

    def tell(self, text: str, now: float) -> None:
        self.events.append(Status(now, text))
