"""The sent and received messages, and the verdict on them. Pure: knows neither sockets nor the code under test.

A message is (sender, number). A sitting is one user's stay in one room over one connection: from the echo of its
JOIN to the end of the connection. The history is checked as one more sitting, which never ends.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import combinations, pairwise

Key = tuple[str, int]
"""Sender and number."""

FOREVER = float("inf")
HISTORY = "history"


@dataclass(slots=True)
class Said:
    """One message, as its sender knows it. Times are of the checker's own clock."""

    key: Key
    room: str
    at: float
    heard_back_at: float | None = None  # its echo came
    refused: str = ""  # the text of the refusal
    sent_again: bool = False


@dataclass(slots=True)
class Sitting:
    """What one user received in one sitting. ``excused``: own messages that it sent again here, received elsewhere."""

    user: str
    room: str
    since: float
    until: float = FOREVER
    heard: list[tuple[Key, float]] = field(default_factory=list)
    excused: set[Key] = field(default_factory=set)

    @property
    def keys(self) -> list[Key]:
        return [key for key, _ in self.heard]


class What(Enum):
    """The severity of a finding, from the lowest to the highest."""

    OTHER_PLACE = "in the history they stand in another order than they were heard in"
    FORGOTTEN = "they are not in the history"
    LOST = "nobody needs to have heard them"


@dataclass(frozen=True, slots=True)
class Exempt:
    """Messages of a span of time to which, by a documented limit, ``what`` may happen."""

    why: str
    since: float
    until: float
    what: What


@dataclass(slots=True)
class Findings:
    """Each set contains messages. An empty set is good; ``refused`` and ``exempt`` may have members."""

    sent: int = 0
    lost: set[Key] = field(default_factory=set)
    unanswered: set[Key] = field(default_factory=set)  # neither received nor refused, although the sender waits
    twice: set[Key] = field(default_factory=set)
    disorder: set[Key] = field(default_factory=set)
    refused: set[Key] = field(default_factory=set)
    refused_but_said: set[Key] = field(default_factory=set)
    exempt: set[Key] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.unanswered or self.twice or self.disorder or self.refused_but_said)


def judge(
    said: dict[Key, Said],
    sittings: Sequence[Sitting],
    history: dict[str, list[Key]],
    exempt: Sequence[Exempt] = (),
) -> Findings:
    found = Findings(sent=len(said))
    heard = {key for sitting in sittings for key, _ in sitting.heard}
    found.refused = {key for key, message in said.items() if message.refused}
    found.refused_but_said = found.refused & (heard | {key for keys in history.values() for key in keys})
    found.unanswered = {
        key for key, message in said.items() if message.heard_back_at is None and not message.refused
    } - heard
    found.examples += [f"never answered: {key}" for key in sorted(found.unanswered)[:3]]
    archives = [Sitting(HISTORY, room, 0.0, heard=[(key, 0.0) for key in keys]) for room, keys in history.items()]
    _twice(found, [*sittings, *archives])
    for room in sorted({sitting.room for sitting in sittings}):
        here = [sitting for sitting in sittings if sitting.room == room]
        stored = [archive for archive in archives if archive.room == room]
        _lost(found, said, here, stored, exempt)
        moved = [e for e in exempt if e.what is What.OTHER_PLACE]
        movable = {key for key, message in said.items() if any(e.since <= message.at <= e.until for e in moved)}
        _disorder(found, [*here, *stored], movable)
    return found


def _twice(found: Findings, sittings: Iterable[Sitting]) -> None:
    """A user receives a message once, over all of its connections."""
    counts = Counter((sitting.user, key) for sitting in sittings for key, _ in sitting.heard)
    for (user, key), count in counts.items():
        if count > 1:
            found.twice.add(key)
            found.examples.append(f"{user} has {key} {count} times")


def _lost(
    found: Findings, said: dict[Key, Said], sittings: list[Sitting], stored: list[Sitting], exempt: Sequence[Exempt]
) -> None:
    heard = {key for sitting in sittings for key, _ in sitting.heard}
    for sitting in [*sittings, *stored]:
        own = set(sitting.keys)
        missed = heard - own - sitting.excused
        if sitting.until == FOREVER:
            gaps = {key for key in missed if said[key].at > sitting.since}
        else:
            gaps = missed & set().union(*(_between(own, other.keys) for other in [*sittings, *stored]))
        for key in gaps:
            kind = next((e for e in exempt if _covers(e, said[key].at, sitting)), None)
            (found.exempt if kind else found.lost).add(key)
            if not kind:
                found.examples.append(f"{sitting.user} in {sitting.room} lacks {key}")


def _covers(exempt: Exempt, at: float, sitting: Sitting) -> bool:
    whats = {What.FORGOTTEN, What.LOST} if sitting.user == HISTORY else {What.LOST}
    return exempt.since <= at <= exempt.until and exempt.what in whats


def _between(own: set[Key], other: list[Key]) -> set[Key]:
    """The messages that another user received between two messages that both received."""
    common = [place for place, key in enumerate(other) if key in own]
    return set(other[common[0] : common[-1]]) if common else set()


def _disorder(found: Findings, sittings: list[Sitting], movable: set[Key]) -> None:
    """Any two users received their common messages in one order, and those of each sender in the order of sending.

    ``movable``: messages that may have another place in the history.
    """
    for sitting in sittings:
        newest: dict[str, int] = {}
        for (sender, number), _ in sitting.heard:
            if number < newest.get(sender, -1):
                found.disorder.add((sender, number))
                found.examples.append(f"{sitting.user} heard {(sender, number)} after {newest[sender]}")
            newest[sender] = max(number, newest.get(sender, -1))
    orders = [(sitting, _first_places(sitting.keys)) for sitting in sittings]
    for (one, _), (other, places) in combinations(orders, 2):
        for key, before in _descents(one.keys, places):
            if HISTORY in (one.user, other.user) and key in movable and before in movable:
                found.exempt.add(key)
                continue
            found.disorder.add(key)
            found.examples.append(f"{one.user} and {other.user} differ: {before} {key}")


def _first_places(keys: list[Key]) -> dict[Key, int]:
    return {key: place for place, key in reversed(list(enumerate(keys)))}


def _descents(keys: list[Key], places: dict[Key, int]) -> Iterator[tuple[Key, Key]]:
    last, last_key = -1, None
    for key in keys:
        place = places.get(key, -1)
        if place < 0:
            continue
        if place < last and last_key is not None:
            yield key, last_key
        last, last_key = place, key


def longest_silence(sittings: Sequence[Sitting], since: float, until: float) -> float:
    """The longest time, in seconds, in which any user received nothing while all sent. Reconnecting counts."""
    times: dict[str, list[float]] = {}
    came: dict[str, float] = {}
    for sitting in sittings:
        times.setdefault(sitting.user, []).extend(at for _, at in sitting.heard)
        came.setdefault(sitting.user, sitting.since)
    longest = 0.0
    for user, heard in times.items():
        marks = [max(since, came[user]), *sorted(at for at in heard if since < at < until), until]
        longest = max(longest, *(later - earlier for earlier, later in pairwise(marks)))
    return longest
