"""The probe of a lane's link: reconnecting, and detecting a Redis that is reachable but does not work."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.broker.link import RedisLink
from gateway.broker.probe import FIRST_RETRY_S, LONGEST_RETRY_S, TICK_S, LinkProbe
from gateway.lane.loop.timers import Timer, Timers
from tests.simulation.server import SimulatedSelector, SimulatedServer

NOTICED_WITHIN_S = 15.0
CHANNEL = "t:{@gate.0}:probe"


class Host:
    """A lane that has only a link."""

    def __init__(self, server: SimulatedServer, seed: int = 0) -> None:
        self.id = "gate.0"
        self.now = 0.0
        self.is_stopping = False
        self.timers = Timers()
        self.server: SimulatedServer | None = server
        self.selector = SimulatedSelector()
        self.link = RedisLink(self.selector, self, ())
        self.probe = LinkProbe(self, self.link, CHANNEL, "t:{gw:gate}:info", Random(seed))
        self.tries: list[float] = []
        self.proven = 0
        self.told: list[str] = []
        self.probe.connect()
        self._look()

    def _look(self) -> None:
        self.probe.tick()
        self.later(TICK_S, self._look)

    def run(self, for_s: float) -> None:
        """Let time pass."""
        end = self.now + for_s
        while self.now < end:
            self.link.flush()
            while self.server is not None and self.server.serve() + self.selector.poll():
                self.link.flush()
            due = self.timers.next_due()
            assert due is not None
            self.now = min(due, end)
            self.timers.run_due(self.now)

    def run_until(self, has_come: Callable[[], bool], within_s: float) -> None:
        end = self.now + within_s
        while not has_come():
            assert self.now < end, "it was not noticed in time"
            self.run(TICK_S)

    # -- what the probe and the link call -------------------------------------------------------------

    def later(self, after_s: float, call: Callable[[], None]) -> Timer:
        return self.timers.at(self.now + after_s, call)

    def connect(self, done: Callable[[Any], None]) -> None:
        self.tries.append(self.now)
        if self.server is None:
            done(ConnectionRefusedError(111, "Connection refused"))
        else:
            done(self.selector.know(self.server.connect()))

    def link_proven(self) -> None:
        self.proven += 1

    def redis_unavailable(self) -> None:
        self.told.append("away")

    def redis_available(self) -> None:
        self.told.append("back")

    def writes_taken(self) -> None:
        self.told.append("writes taken")

    def link_up(self) -> None:
        self.probe.link_up()

    def link_down(self, why: str) -> None:
        self.probe.link_down(why)

    def link_fault(self, error: Exception) -> None:
        raise error


@pytest.fixture(params=[False, True], ids=["message-first", "reply-first"])
def host(request: pytest.FixtureRequest) -> Host:
    return Host(SimulatedServer(request.param))


def test_a_link_that_delivers_is_well_and_stays(host: Host) -> None:
    with capture_logs() as logs:
        host.run(120.0)
    assert host.probe.is_healthy
    assert (len(host.tries), host.proven, host.told, logs) == (1, 1, ["back"], [])


def test_a_subscription_that_is_lost_is_noticed(host: Host) -> None:
    """As after an unwanted unsubscription, or behind a proxy: everything else is answered."""
    assert host.server is not None
    host.run(1.0)
    [connection] = host.server.connections.values()
    connection.channels.clear()
    with capture_logs() as logs:
        host.run_until(lambda: not host.probe.is_healthy, NOTICED_WITHIN_S)
        host.run_until(lambda: host.probe.is_healthy, 1.0)
    assert [line["event"] for line in logs] == ["redis_unavailable", "redis_available"]
    assert logs[0]["why"] == "published messages do not arrive"


def test_a_redis_that_publishes_nothing_never_counts_as_well(host: Host) -> None:
    assert host.server is not None
    host.server.denied["publish"] = "ERR not here"
    with capture_logs() as logs:
        host.run(120.0)
    assert not host.probe.is_healthy
    assert host.proven == 0
    assert [line["event"] for line in logs] == ["redis_unavailable"]


def test_a_redis_that_answers_nothing_is_noticed_and_used_again(host: Host) -> None:
    assert host.server is not None
    host.run(1.0)
    host.server.is_stalled = True
    with capture_logs() as logs:
        host.run_until(lambda: not host.probe.is_healthy, NOTICED_WITHIN_S)
        host.run(60.0)  # new connections are accepted, and get no answer either
        assert 4 < len(host.tries) < 16
        host.server.is_stalled = False
        host.run_until(lambda: host.probe.is_healthy, 15.0)
    assert [line["event"] for line in logs] == ["redis_unavailable", "redis_available"]


def test_the_pauses_between_tries_grow_to_a_cap_and_are_jittered() -> None:
    host = Host(SimulatedServer())
    host.run(1.0)
    server, host.server = host.server, None
    assert server is not None
    host.tries.clear()
    with capture_logs() as logs:
        host.link.drop("cut")
        host.run(600.0)
        pauses = [later - earlier for earlier, later in pairwise(host.tries)]
        assert all(pause < 1.5 * LONGEST_RETRY_S + 1e-6 for pause in pauses)
        assert pauses[0] < 3 * FIRST_RETRY_S + 1e-6
        assert min(pauses[10:]) >= LONGEST_RETRY_S / 2
        assert max(pauses[10:]) - min(pauses[10:]) > LONGEST_RETRY_S / 2, "the pauses are not jittered"
        host.server = server
        host.run_until(lambda: host.probe.is_healthy, 2 * LONGEST_RETRY_S)
    assert [line["event"] for line in logs] == ["redis_unavailable", "redis_available"]


def test_twenty_gateways_do_not_come_back_in_step() -> None:
    hosts = [Host(SimulatedServer(), seed) for seed in range(20)]
    for host in hosts:
        host.run(1.0)
        host.server = None
        host.tries.clear()
        host.link.drop("cut")
        host.run(60.0)
    last = sorted(next(at for at in host.tries if at > 50.0) for host in hosts)
    gaps = [later - earlier for earlier, later in pairwise(last)]
    assert len({round(at, 2) for at in last}) >= 15, "they come at the same moments"
    assert last[-1] - last[0] > LONGEST_RETRY_S / 2
    assert max(gaps) < LONGEST_RETRY_S


def test_a_redis_that_does_not_answer_for_a_second_counts_as_away_before_it_is_left(host: Host) -> None:
    assert host.server is not None
    host.run(1.0)
    host.server.is_stalled = True
    host.link.send(lambda _reply: None, "PING")
    host.run(3 * TICK_S)
    assert host.probe.is_away
    host.server.is_stalled = False
    host.run(TICK_S)
    assert not host.probe.is_away
    assert len(host.tries) == 1
    assert host.told == ["back", "away", "back"]


def test_a_redis_that_takes_no_writes_is_tried_until_it_does(host: Host) -> None:
    assert host.server is not None
    host.run(1.0)
    host.server.denied["hset"] = "MISCONF Errors writing to the AOF file: No space left on device"
    with capture_logs() as logs:
        for _ in range(3):  # of several logs
            host.probe.refused(host.server.denied["hset"])
        host.run(60.0)
        assert host.probe.is_away
        assert not host.probe.is_healthy
        del host.server.denied["hset"]
        host.run_until(lambda: host.probe.is_healthy, 2 * LONGEST_RETRY_S)
    assert host.told == ["back", "away", "back", "writes taken"]
    assert [line["event"] for line in logs] == ["redis_writes_refused", "redis_writes_accepted"]
    assert len(host.tries) == 1


def test_a_redis_that_took_no_writes_is_tried_again_on_a_new_connection(host: Host) -> None:
    assert host.server is not None
    host.run(1.0)
    host.probe.refused("OOM command not allowed")
    host.link.drop("cut")
    host.run_until(lambda: host.probe.is_healthy, 2 * LONGEST_RETRY_S)
    assert host.told[-2:] == ["back", "writes taken"]


def test_a_lane_that_is_late_through_its_own_work_does_not_blame_its_link(host: Host) -> None:
    """Two turns take ten seconds each. A probe is in flight in the first of them."""
    host.run_until(lambda: host.probe.is_healthy, NOTICED_WITHIN_S)
    host.run_until(lambda: host.probe._asked_at is not None or host.link.is_awaiting, NOTICED_WITHIN_S)
    for _ in range(2):
        host.link.flush()
        host.now += 10.0
        host.timers.run_due(host.now)  # its timers run before the link's input is read
    host.run(1.0)
    assert host.probe.is_healthy
    assert len(host.tries) == 1
