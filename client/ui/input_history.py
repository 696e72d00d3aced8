"""The texts that were entered before, for the up and down keys.

Owns the entries and the position among them. Pure; on the thread of the interface.
"""

from collections import deque
from typing import Final

ENTRIES_LIMIT: Final = 500


class InputHistory:
    """The texts that were sent, and the draft, which stays while the user goes back."""

    def __init__(self) -> None:
        self._entries: deque[str] = deque(maxlen=ENTRIES_LIMIT)
        self._back = 0  # how far back; 0: the draft
        self._draft = ""

    def add(self, text: str) -> None:
        if not self._entries or self._entries[-1] != text:
            self._entries.append(text)
        self._back = 0

    def step(self, back: int, current: str) -> str | None:
        """Go back (1) or forth (-1) from `current`; None at either end."""
        if self._back == 0:
            self._draft = current
        if not 0 <= self._back + back <= len(self._entries):
            return None
        self._back += back
        return self._entries[-self._back] if self._back else self._draft
