"""What a session gives to the screen and the log, in the order in which it is to be shown.

Owns the three kinds of events. `at` is in seconds since the epoch, by the network's clock where it gave one.
Their texts are as they came: gateway.wire.text makes them fit to be read. Pure; any thread.
"""

from dataclasses import dataclass

from gateway.wire.message import Message


@dataclass(frozen=True, slots=True)
class Heard:
    """The network sent something for a person to read; a message comes once, and in its room's order."""

    at: float
    message: Message
    own_nick: str
    is_typed_here: bool = False  # an own message, which by this is known to have arrived


@dataclass(frozen=True, slots=True)
class Status:
    """The client speaks about itself and its connection."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What was typed here has not been delivered, and will not be sent again."""

    at: float
    target: str
    text: str
    reason: str


Event = Heard | Status | Undelivered
