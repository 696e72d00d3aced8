"""The members of the room in focus: those with a rank first, those who are away dimmed."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style

from client.buffer import Member
from client.ui.listing import Listing
from client.ui.looks import Look
from client.ui.wrapping import padded, tame


class MemberList(Listing[Member]):
    """Who is here; a click opens the conversation with one of them."""

    DEFAULT_CSS = """
    MemberList { width: 18; padding: 0 0 0 1; }
    """

    def __init__(self, look: Look) -> None:
        super().__init__(look, draw_member, id="members")


def draw_member(member: Member, look: Look, width: int) -> Sequence[Segment]:
    """Draw the highest rank, the nick, and whether they are away."""
    nick = padded(tame(member.nick), max(width - 3, 1))
    style = look.style("dim", italic=True) if member.is_away else Style(color=look.nick_colour(member.nick))
    away = Segment("z" if member.is_away else " ", look.style("dim"))
    return [Segment(member.prefix[:1] or " ", look.style("good")), Segment(nick, style), away]
