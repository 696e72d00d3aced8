"""The single rows around a conversation: its topic, the rule with who is typing, and the status line.

#lobby  What it is about                                                   12 here
── bob is typing ───────────────────────────────────────────────── ↓ 3 new · End ──
● alice on localhost:7001 · 12 ms                             ^P go to · F1 help
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from client.buffer import Buffer, BufferKind
from client.buffers import ConnectionStatus
from client.events import ConnectionState
from client.ui.theme import Theme
from client.ui.wrapping import crop, tame

HINT: Final = "^P go to · ^F search · F1 help"
_TYPING_NAMES: Final = 2  # nicks that are named; more are counted


class Bar(Widget):
    """A row with segments at its left end and at its right end."""

    YIELDS: ClassVar = False  # the right end is left out if both do not fit
    DEFAULT_CSS = """
    Bar { height: 1; }
    """

    def __init__(self, theme: Theme, *, id: str) -> None:
        super().__init__(id=id)
        self.theme = theme
        self._left: Sequence[Segment] = ()
        self._right: Sequence[Segment] = ()

    def show(self, left: Sequence[Segment], right: Sequence[Segment] = ()) -> None:
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def filling(self) -> Segment:
        """Return the segment between the ends; its text is repeated."""
        return Segment(" ")

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = Strip(self._right)
        room = max(width - right.cell_length, 0)
        left = Strip(self._left)
        if self.YIELDS and left.cell_length > room:
            right, room = Strip([]), width
        if left.cell_length > room:
            left = left.crop(0, max(room - 1, 0))
        text, style, _ = self.filling()
        between = Segment(text * max(room - left.cell_length, 0), style)
        return Strip.join([left, Strip([between]), right]).crop(0, width).apply_style(self.rich_style)


class TopicBar(Bar):
    """The name of the conversation, its topic, and the number of members."""

    DEFAULT_CSS = """
    TopicBar { background: $panel; }
    """

    def describe(self, buffer: Buffer, *, is_connected: bool) -> None:
        theme = self.theme
        left = [Segment(f" {tame(buffer.name) or 'network'}", theme.style("accent", bold=True)), Segment("  ")]
        left.append(
            Segment(tame(self._topic(buffer, is_connected=is_connected)).replace("\n", " "), theme.style("dim"))
        )
        right = []
        if buffer.kind is BufferKind.ROOM and buffer.members:
            right = [Segment(f" {len(buffer.members):,} here ", theme.style("dim"))]
        self.show(left, right)

    @staticmethod
    def _topic(buffer: Buffer, *, is_connected: bool) -> str:
        match buffer.kind:
            case BufferKind.ROOM:
                return buffer.topic if buffer.is_joined or not is_connected else f"(not joined) {buffer.topic}"
            case BufferKind.PERSON:
                return "away" if buffer.is_away else ""
            case BufferKind.SERVER:
                return "what the network and this program say"


class Rule(Bar):
    """The rule above the prompt: who is typing, and what Enter will do."""

    def filling(self) -> Segment:
        return Segment("─", self.theme.style("line"))

    def describe(self, typing: Sequence[str], mode: str, news: str) -> None:
        """`mode` is what Enter will do, "" for sending a message."""
        theme = self.theme
        words = (mode, theme.style("accent")) if mode else (typing_words(typing), theme.style("dim", italic=True))
        edge = self.filling()
        left = [edge, edge, Segment(f" {words[0]} ", words[1])] if words[0] else [edge, edge]
        right = [Segment(f" {news} ", theme.style("accent", bold=True)), edge, edge] if news else [edge]
        self.show(left, right)


def typing_words(nicks: Sequence[str]) -> str:
    """Describe who is typing."""
    names = [crop(tame(nick), 16) for nick in nicks]
    if len(names) > _TYPING_NAMES:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more are typing …"
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} typing …" if names else ""


class StatusBar(Bar):
    """The user's nick, the gateway, the latency, and the number of unsent messages."""

    YIELDS = True
    DEFAULT_CSS = """
    StatusBar { background: $panel; }
    """

    def describe(self, connection: ConnectionStatus, own_nick: str, waiting: int, now: float) -> None:
        theme = self.theme
        dim = theme.style("dim")
        dot, words, style = self._link(connection, now)
        left = [
            Segment(f" {dot} ", style),
            Segment(tame(own_nick), Style(color=theme.nick_colour(own_nick), bold=True)),
        ]
        left += [Segment(f" {words}", dim if connection.state is ConnectionState.CONNECTED else style)]
        if waiting:
            left.append(Segment(f" · {waiting} waiting", theme.style("mention", bold=True)))
        right = f"{HINT} " if self.size.width >= 72 else "F1 help "
        self.show(left, [Segment(right, dim)])

    def _link(self, connection: ConnectionStatus, now: float) -> tuple[str, str, Style]:
        address = tame(connection.address)
        match connection.state:
            case ConnectionState.CONNECTED:
                latency = f" · {_milliseconds(connection.latency_s)}" if connection.latency_s is not None else ""
                return "●", f"on {address}{latency}", self.theme.style("good")
            case ConnectionState.CONNECTING:
                return "◌", f"connecting to {address} …" if address else "connecting …", self.theme.style("mention")
            case ConnectionState.WAITING:
                left_s = max(round((connection.next_try_at or now) - now), 0)
                return "○", f"no connection · trying again in {left_s} s", self.theme.style("bad")


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "<1 ms"
