"""The list of conversations: the unread messages of each, and how many of them mention the user."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from client.buffer import Buffer, BufferKind
from client.ui.listing import Listing
from client.ui.theme import Theme
from client.ui.wrapping import padded, tame


class RoomList(Listing[Buffer]):
    """All buffers; the cursor is on the one in focus."""

    DEFAULT_CSS = """
    RoomList { width: 20; padding: 0 0 0 1; }
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, draw_room, id="rooms")
        self._shown: list[tuple[object, ...]] = []

    def describe(self, buffers: Sequence[Buffer], focused: Buffer) -> None:
        """Show these buffers. It is called for every message, so nothing is drawn if all look the same."""
        shown: list[tuple[object, ...]] = [
            (each, each is focused, each.unread, each.mentions, each.is_joined, each.is_away) for each in buffers
        ]
        if shown != self._shown:
            self._shown = shown
            self.show(buffers, next((index for index, each in enumerate(buffers) if each is focused), -1))


def draw_room(buffer: Buffer, theme: Theme, width: int) -> Sequence[Segment]:
    """Draw a room's name, with its counts at the right end."""
    count = str(buffer.mentions or buffer.unread or "")
    count = "999+" if len(count) > 3 else count
    badge = f" {count} " if count else ""
    name = padded(room_title(buffer), max(width - cell_len(badge) - 1, 1))
    if buffer.mentions:
        badge_style = Style(color=theme.background, bgcolor=theme.mention, bold=True)
    else:
        badge_style = Style(color=theme.text, bgcolor=theme.raised)
    return [Segment(name, _name_style(buffer, theme)), Segment(badge, badge_style), Segment(" ")]


def room_title(buffer: Buffer) -> str:
    """Return the title of a buffer in the list."""
    name = tame(buffer.name)
    match buffer.kind:
        case BufferKind.PERSON:
            return f"{'○' if buffer.is_away or not buffer.is_joined else '●'} {name}"
        case BufferKind.SERVER:
            return "≡ network"
        case BufferKind.ROOM:
            return name


def _name_style(buffer: Buffer, theme: Theme) -> Style:
    if buffer.kind is BufferKind.ROOM and not buffer.is_joined:
        return theme.style("dim", italic=True)
    return theme.style("text", bold=True if buffer.unread or buffer.mentions else None)
