"""Long lists of ban masks, which every JOIN compares with the client."""

from tests.attacks.stage import Stage, attack

SECONDS = 15.0
ROOMS = 56
MASKS_A_ROOM = 100
"""The limit of a room's list."""
MASKS_A_LINE = 6
ATTACKERS = 8


def mask(room: int, number: int) -> str:
    """A mask that is slow to compare and matches nobody. The last one of a room matches the attackers.

    A refused JOIN waits for nothing, so all rooms of one command are checked in one turn.
    """
    if number == MASKS_A_ROOM - 1:
        return "eve*!*@*"
    return "*".join(f"{letter}{room:x}{number:x}" for letter in "*abcdefgh") + "*!*@*"


@attack(f"{ATTACKERS} clients try to join {ROOMS} rooms with {ROOMS * MASKS_A_ROOM} ban masks, repeatedly")
def ban_masks(stage: Stage) -> None:
    makers = [
        stage.attacker(f"maker{room}", f"#ban{room}", address=f"198.51.100.{2 + room % 2}") for room in range(ROOMS)
    ]
    for room, maker in enumerate(makers):
        for first in range(0, MASKS_A_ROOM, MASKS_A_LINE):
            masks = [mask(room, at) for at in range(first, min(first + MASKS_A_LINE, MASKS_A_ROOM))]
            maker.send(f"MODE #ban{room} +{'b' * len(masks)} {' '.join(masks)}")
    for maker in makers:
        maker.sync()
    attackers = [stage.attacker(f"eve{number}") for number in range(ATTACKERS)]
    everywhere = ",".join(f"#ban{room}" for room in range(ROOMS))
    stage.begin()
    stage.flood(attackers, lambda _at, _count: f"JOIN {everywhere}", SECONDS)
