"""Batches that are being received (IRCv3 batch).

A message of several lines comes out as one message, a page of history as one HistoryBatch. The lines of any other batch
come out one by one, with the label of their batch. Pure; under the session's lock.
"""

from dataclasses import dataclass, field
from typing import Final

from client.composing import join
from gateway.wire.message import Message

_OPEN_LIMIT: Final = 100  # batches that the server opens and does not close; the oldest is dropped
_LINES_LIMIT: Final = 20_000
_MULTILINE: Final = "draft/multiline"
_FEWEST_PARAMS: Final = {"PRIVMSG": 2, "NOTICE": 2, "REDACT": 2, "TAGMSG": 1}
_END: Final = "draft/chathistory-end"
_PAGES: Final = ("chathistory", "draft/chathistory-targets")


@dataclass(slots=True)
class HistoryBatch:
    """A page of history; `label` is that of its request (IRCv3 labeled-response)."""

    kind: str
    target: str
    label: str
    lines: list[Message] = field(default_factory=list)
    is_marked_as_end: bool = False

    def is_last(self, limit: int) -> bool:
        """Tell whether this is the last page in its direction; `limit` messages were requested."""
        return self.is_marked_as_end or len(self.lines) < limit


@dataclass(slots=True)
class _Batch:
    opening: Message
    label: str
    lines: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.opening.params[1] if len(self.opening.params) > 1 else ""

    @property
    def target(self) -> str:
        return self.opening.params[2] if len(self.opening.params) > 2 else ""


class Batches:
    """The batches of one connection."""

    def __init__(self) -> None:
        self._open: dict[str, _Batch] = {}

    def take(self, message: Message) -> Message | HistoryBatch | None:
        """Handle a line; return what is complete now, None while its batch is open."""
        batch = self._open.get(message.tags.get("batch", ""))
        if message.verb == "BATCH" and message.params:
            return self._take_edge(message, batch)
        if batch is None:
            return message
        if batch.kind in (_MULTILINE, *_PAGES):
            if len(batch.lines) < _LINES_LIMIT and len(message.params) >= _FEWEST_PARAMS.get(message.verb, 0):
                batch.lines.append(message)
            return None
        if batch.label:
            message.tags.setdefault("label", batch.label)
        return message

    def _take_edge(self, message: Message, parent: _Batch | None) -> Message | HistoryBatch | None:
        sign, reference = message.params[0][:1], message.params[0][1:]
        if sign == "+":
            label = message.tags.get("label") or (parent.label if parent else "")
            self._open[reference] = _Batch(message, label)
            if len(self._open) > _OPEN_LIMIT:
                del self._open[next(iter(self._open))]
            return None
        batch = self._open.pop(reference, None)
        if batch is not None and batch.kind in _PAGES:
            return HistoryBatch(batch.kind, batch.target, batch.label, batch.lines, _END in batch.opening.tags)
        if batch is not None and batch.kind == _MULTILINE:
            whole = _whole(batch)
            return self.take(whole) if whole else None
        return None


def _whole(batch: _Batch) -> Message | None:
    """Return the message that a multiline batch is. Its tags are those of the opening line."""
    lines = [line for line in batch.lines if line.verb in ("PRIVMSG", "NOTICE")]
    if not lines:
        return None
    source = batch.opening.source or lines[0].source
    return Message(lines[0].verb, [batch.target, join(lines)], source, dict(batch.opening.tags))
