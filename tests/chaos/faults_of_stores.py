"""Redis that dies, stands still, forgets, or cannot write."""

import time

from tests.chaos.scenarios import scenario
from tests.chaos.stage import Stage
from tests.chaos.verdict import Exempt

FSYNC_S = 2.0
"""With everysec Redis may lose what it acknowledged this long before its machine died; a mere process loses nothing."""


@scenario("Redis is killed (-9) and started again, appendfsync always", on_all_servers=True)
def store_killed_always(stage: Stage) -> None:
    _killed(stage, "always")


@scenario("Redis is killed (-9) and started again, appendfsync everysec", on_all_servers=True)
def store_killed_everysec(stage: Stage) -> None:
    _killed(stage, "everysec")


def _killed(stage: Stage, fsync: str) -> None:
    store = stage.store(fsync=fsync)
    stage.open(*[store.url] * 3)
    stage.begin()
    stage.run(4)
    store.kill()
    stage.run(2)
    store.start()
    stage.run(6)


@scenario("Redis stands still (SIGSTOP) for 20 s", on_all_servers=True)
def store_paused(stage: Stage) -> None:
    store = stage.store()
    stage.open(*[store.url] * 3)
    stage.begin()
    stage.run(3)
    store.stop()
    stage.run(20)
    store.go_on()
    stage.run(5)


@scenario("Redis is wiped (FLUSHALL)", on_all_servers=True)
def store_wiped(stage: Stage) -> None:
    store = stage.store()
    stage.open(*[store.url] * 3)
    stage.begin()
    stage.run(4)
    store.command("FLUSHALL")
    stage.exempt.append(Exempt("a wiped Redis has forgotten the history", 0, time.monotonic()))
    stage.run(8)
