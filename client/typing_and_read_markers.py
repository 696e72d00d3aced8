"""What a client lets others know without being asked: that its person writes, and how far they have read.

Owns how often that may be said: IRCv3 typing allows one notification in 3 s for a target; a read marker (IRCv3
read-marker) is told once in 2 s at most. Knows no clock: `now` comes in. Pure; whoever holds the session.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from client.tags import timestamp
from gateway.wire.casefold import fold
from gateway.wire.message import Message

TYPING_PAUSE_S: Final = 3.0
MARK_PAUSE_S: Final = 2.0


class TypingState(Enum):
    """What a person does with the line they write (IRCv3 typing)."""

    ACTIVE = "active"  # to be noted at each change of the text
    PAUSED = "paused"
    DONE = "done"  # the text is cleared, not sent


@dataclass(slots=True)
class _Typing:
    target: str
    told: TypingState
    told_at: float
    wanted: TypingState | None = None


@dataclass(slots=True)
class _Mark:
    target: str
    at: float = 0.0
    told: float = 0.0
    told_at: float = 0.0


class TypingAndReadMarkers:
    """What is to be told, on whatever connection there is."""

    def __init__(self) -> None:
        self._writing: dict[str, _Typing] = {}
        self._marks: dict[str, _Mark] = {}

    def write(self, target: str, writing: TypingState) -> None:
        """Note what the person does with a line for someone; `due` tells it."""
        known = self._writing.get(fold(target))
        if known is None and writing is TypingState.ACTIVE:
            self._writing[fold(target)] = _Typing(target, TypingState.DONE, -TYPING_PAUSE_S, writing)
        elif known is not None:
            known.wanted = writing

    def said(self, target: str) -> None:
        """Note that the line is sent: that ends the writing, without a notification."""
        if known := self._writing.get(fold(target)):
            known.wanted, known.told = None, TypingState.DONE

    def mark(self, target: str, at: float) -> None:
        """Note that everything up to the message said at `at` was read."""
        known = self._marks.setdefault(fold(target), _Mark(target))
        known.at = max(known.at, at)

    def heard_mark(self, target: str, at: float) -> None:
        """Note how far the network knows that the person has read."""
        if known := self._marks.get(fold(target)):
            known.told = max(known.told, at)

    def due(self, now: float, *, may_write: bool, may_mark: bool) -> list[Message]:
        """Give what may be told now."""
        lines = []
        for writing in list(self._writing.values()):
            if now - writing.told_at < TYPING_PAUSE_S:
                continue
            wanted, writing.wanted = writing.wanted, None
            if wanted is not None and may_write and (wanted is TypingState.ACTIVE or wanted is not writing.told):
                lines.append(Message("TAGMSG", [writing.target], tags={"+typing": wanted.value}))
                writing.told, writing.told_at = wanted, now
            elif writing.told is TypingState.DONE:
                del self._writing[fold(writing.target)]
        for mark in self._marks.values() if may_mark else ():
            if mark.at > mark.told and now - mark.told_at >= MARK_PAUSE_S:
                mark.told, mark.told_at = mark.at, now
                lines.append(Message("MARKREAD", [mark.target, timestamp(mark.at)]))
        return lines

    def lose_connection(self) -> None:
        """Be ready for the next one: what was told may not have arrived."""
        self._writing.clear()
        for mark in self._marks.values():
            mark.told = 0.0
