"""Whom a lane's clients know, and what of them is news."""

from gateway.chat.effects import Member
from gateway.lane.people import Person


def _ann(revision: int) -> Member:
    return Member("aaaaaa.0.1", "ann", "u", "h", revision=revision)


def test_all_that_one_replica_has_new_of_a_revision_is_news_and_nothing_of_another_s() -> None:
    """A log that is read from its base tells at once that somebody is away and has another name."""
    person = Person(_ann(1), "ann")
    first, second = _ann(3), _ann(3)
    assert person.learns(first, 3)
    assert person.learns(first, 3)
    assert not person.learns(second, 3)
    assert not person.learns(_ann(2), 2)
