"""Search in a conversation: first what is loaded, then the whole history of the network."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.timer import Timer

from client.buffer import Entry
from client.entry_factory import EntryFactory
from client.events import SearchResults
from client.ui.finder import Finder
from client.ui.theme import Theme
from client.ui.wrapping import crop, tame

PAUSE_S: Final = 0.4  # after the last key, before the network is searched
SHORTEST: Final = 2
FOUND_LIMIT: Final = 500


class Search(Finder[Entry]):
    """The messages that contain a text, newest first."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        wanted: str,
        find: Callable[[str], Sequence[Entry]],
        ask: Callable[[str], str],
        cancel: Callable[[str], None],
    ) -> None:
        """`find` searches loaded entries, `ask` the network; it returns an id for `cancel`."""
        super().__init__(theme, f"Search in {tame(title)}", "What was said", wanted, self._draw)
        self._find = find
        self._ask = ask
        self._cancel = cancel
        self._lines: dict[str, Entry] = {}  # by msgid
        self._factory = EntryFactory("", ())
        self._asked = ""
        self._pause: Timer | None = None

    def look_for(self, text: str) -> None:
        self._stop()
        self._wanted = text.strip()
        self._lines = {}
        if len(self._wanted) < SHORTEST:
            self.show([], "Enter goes to the message")
            return
        self._lines = {entry.msgid: entry for entry in self._find(self._wanted)[:FOUND_LIMIT] if entry.msgid}
        self.show(self._newest_first(), "searching what was said before …")
        self._pause = self.set_timer(PAUSE_S, self._ask_network)

    def _ask_network(self) -> None:
        self._asked = self._ask(self._wanted)

    def take(self, found: SearchResults) -> None:
        """Add the results of the network so far."""
        if found.search_id != self._asked:
            return
        for message in found.messages:
            entry = self._factory.of_history(message, "", found.at)
            if entry is not None and entry.msgid:
                self._lines.setdefault(entry.msgid, entry)
        has_enough = found.is_over or len(self._lines) >= FOUND_LIMIT
        self.show(self._newest_first(), self._progress(found, is_over=has_enough))
        if has_enough:
            self._stop()

    def drop(self, msgid: str) -> None:
        """Remove a message that was deleted."""
        if self._lines.pop(msgid, None) is not None:
            self.show(self._newest_first())

    def _progress(self, found: SearchResults, *, is_over: bool) -> str:
        if found.problem:
            return f"only what is loaded was searched: {found.problem}"
        if is_over:
            return f"{len(self._lines):,} found in {found.scanned:,} messages"
        since = f", back to {datetime.fromtimestamp(found.oldest_at):%Y-%m-%d}" if found.oldest_at else ""
        return f"searching: {found.scanned:,} messages{since} …"

    def _newest_first(self) -> list[Entry]:
        return sorted(self._lines.values(), key=lambda entry: -entry.at)

    def _stop(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        if self._asked:
            self._cancel(self._asked)
        self._asked = ""

    def on_unmount(self) -> None:
        self._stop()

    def _draw(self, entry: Entry, theme: Theme, width: int) -> Sequence[Segment]:
        """Draw a message so that the text that was searched is in view."""
        when = f" {datetime.fromtimestamp(entry.at):%Y-%m-%d %H:%M} "
        nick = crop(tame(entry.nick), 12)
        text = tame(entry.text).replace("\n", " ")
        room = max(width - cell_len(when) - cell_len(nick) - 3, 8)
        place = max(text.casefold().find(self._wanted.casefold()), 0)
        if place + len(self._wanted) > room:
            text = "…" + text[place - room // 3 :]
            place = room // 3 + 1
        end = place + len(self._wanted)
        text = crop(text, room)
        return [
            Segment(when, theme.style("dim")),
            Segment(nick, Style(color=theme.nick_colour(entry.nick), bold=True)),
            Segment("  " + text[:place], theme.style("text")),
            Segment(text[place:end], theme.style("mention", bold=True)),
            Segment(text[end:], theme.style("text")),
        ]
