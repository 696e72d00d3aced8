"""Redis that dies, stalls, loses data, or cannot write."""

import time

from tests.chaos.scenarios import scenario
from tests.chaos.stage import Stage
from tests.chaos.store import Sentinel
from tests.chaos.verdict import Exempt, What

OTHER_ORDER = "restored entries may be in the history in another order than they were delivered in"


@scenario("Redis is killed (SIGKILL) and restarted, appendfsync always", on_all_servers=True)
def store_killed_always(stage: Stage) -> None:
    _killed(stage, "always")


@scenario("Redis is killed (SIGKILL) and restarted, appendfsync everysec", on_all_servers=True)
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


@scenario("Redis is paused (SIGSTOP) for 20 s", on_all_servers=True)
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
    stage.exempt.append(Exempt("the wipe deleted the history", 0, time.monotonic(), What.FORGOTTEN))
    stage.run(8)


@scenario("Redis is killed and restarts without the data of its last 2 s", on_all_servers=True)
def store_lost_its_tail(stage: Stage) -> None:
    store = stage.store()
    stage.open(*[store.url] * 3)
    stage.begin()
    stage.run(4)
    copied_at = time.monotonic()
    copy = store.copy_files(stage.directory())
    stage.run(2)
    store.kill()
    store.take_files(copy)
    store.start()
    stage.run(6)
    stage.exempt.append(Exempt(OTHER_ORDER, copied_at - 1, time.monotonic() - 4, What.OTHER_PLACE))


@scenario("Redis's master is killed (SIGKILL); three sentinels promote a replica", on_all_servers=True)
def failover(stage: Stage) -> None:
    _fail_over(stage)


@scenario("the same with HUBBUB_REDIS_WAIT_REPLICAS=1", on_all_servers=True)
def failover_waiting(stage: Stage) -> None:
    _fail_over(stage, HUBBUB_REDIS_WAIT_REPLICAS="1")


def _fail_over(stage: Stage, **variables: str) -> None:
    master = stage.store()
    replicas = [stage.store("--replicaof", f"127.0.0.1 {master.port}") for _ in range(2)]
    stage.await_that("replicas", lambda: all(r.told("replication", "master_link_status") == "up" for r in replicas))
    sentinels = stage.sentinels(master)
    stage.await_that("the sentinels know each other", lambda: all(s.peers == len(sentinels) - 1 for s in sentinels))
    stage.open(*[Sentinel.url_of(sentinels)] * 3, **variables)
    stage.begin()
    stage.run(4)
    killed_at = time.monotonic()
    master.kill()
    stage.await_that("a new master", lambda: any(r.told("replication", "role") == "master" for r in replicas))
    stage.run(10)
    stage.exempt.append(Exempt(OTHER_ORDER, killed_at - 2, time.monotonic() - 4, What.OTHER_PLACE))


@scenario("the disk of Redis's append-only file is full for 6 s", on_all_servers=True)
def disk_full(stage: Stage) -> None:
    store = stage.store()
    stage.open(*[store.url] * 3)
    stage.begin()
    stage.run(3)
    with store.disk_full():
        stage.run(6)
        stage.expect(not store.can_write(), "Redis could write all the same")
    stage.run(5)
