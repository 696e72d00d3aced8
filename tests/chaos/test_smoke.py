"""The harness on real parts for a second. A run without faults is clean, and each change of the bytes is detected."""

import re
from collections.abc import Callable

import pytest

from tests.chaos.crowd import Crowd
from tests.chaos.stage import Row, Stage
from tests.chaos.store import programs

SPOKEN = re.compile(rb"^:[^\n]*PRIVMSG [^\n]*\n", re.MULTILINE)  # as the listener without capabilities receives it


def once(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change the first message that passes, and nothing else."""
    done: list[bytes] = []

    def alter(data: bytes) -> bytes:
        line = SPOKEN.search(data)
        if done or line is None or not data.endswith(b"\n"):
            return data
        done.append(line[0])
        return data.replace(line[0], change(line[0]), 1)

    return alter


def late() -> Callable[[bytes], bytes]:
    """Hold the first message back until others have passed."""
    held: list[bytes] = []

    def alter(data: bytes) -> bytes:
        line = SPOKEN.search(data)
        if line is None or not data.endswith(b"\n") or b"" in held:
            return data
        if not held:
            held.append(line[0])
            return data.replace(line[0], b"", 1)
        held.append(b"")
        return data + held[0]

    return alter


@pytest.mark.parametrize(
    ("alter", "kinds"),
    [
        (None, set()),
        (once(lambda _line: b""), {"lost"}),
        (once(lambda line: line * 2), {"twice"}),
        (late(), {"disorder"}),
    ],
    ids=["nothing", "loss", "doubling", "disorder"],
)
def test_what_is_planted_is_found(alter: Callable[[bytes], bytes] | None, kinds: set[str]) -> None:
    row = Row("planted", "any")
    with Stage(next(iter(programs().values()))) as stage:
        stage.open(stage.store().url)
        path = stage.forwarder(stage.gateways[0].port)
        crowd = Crowd([stage.gateways[0].port, path.port], speakers_each=1, listeners_each=1, rate=100, rooms=("#one",))
        crowd.keeper.home = 0
        stage.begin(crowd)
        path.alter = alter
        stage.run(0.5)
        stage.judge(row)
    found = {kind for kind in ("lost", "twice", "disorder") if getattr(row, kind)}
    assert found == kinds, row
    assert bool(row.problems) == bool(kinds)
    assert row.sent > 10
