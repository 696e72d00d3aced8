"""Shrink a failing plan to the steps that are needed to fail, and print them."""

from collections.abc import Callable

from tests.simulation.plan import Plan
from tests.simulation.running import Outcome, run

MOST_RUNS = 400


def shrink(plan: Plan, rules: set[str]) -> Plan:
    """Leave out steps, in ever smaller pieces, while one of these invariants is still violated (ddmin)."""
    runs = 0

    def still_fails(candidate: Plan) -> bool:
        nonlocal runs
        runs += 1
        return bool(run(candidate).rules & rules)

    piece = max(1, len(plan.steps) // 2)
    while runs < MOST_RUNS:
        shorter = _without_a_piece(plan, piece, still_fails)
        if shorter is not None:
            plan = shorter
        elif piece > 1:
            piece //= 2
        else:
            break
    return plan


def _without_a_piece(plan: Plan, piece: int, still_fails: Callable[[Plan], bool]) -> Plan | None:
    shorter: Plan | None = None
    start = 0
    while start < len(plan.steps):
        candidate = plan.without(set(range(start, start + piece)))
        if still_fails(candidate):
            plan = shorter = candidate
        else:
            start += piece
    return shorter


def story(outcome: Outcome) -> str:
    """Describe a run: the steps, the lines that each client sent and read, the entries of the logs, the violations."""
    network = outcome.network
    parts = [network.plan.story()]
    for connection in network.connections:
        kind = "plain text" if connection.is_text else " ".join(connection.caps) or "no capabilities"
        parts.append(f"\n{connection.name} at {connection.node.lane.id}, {kind}; sessions {' '.join(connection.sids)}")
        read = [(at, f"<- {line}") for at, line in connection.lines if not _is_greeting(line)]
        both = sorted([*read, *((sent.at, f"-> {sent.line}") for sent in connection.sent)], key=lambda one: one[0])
        parts += [f"{at:9.4f} {line}" for at, line in both if at < network.asked_at]
    parts.append("\nentries")
    for record in network.redis.store.records:
        lost = " LOST" if record.lost_in is not None else ""
        head = f"{record.at:9.4f} {record.log.decode()} {record.id[0]}-{record.id[1]} {record.origin.decode()}{lost}"
        parts += [head, *(f"{'':12}{line}" for line in record.payload.decode().split("\r\n") if line)]
    return "\n".join([*parts, "", *outcome.violations])


def _is_greeting(line: str) -> bool:
    words = line.split(" ", 2)
    return len(words) > 2 and words[1] in {"002", "003", "004", "005", "251", "252", "254", "255", "265", "266", "422"}
