"""Seeds of races that no short plan shows."""

import pytest

from tests.simulation.plan import FAULTS, LOSSES, plan
from tests.simulation.running import run


@pytest.mark.parametrize(
    ("seed", "kinds"),
    [
        pytest.param(120201, LOSSES, id="a session that loses a new nick in a failover keeps no claim of the old one"),
        pytest.param(
            137750, LOSSES, id="a session that loses a nick while a newer one is appended keeps the newer one"
        ),
        pytest.param(145047, LOSSES, id="a gateway whose lease two failovers have lost shows no client its own QUIT"),
        pytest.param(145141, LOSSES, id="a session that ends while Redis is wiped repeatedly holds no nick"),
        pytest.param(156999, LOSSES, id="a session that reads in a snapshot that its nick is another's releases it"),
        pytest.param(160535, LOSSES, id="gateways that all die between a wipe and their next beat leave nothing"),
        pytest.param(166755, LOSSES, id="a leaving client is not shown a later nick in a room that it is not in"),
        pytest.param(172351, LOSSES, id="a session that has lost a nick does not get it back from a slower log"),
        pytest.param(
            195824,
            LOSSES,
            id="an event rejected in one entry with a KICK stays rejected when a failover loses the mark",
        ),
        pytest.param(212027, LOSSES, id="a member restored and renamed in one entry is shown by the new nick"),
        pytest.param(235435, LOSSES, id="a member that loses a nick and leaves in one entry does not get it back"),
        pytest.param(
            237444, LOSSES, id="a deleted message may stay deleted when Redis loses the REDACT and its gateway ends"
        ),
        pytest.param(
            247365, LOSSES, id="a message to a wiped room after a snapshot is there once when the room is seeded"
        ),
        pytest.param(
            271547, LOSSES, id="of two sessions whose gateways end in one entry neither gets the other's nick"
        ),
        pytest.param(272062, LOSSES, id="a session that has lost a nick does not get it back by a restored NICK"),
        pytest.param(313599, LOSSES, id="a nick that is claimed again late, and lost meanwhile, is not kept"),
        pytest.param(
            1796070836154, LOSSES, id="a member may have read messages of a life of the room that its lost JOIN was in"
        ),
        pytest.param(
            1796075391029,
            LOSSES,
            id="a session that lost its nick and is declared dead is shown the loss before the new owner",
        ),
        pytest.param(
            1796067089623, LOSSES, id="a detached member whose QUIT another log has shown is forgotten by a rekey"
        ),
        pytest.param(143086, FAULTS, id="a nick changes its owner with the clock set back and a slow log"),
        pytest.param(1916622, FAULTS, id="a client that joins after a QUIT of another log is shown earlier messages"),
        pytest.param(
            1831717, FAULTS, id="a session that has lost a nick and is declared dead meanwhile is shown the loss"
        ),
        pytest.param(1745857, FAULTS, id="a session declared dead and given a rank by a slower log is shown the rank"),
        pytest.param(1300667, FAULTS, id="a QUIT that arrives late never uses a nick that another session has taken"),
        pytest.param(1006998, FAULTS, id="a nick goes from one lane of a gateway to another, and the gateway dies"),
    ],
)
def test_seed(seed: int, kinds: tuple[str, ...]) -> None:
    outcome = run(plan(seed, kinds))
    assert not outcome.violations, outcome.violations
