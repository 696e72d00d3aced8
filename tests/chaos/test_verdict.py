"""The verdict detects each planted fault: the test of the test."""

from typing import Any

from tests.chaos.report import BEGIN, END, section, written
from tests.chaos.stage import Row
from tests.chaos.verdict import Exempt, Findings, Key, Said, Sitting, What, judge, longest_silence

ROOM = "#r"
ALL: list[Key] = [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]


def sat(user: str, keys: list[Key], since: float = 0.0, **more: Any) -> Sitting:
    return Sitting(user, ROOM, since, heard=[(key, 10.0 + place) for place, key in enumerate(keys)], **more)


def judged(
    *sittings: Sitting, history: list[Key] = ALL, refused: str = "", exempt: tuple[Exempt, ...] = ()
) -> Findings:
    """Messages that were sent one second after the other, and whose echoes came."""
    said = {key: Said(key, ROOM, 1.0 + place, 5.0) for place, key in enumerate(ALL)}
    if refused:
        said["c", 0] = Said(("c", 0), ROOM, 9.0, refused=refused)
    return judge(said, sittings, {ROOM: history}, exempt)


def test_what_all_heard_is_clean() -> None:
    assert judged(sat("x", ALL), sat("y", ALL)).is_clean


def test_a_loss_is_found() -> None:
    found = judged(sat("x", ALL), sat("y", [key for key in ALL if key != ("b", 1)]))
    assert found.lost == {("b", 1)}


def test_what_is_not_in_the_history_is_lost_unless_that_is_exempt() -> None:
    assert judged(sat("x", ALL), history=ALL[1:]).lost == {ALL[0]}
    found = judged(sat("x", ALL), history=ALL[1:], exempt=(Exempt("wiped", 0, 2, What.FORGOTTEN),))
    assert found.is_clean
    assert found.exempt == {ALL[0]}
    assert judged(sat("x", ALL), sat("y", ALL[1:]), exempt=(Exempt("wiped", 0, 2, What.FORGOTTEN),)).lost == {ALL[0]}
    assert judged(sat("x", ALL), sat("y", ALL[1:]), exempt=(Exempt("gone", 0, 2, What.LOST),)).is_clean


def test_who_came_later_or_left_lacks_nothing() -> None:
    assert judged(sat("x", ALL), sat("late", ALL[2:], since=2.5), sat("left", ALL[:2], until=3.0)).is_clean


def test_a_gap_before_the_connection_ended_is_a_loss() -> None:
    assert judged(sat("x", ALL), sat("left", [ALL[0], ALL[2]], until=3.0)).lost == {ALL[1]}


def test_a_doubling_is_found_also_over_two_connections() -> None:
    assert judged(sat("x", [*ALL, ALL[4]])).twice == {ALL[4]}
    assert ALL[2] in judged(sat("x", ALL), sat("y", ALL[:3], until=4), sat("y", ALL[2:], since=4.0)).twice
    assert judged(sat("x", ALL), history=[*ALL, ALL[4]]).twice == {ALL[4]}


def test_a_disorder_is_found() -> None:
    swapped = [ALL[1], ALL[0], *ALL[2:]]
    assert judged(sat("x", ALL), sat("y", swapped)).disorder
    assert judged(sat("x", swapped), sat("y", swapped)).disorder, "the history has another order"
    backwards = [ALL[2], ALL[1], ALL[0], *ALL[3:]]
    assert ("a", 0) in judged(sat("x", backwards), history=backwards).disorder, "a sender's own order"


def test_another_place_in_the_history_alone_may_be_exempt() -> None:
    swapped = [ALL[1], ALL[0], *ALL[2:]]
    limit = Exempt("put back", 0, 9, What.OTHER_PLACE)
    assert judged(sat("x", ALL), history=swapped).disorder
    assert judged(sat("x", ALL), history=swapped, exempt=(limit,)).is_clean
    assert judged(sat("x", ALL), sat("y", swapped), exempt=(limit,)).disorder
    assert judged(sat("x", ALL), history=ALL[1:], exempt=(limit,)).lost == {ALL[0]}


def test_what_was_never_answered_and_what_was_refused_are_told_apart() -> None:
    said = {ALL[0]: Said(ALL[0], ROOM, 1.0)}
    assert judge(said, [sat("x", [])], {ROOM: []}).unanswered == {ALL[0]}
    found = judged(sat("x", ALL), refused="FAIL PRIVMSG")
    assert (found.is_clean, found.refused) == (True, {("c", 0)})


def test_refused_but_heard_is_found() -> None:
    assert judged(sat("x", [*ALL, ("c", 0)]), history=[*ALL, ("c", 0)], refused="FAIL").refused_but_said == {("c", 0)}


def test_the_longest_silence_counts_the_time_away() -> None:
    first, second = sat("x", ALL[:1], until=10.5), sat("x", [], since=16.0)
    second.heard = [(ALL[1], 17.0)]
    assert longest_silence([first, second], 9.0, 18.0) == 7.0


def test_the_table_stands_between_its_comments() -> None:
    text = section([Row("a fault", "Valkey 9", sent=7, silence_s=0.24)], "make chaos")
    document = written(f"head\n{BEGIN}\nold\n{END}\ntail\n", text)
    assert "| a fault | Valkey 9 | 7 | 0 | 0 | 0 | 0 | 0.2 |  |" in document
    assert "old" not in document
    assert document.startswith("head\n")
    assert document.endswith("\ntail\n")
