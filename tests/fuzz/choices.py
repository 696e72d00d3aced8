"""Arbitrary bytes, read as a sequence of choices. So one target serves every engine that generates bytes."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """A reader of bytes from the front. After the end, every number is 0 and every text is empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def below(self, limit: int) -> int:
        """Return a number from 0 to `limit` - 1. `limit` is at most 256."""
        return self.take(1)[0] % limit if self else 0

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def chunk(self) -> bytes:
        """Return some bytes. The first byte gives their number, 255 means many."""
        length = self.below(256)
        return self.take(length if length < 255 else 20_000)

    def text(self) -> str:
        return self.chunk().decode("utf-8", "replace")

    def rest(self) -> bytes:
        return self.take(len(self._data))
