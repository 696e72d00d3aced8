"""Gateways that die, stall, are restarted, or have no free descriptors."""

import resource
import signal
import socket

from tests.chaos.crowd import Crowd
from tests.chaos.scenarios import scenario
from tests.chaos.stage import LEASE_S, Stage

DESCRIPTORS_LEFT = 3


@scenario("none (baseline)", on_all_servers=True)
def nothing(stage: Stage) -> None:
    stage.open(*[stage.store().url] * 3)
    stage.begin()
    stage.run(8)


@scenario("a gateway of three is killed (SIGKILL); its clients reconnect to others and resend unacknowledged messages")
def gateway_killed(stage: Stage) -> None:
    stage.open(*[stage.store().url] * 3)
    stage.begin()
    stage.run(4)
    stage.gateways[0].kill()
    stage.run(8)


@scenario("a gateway is paused (SIGSTOP) for half its lease")
def gateway_paused(stage: Stage) -> None:
    stage.open(*[stage.store().url] * 3)
    stage.begin()
    stage.run(3)
    stage.gateways[0].process.send_signal(signal.SIGSTOP)
    stage.run(LEASE_S / 2)
    stage.gateways[0].process.send_signal(signal.SIGCONT)
    stage.run(5)


@scenario("a gateway is paused (SIGSTOP) beyond its lease, declared dead, and resumed")
def gateway_taken_for_dead(stage: Stage) -> None:
    stage.open(*[stage.store().url] * 3)
    stage.begin()
    stage.run(3)
    stage.gateways[0].process.send_signal(signal.SIGSTOP)
    stage.await_that("a gateway is reaped", lambda: stage.logged("gateway_reaped") > 0)
    stage.run(1)
    stage.gateways[0].process.send_signal(signal.SIGCONT)
    stage.run(6)


@scenario("ten gateways are restarted one after another (SIGTERM) under load")
def rolling_restart(stage: Stage) -> None:
    url = stage.store().url
    stage.open(*[url] * 10)
    ports = [gateway.port for gateway in stage.gateways]
    crowd = stage.begin(Crowd(ports, speakers_each=1, listeners_each=1, rate=200))
    stage.run(2)
    for number, gateway in enumerate(stage.gateways[:10]):
        gateway.stop()
        crowd.ports[number] = stage.reopen(number, url).port
    stage.run(3)


@scenario("a gateway runs out of file descriptors; new connections fail until some are free again")
def descriptors_used_up(stage: Stage) -> None:
    stage.open(*[stage.store().url] * 2)
    crowd = stage.begin()
    gateway = stage.gateways[0]
    limits = resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE)
    taken = len(stage.descriptors(gateway))
    resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, (taken + DESCRIPTORS_LEFT, limits[1]))
    stage.run(2)
    strangers = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(2 * DESCRIPTORS_LEFT)]
    gateway.wait_log("out_of_descriptors")
    stage.run(4)
    for stranger in strangers:
        stranger.close()
    stage.run(1)
    crowd.call(crowd.visitor_enters)
    crowd.wait_for("room for one more", lambda: crowd.users[-1].is_in, 20)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, limits)
    stage.run(2)
