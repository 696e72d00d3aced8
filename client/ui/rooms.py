"""The list of conversations: what is unread in each, and how many of those messages name the person."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from client.buffer import Buffer, BufferKind
from client.ui.listing import Listing
from client.ui.looks import Look
from client.ui.wrapping import padded, tame


class RoomList(Listing[Buffer]):
    """All buffers; the cursor is on the one in focus."""

    DEFAULT_CSS = """
    RoomList { width: 20; padding: 0 0 0 1; }
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look, draw_room, id="rooms")
        self._shown: list[tuple[object, ...]] = []

    def describe(self, buffers: Sequence[Buffer], focused: Buffer) -> None:
        """Show these; nothing is drawn where all look as before, for this comes with every message."""
        shown: list[tuple[object, ...]] = [
            (each, each is focused, each.unread, each.mentions, each.is_joined, each.is_away) for each in buffers
        ]
        if shown != self._shown:
            self._shown = shown
            self.show(buffers, next((index for index, each in enumerate(buffers) if each is focused), -1))


def draw_room(buffer: Buffer, look: Look, width: int) -> Sequence[Segment]:
    """Draw a room's name and its counts, at the right end."""
    count = str(buffer.mentions or buffer.unread or "")
    count = "999+" if len(count) > 3 else count
    badge = f" {count} " if count else ""
    name = padded(room_title(buffer), max(width - cell_len(badge) - 1, 1))
    if buffer.mentions:
        badge_style = Style(color=look.background, bgcolor=look.mention, bold=True)
    else:
        badge_style = Style(color=look.text, bgcolor=look.raised)
    return [Segment(name, _name_style(buffer, look)), Segment(badge, badge_style), Segment(" ")]


def room_title(buffer: Buffer) -> str:
    """Name a buffer as it is listed."""
    name = tame(buffer.name)
    match buffer.kind:
        case BufferKind.PERSON:
            return f"{'○' if buffer.is_away or not buffer.is_joined else '●'} {name}"
        case BufferKind.SERVER:
            return "≡ network"
        case BufferKind.ROOM:
            return name


def _name_style(buffer: Buffer, look: Look) -> Style:
    if buffer.kind is BufferKind.ROOM and not buffer.is_joined:
        return look.style("dim", italic=True)
    return look.style("text", bold=True if buffer.unread or buffer.mentions else None)
