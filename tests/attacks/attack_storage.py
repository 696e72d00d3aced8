"""Data that clients store in Redis: new rooms, and messages with the largest tags."""

from collections.abc import Callable

from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES
from tests.attacks.stage import Stage, attack
from tests.network.harness import Peer

SECONDS = 15.0
ATTACKERS = 32


def play(stage: Stage, attackers: list[Peer], line: Callable[[int, int], str]) -> None:
    rooms, used = _rooms(stage), _used_bytes(stage)
    stage.begin()
    stage.flood(attackers, line, SECONDS)
    grown = (_used_bytes(stage) - used) / SECONDS
    stage.note(f"Redis grows by {grown / 1e3:.0f} kB/s, {(_rooms(stage) - rooms) / SECONDS:.0f} rooms/s")


def _used_bytes(stage: Stage) -> int:
    return int(stage.redis.info("memory")["used_memory"])


def _rooms(stage: Stage) -> int:
    return sum(1 for _ in stage.redis.scan_iter("attack:{#*:head", count=1000))


@attack(f"{ATTACKERS} clients of one address create rooms and leave them")
def new_rooms(stage: Stage) -> None:
    attackers = [stage.attacker(f"eve{number}") for number in range(ATTACKERS)]
    play(stage, attackers, lambda at, count: f"{('JOIN', 'PART')[count % 2]} #r{at}-{count // 2}")


@attack(f"{ATTACKERS} clients of one address send a message to new rooms and leave them")
def spoken_rooms(stage: Stage) -> None:
    attackers = [stage.attacker(f"eve{number}") for number in range(ATTACKERS)]

    def line(at: int, count: int) -> str:
        room = f"#r{at}-{count // 3}"
        return (f"JOIN {room}", f"PRIVMSG {room} :{'x' * 400}", f"PART {room}")[count % 3]

    play(stage, attackers, line)


@attack(f"{ATTACKERS} clients of one address send messages with 4 kB of tags")
def large_tags(stage: Stage) -> None:
    attackers = [stage.attacker(f"eve{number}", f"#r{number}", caps="message-tags") for number in range(ATTACKERS)]
    tags = f"@+a={'x' * (CLIENT_TAGS_LIMIT_BYTES - len('@+a= '))}"
    play(stage, attackers, lambda at, _count: f"{tags} PRIVMSG #r{at} :{'y' * 400}")
