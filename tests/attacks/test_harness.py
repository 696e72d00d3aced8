"""The harness on a real gateway for a moment, and the table that it writes."""

import pytest

from tests.attacks.__main__ import load
from tests.attacks.innocents import USERS, Felt
from tests.attacks.report import HEAD, MARKS, Row, updated
from tests.attacks.stage import ATTACKS, Attack, Stage


def row(name: str, *, pings: tuple[float, ...] = (0.001,), turn_s: float = 0.01, cut: int = 0) -> Row:
    return Row(name, "does harm", Felt([*pings], [0.002], cut), turn_s)


def test_every_attack_of_the_package_registers_itself() -> None:
    load()
    assert "ban_masks" in ATTACKS


def test_innocent_users_and_the_lane_s_turns_are_measured_while_an_attacker_is_read() -> None:
    with Stage() as stage:
        eve = stage.attacker("eve", "#innocents")
        stage.begin()
        stage.flood([eve], lambda _, count: f"PRIVMSG #innocents :{count}", 1.5)
        measured = stage.row(Attack("chatter", "chatters", lambda _: None))
    assert len(measured.felt.pings) >= USERS
    assert len(measured.felt.messages) >= USERS * (USERS - 1)
    assert not measured.felt.cut
    assert 0 < measured.longest_turn_s < 60


@pytest.mark.parametrize(
    "bad", [row("a", pings=(0.3,)), row("a", turn_s=0.11), row("a", cut=1)], ids=["slow", "long turn", "cut"]
)
def test_a_row_is_good_within_the_targets_alone(bad: Row) -> None:
    assert row("a").is_good
    assert not bad.is_good


def test_rows_that_were_not_played_again_stay_in_the_document() -> None:
    empty = f"before\n{MARKS[0]}\n{MARKS[1]}\nafter\n"
    first = updated(empty, [row("b"), row("a")])
    again = updated(first, [row("b", turn_s=0.05)])
    lines = again.splitlines()
    assert lines[2:4] == list(HEAD)
    assert [line.split(":")[0] for line in lines[4:6]] == ["| a", "| b"]
    assert "| 50 |" in lines[5]
    assert lines[6:] == [MARKS[1], "after"]
