"""Commands of one line that act on each room of a client: AWAY, NICK, SETNAME, JOIN and `JOIN 0`."""

from collections.abc import Callable

from tests.attacks.stage import Stage, attack

SECONDS = 15.0
ATTACKERS = 32
ROOMS = 100
"""The limit of rooms of a client."""
ROOMS_A_LINE = 25

ROOMS_A_MAKER = 5

EVERYWHERE = [
    ",".join(f"#r{room}" for room in range(first, first + ROOMS_A_LINE)) for first in range(0, ROOMS, ROOMS_A_LINE)
]


def play(stage: Stage, line: Callable[[int, int], str]) -> None:
    for first in range(0, ROOMS, ROOMS_A_MAKER):
        rooms = [f"#r{room}" for room in range(first, first + ROOMS_A_MAKER)]
        stage.attacker(f"maker{first}", *rooms, address="198.51.100.2")
    attackers = [stage.attacker(f"eve{number}") for number in range(ATTACKERS)]
    for listed in EVERYWHERE:
        for one in attackers:
            one.send(f"JOIN {listed}")
    for one in attackers:
        one.sync()
    before = stage.metric("hubbub_entries_total")
    stage.begin()
    stage.flood(attackers, line, SECONDS)
    stage.note(f"{(stage.metric('hubbub_entries_total') - before) / SECONDS:.0f} entries/s")


@attack(f"{ATTACKERS} clients in {ROOMS} rooms change their away message")
def away(stage: Stage) -> None:
    play(stage, lambda at, count: f"AWAY :{at} {count}")


@attack(f"{ATTACKERS} clients in {ROOMS} rooms change their nicks")
def nicks(stage: Stage) -> None:
    play(stage, lambda at, count: f"NICK eve{at}_{count % 2}")


@attack(f"{ATTACKERS} clients leave {ROOMS} rooms with JOIN 0 and join them again")
def join_and_part(stage: Stage) -> None:
    play(stage, lambda _, count: (*(f"JOIN {rooms}" for rooms in EVERYWHERE), "JOIN 0")[(count + 4) % 5])
