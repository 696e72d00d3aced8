"""Arbitrary bytes read as a row of choices, so that one target serves every engine that makes bytes."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Takes bytes from the front; behind the end everything is 0 and empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, `limit` being at most 256."""
        return self.take(1)[0] % limit if self else 0

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def chunk(self) -> bytes:
        """Some bytes, as many as a first one says; 255 stands for many."""
        length = self.below(256)
        return self.take(length if length < 255 else 20_000)

    def text(self) -> str:
        return self.chunk().decode("utf-8", "replace")

    def rest(self) -> bytes:
        return self.take(len(self._data))
