"""Room modes: their table, and the reading and writing of mode strings (user modes: gateway.chat.user_modes).

Owns the grammar of MODE (Modern IRC documentation, "MODE message"; ISUPPORT CHANMODES and PREFIX). Knows
neither rooms nor permissions. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gateway.chat.member import OP, VOICE
from gateway.wire.framing import LINE_LIMIT_BYTES

LISTS = "beI"
"""Type A: bans, exceptions, invitation exceptions. Without a mask it requests the list."""
KEY = "k"
"""Type B: a parameter in both directions."""
LIMIT = "l"
"""Type C: a parameter when set."""
FLAGS = "imnst"
"""Type D: invite only, moderated, no messages from outside, secret, topic by operators."""
RANKS = {"o": OP, "v": VOICE}
"""The ranks of a member, by the letter of PREFIX."""


class Change(NamedTuple):
    """One letter of a mode string. `param` is None if the letter has none or it is missing.

    `sid` is set in an effect: the member whose rank changes. When it is shown, the nick may be another member's.
    """

    adding: bool
    letter: str
    param: str | None
    sid: str = ""


def parse(modes: str, params: Sequence[str]) -> list[Change]:
    """Parse "+ov-b" and its parameters to changes. Unknown letters are included, without a parameter."""
    changes = []
    adding = True
    left = iter(params)
    for letter in modes:
        if letter in "+-":
            adding = letter == "+"
        else:
            changes.append(Change(adding, letter, next(left, None) if takes_param(letter, adding) else None))
    return changes


def takes_param(letter: str, adding: bool) -> bool:
    return letter in LISTS or letter in RANKS or letter == KEY or (letter == LIMIT and adding)


def render(changes: Iterable[Change]) -> str:
    """Return the shortest mode string of these changes, with the parameters after it: "+ov-b a b mask"."""
    letters = []
    params = []
    sign: bool | None = None
    for adding, letter, param, _ in changes:
        if adding is not sign:
            sign = adding
            letters.append("+" if adding else "-")
        letters.append(letter)
        if param is not None:
            params.append(param)
    return " ".join(["".join(letters), *params])


def reranked(before: int, after: int, nick: str, sid: str) -> list[Change]:
    """Return the changes that lead from one set of a member's ranks (OP, VOICE) to another."""
    return [Change(bool(after & bit), letter, nick, sid) for letter, bit in RANKS.items() if (before ^ after) & bit]


def lines(head: str, changes: Iterable[Change]) -> Iterator[str]:
    """Return lines of `head` (":source MODE #room") and as many of the changes as fit into 512 bytes each."""
    fitting: list[Change] = []
    for change in changes:
        longer = f"{head} {render([*fitting, change])}\r\n"
        if fitting and len(longer.encode()) > LINE_LIMIT_BYTES:
            yield f"{head} {render(fitting)}"
            fitting.clear()
        fitting.append(change)
    if fitting:
        yield f"{head} {render(fitting)}"
