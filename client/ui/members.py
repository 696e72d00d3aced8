"""The members of the room in focus: the highest rank first, those who are away dimmed."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style

from client.buffer import Member
from client.ui.listing import Listing
from client.ui.theme import Theme
from client.ui.wrapping import padded, tame


class MemberList(Listing[Member]):
    """The list of members; a click opens a conversation with one."""

    DEFAULT_CSS = """
    MemberList { width: 18; padding: 0 0 0 1; }
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, draw_member, id="members")


def draw_member(member: Member, theme: Theme, width: int) -> Sequence[Segment]:
    """Draw the highest rank, the nick, and a mark for away."""
    nick = padded(tame(member.nick), max(width - 3, 1))
    style = theme.style("dim", italic=True) if member.is_away else Style(color=theme.nick_colour(member.nick))
    away = Segment("z" if member.is_away else " ", theme.style("dim"))
    return [Segment(member.prefix[:1] or " ", theme.style("good")), Segment(nick, style), away]
