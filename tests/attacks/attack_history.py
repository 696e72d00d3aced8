"""Long histories, requested by many clients at once. Some never read the answer, others read all of it."""

import time
from collections.abc import Sequence

from tests.attacks.stage import Stage, attack
from tests.network.harness import Peer

SECONDS = 15.0
MESSAGES = 1000
TEXT_BYTES = 400
MAKERS = 50
ASKERS = 60
AN_ADDRESS_HAS = 25
"""Clients of one address, fewer than max_per_ip."""
CAPS = "batch draft/chathistory message-tags server-time"
ASK = f"CHATHISTORY LATEST #long * {MESSAGES}"


def _crowd(stage: Stage, name: str, count: int, caps: str = "") -> list[Peer]:
    return [
        stage.attacker(f"{name}{at}", "#long", address=f"198.51.100.{10 + len(name)}{at // AN_ADDRESS_HAS}", caps=caps)
        for at in range(count)
    ]


def _fill(makers: Sequence[Peer]) -> None:
    """Create a room with as many messages as one answer may have."""
    for at in range(MESSAGES):
        makers[at % len(makers)].send(f"PRIVMSG #long :{at} {'x' * TEXT_BYTES}")
    for maker in makers:
        maker.sync()
        maker.send("QUIT")


@attack(f"{ASKERS} clients request {MESSAGES} messages 50 times each and never read")
def history_unread(stage: Stage) -> None:
    _fill(_crowd(stage, "maker", MAKERS))
    askers = _crowd(stage, "deaf", ASKERS, CAPS)
    for asker in askers:
        asker.shrink_receive_buffer()
    stage.begin()
    for asker in askers:
        asker.send(*[ASK] * 50)
    until, most = time.monotonic() + SECONDS, 0.0
    while time.monotonic() < until:
        most = max(most, stage.metric("hubbub_backlog_bytes"))
        time.sleep(0.5)  # the attack's own length, no wait for an event
    users = stage.metric("hubbub_users")
    stage.note(f"at most {most / 1000:.0f} kB wait in the gateway; all {users:.0f} users stay connected")


@attack(f"{ASKERS} clients request {MESSAGES} messages repeatedly and read them all")
def history_read(stage: Stage) -> None:
    _fill(_crowd(stage, "maker", MAKERS))
    askers = _crowd(stage, "reader", ASKERS, CAPS)
    stage.begin()
    stage.flood(askers, lambda _at, _count: ASK, SECONDS)
