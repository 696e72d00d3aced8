"""Typing notifications (IRCv3 typing) and read markers (IRCv3 read-marker) of the user.

Owns how often they are sent: one typing notification in 3 s for each target, one read marker in 2 s. Knows no clock:
`now` comes in. Pure; under the session's lock.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from client.tags import timestamp
from gateway.wire.casefold import casefold
from gateway.wire.message import Message

TYPING_PAUSE_S: Final = 3.0
MARK_PAUSE_S: Final = 2.0


class TypingState(Enum):
    """The state of what the user types (IRCv3 typing)."""

    ACTIVE = "active"  # at each change of the text
    PAUSED = "paused"
    DONE = "done"  # the text is cleared, not sent


@dataclass(slots=True)
class _Typing:
    target: str
    sent: TypingState
    sent_at: float
    wanted: TypingState | None = None


@dataclass(slots=True)
class _Mark:
    target: str
    at: float = 0.0
    sent: float = 0.0
    sent_at: float = 0.0


class TypingAndReadMarkers:
    """The notifications that are due, for all conversations."""

    def __init__(self) -> None:
        self._typing: dict[str, _Typing] = {}
        self._marks: dict[str, _Mark] = {}

    def set_typing(self, target: str, state: TypingState) -> None:
        """Note the state of typing for a target; `due` sends it."""
        known = self._typing.get(casefold(target))
        if known is None and state is TypingState.ACTIVE:
            self._typing[casefold(target)] = _Typing(target, TypingState.DONE, -TYPING_PAUSE_S, state)
        elif known is not None:
            known.wanted = state

    def message_sent(self, target: str) -> None:
        """Note that the message is sent: that ends typing without a notification."""
        if known := self._typing.get(casefold(target)):
            known.wanted, known.sent = None, TypingState.DONE

    def mark_read(self, target: str, at: float) -> None:
        """Note that everything up to `at` was read."""
        known = self._marks.setdefault(casefold(target), _Mark(target))
        known.at = max(known.at, at)

    def marker_received(self, target: str, at: float) -> None:
        """Note the read marker that the network has."""
        if known := self._marks.get(casefold(target)):
            known.sent = max(known.sent, at)

    def due(self, now: float, *, may_type: bool, may_mark: bool) -> list[Message]:
        """Return the lines that are due now."""
        lines = []
        for typing in list(self._typing.values()):
            if now - typing.sent_at < TYPING_PAUSE_S:
                continue
            wanted, typing.wanted = typing.wanted, None
            if wanted is not None and may_type and (wanted is TypingState.ACTIVE or wanted is not typing.sent):
                lines.append(Message("TAGMSG", [typing.target], tags={"+typing": wanted.value}))
                typing.sent, typing.sent_at = wanted, now
            elif typing.sent is TypingState.DONE:
                del self._typing[casefold(typing.target)]
        for mark in self._marks.values() if may_mark else ():
            if mark.at > mark.sent and now - mark.sent_at >= MARK_PAUSE_S:
                mark.sent, mark.sent_at = mark.at, now
                lines.append(Message("MARKREAD", [mark.target, timestamp(mark.at)]))
        return lines

    def lose_connection(self) -> None:
        """Prepare for the next connection: what was sent may not have arrived."""
        self._typing.clear()
        for mark in self._marks.values():
            mark.sent = 0.0
