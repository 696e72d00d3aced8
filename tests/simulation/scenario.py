"""Short plans for the tests of single races: a few steps at given times, in the same world as the random runs.

Clients 0, 1, 2 ... are called nick0, nick1, nick2. Gateways have one lane.
"""

from typing import Any

from tests.simulation.plan import Plan, Step
from tests.simulation.running import Outcome, run

CAPS = ("echo-message", "message-tags", "batch", "labeled-response", "draft/chathistory", "draft/message-redaction")
PROFILE_CAPS = ("away-notify", "setname", "extended-join")
REST_S = 100.0

Planned = tuple[float, str, tuple[Any, ...]]


def happens(
    *planned_steps: Planned,
    clients: int = 3,
    later: int = 0,
    gateways: int = 2,
    rooms: tuple[str, ...] = ("#a",),
    snapshot_entries: int = 512,
    waiting_limit: int = 4096,
    caps: tuple[str, ...] = CAPS,
) -> Outcome:
    """Run steps after client n has connected at 0.5 s + n/10 to gateway n modulo their number and joined all rooms.

    ``later``: the number of further clients, which connect by steps of their own.
    """
    steps = []
    for client in range(clients):
        steps.append(Step(0.5 + client / 10, "connect_to", (client, client % gateways)))
        steps += [Step(0.501 + client / 10, "join", (client, room, "")) for room in rooms]
    steps += [Step(*one) for one in planned_steps]
    planned = Plan(
        seed=1,
        gateways=(1,) * gateways,
        clients=((caps, False),) * (clients + later),
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        length_s=max(step.at for step in steps) + 3.0,
        rest_s=REST_S,
        snapshot_entries=snapshot_entries,
        waiting_limit=waiting_limit,
    )
    outcome = run(planned)
    assert not outcome.violations, outcome.violations
    return outcome


def say(at: float, client: int, room: str, token: str) -> Planned:
    return at, "say", (client, "PRIVMSG", room, token, "", "")


def line(at: float, client: int, text: str, *others: int) -> Planned:
    return at, "line", (client, text, *others)


def logged(outcome: Outcome, text: str) -> int:
    """Count the entries with this text that Redis has not lost."""
    records = outcome.network.redis.store.records
    return sum(text.encode() in record.payload for record in records if record.lost_in is None)


def lines_read(outcome: Outcome, client: int, text: str) -> list[str]:
    """Return the lines with this text that a client read on all its connections, without requested history."""
    connections = outcome.network.clients[client].connections
    limit = outcome.network.asked_at
    return [one for connection in connections for at, one in connection.lines if text in one and at < limit]
