"""Wrong passwords for OPER. The operator must be able to log in meanwhile."""

import threading
import time
from collections.abc import Sequence

from argon2 import PasswordHasher

from tests.attacks.stage import Stage, attack
from tests.network.harness import Peer

SECONDS = 15.0
ATTACKERS = 32
PASSWORD = "correct horse"
SETTINGS = f'[operators.root]\npassword_hash = "{PasswordHasher().hash(PASSWORD)}"\n'
LOGIN_LIMIT_S = 60.0
ANSWERS = (" 381 ", " 464 ", " 263 ", "FAIL OPER", "does not answer")


@attack(f"{ATTACKERS} clients of one address try wrong passwords for OPER", SETTINGS)
def oper(stage: Stage) -> None:
    play(stage, [stage.attacker(f"eve{number}") for number in range(ATTACKERS)])


@attack(f"{ATTACKERS} clients of {ATTACKERS} addresses try wrong passwords for OPER", SETTINGS)
def oper_from_many(stage: Stage) -> None:
    play(stage, [stage.attacker(f"eve{number}", address=f"198.51.100.{number}") for number in range(ATTACKERS)])


def play(stage: Stage, attackers: Sequence[Peer]) -> None:
    operator = stage.attacker("root", address="198.51.100.200")
    stage.begin()
    thread = threading.Thread(target=log_in, args=(stage, operator))
    thread.start()
    stage.flood(attackers, lambda _, count: f"OPER root :wrong {count}", SECONDS)
    thread.join()


def log_in(stage: Stage, operator: Peer) -> None:
    """Try again as soon as there is an answer, as a user would."""
    time.sleep(2.0)
    began, tries, answer = time.monotonic(), 0, ""
    while " 381 " not in answer and time.monotonic() < began + LOGIN_LIMIT_S:
        tries += 1
        operator.send(f"OPER root :{PASSWORD}")
        while not any(text in answer for text in ANSWERS):
            answer = operator.line(began + 2 * LOGIN_LIMIT_S)
            if answer.startswith("PING "):
                operator.send(answer.replace("PING", "PONG", 1))
        answer = answer if " 381 " in answer else ""
    took = time.monotonic() - began
    stage.note(
        f"the operator is logged in after {took:.1f} s" if answer else f"no login in {took:.0f} s, {tries} tries"
    )
