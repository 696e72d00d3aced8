"""Consecutive joins, parts and renames of other members as one entry: "alice, bob joined; carol left".

Owns the text: what became of each person between the first change and the last. Pure; on the thread of the interface.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source
from gateway.wire.text import strip_controls

NAMES_LIMIT: Final = 6  # nicks in one group; the others are counted


class Movement(Enum):
    JOINED = "joined"
    LEFT = "left"
    RENAMED = "renamed"


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """One change of one member; `new_nick` if they are RENAMED."""

    movement: Movement
    nick: str
    new_nick: str = ""


@dataclass(slots=True)
class _Person:
    old_nick: str
    was_here: bool
    nick: str
    is_here: bool


@dataclass(slots=True)
class _People:
    """The people of one entry, in the order of their first change."""

    found: list[_Person] = field(default_factory=list)
    by_nick: dict[str, _Person] = field(default_factory=dict)  # by their present folded nick

    def take(self, change: MembershipChange) -> None:
        person = self.by_nick.get(casefold(change.nick))
        if person is None:
            person = _Person(change.nick, change.movement is not Movement.JOINED, change.nick, is_here=True)
            self.found.append(person)
        self.by_nick.pop(casefold(change.nick), None)
        person.nick = change.new_nick or change.nick
        person.is_here = change.movement is not Movement.LEFT
        self.by_nick[casefold(person.nick)] = person


def change_of(message: Message) -> MembershipChange | None:
    """Return the change that a JOIN, PART, QUIT or NICK is; None for any other line."""
    nick = strip_controls(split_source(message.source or "")[0])
    match message.verb:
        case "JOIN":
            return MembershipChange(Movement.JOINED, nick)
        case "PART" | "QUIT":
            return MembershipChange(Movement.LEFT, nick)
        case "NICK":
            return MembershipChange(Movement.RENAMED, nick, strip_controls(message.params[0]))
    return None


def summarise(changes: Iterable[MembershipChange]) -> str:
    """Describe what became of each person, grouped by outcome."""
    people = _People()
    for change in changes:
        people.take(change)
    groups: dict[str, list[str]] = {}
    for person in people.found:
        groups.setdefault(_outcome(person), []).append(person.nick)
    parts = [_part(groups[outcome], outcome) for outcome in _OUTCOMES if outcome in groups]
    renames = [
        f"{person.old_nick} is now {person.nick}"
        for person in people.found
        if person.was_here and person.is_here and person.nick != person.old_nick
    ]
    if len(renames) > NAMES_LIMIT:
        renames = [*renames[:NAMES_LIMIT], f"{len(renames) - NAMES_LIMIT} more changed their names"]
    return "; ".join([*parts, *renames]) or "nobody came or left"


_OUTCOMES: Final = ("joined", "left", "joined and left", "left and came back")


def _outcome(person: _Person) -> str:
    match person.was_here, person.is_here:
        case False, True:
            return "joined"
        case True, False:
            return "left"
        case False, False:
            return "joined and left"
    return "left and came back" if person.nick == person.old_nick else ""


def _part(nicks: list[str], outcome: str) -> str:
    named = ", ".join(nicks[:NAMES_LIMIT])
    more = f" and {len(nicks) - NAMES_LIMIT} more" if len(nicks) > NAMES_LIMIT else ""
    return f"{named}{more} {outcome}"
