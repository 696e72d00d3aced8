"""Connections that are killed, closed at a limit, or dropped by the network."""

import time

from tests.chaos.crowd import Crowd
from tests.chaos.scenarios import scenario
from tests.chaos.stage import Stage

KILLS = 10


@scenario("Redis closes all connections (CLIENT KILL, both types) every second for 10 s", on_all_servers=True)
def links_killed(stage: Stage) -> None:
    store = stage.store()
    stage.open(*[store.url] * 3)
    stage.begin()
    stage.run(1)
    for _ in range(KILLS):
        for kind in ("normal", "pubsub"):
            for client in store.clients(kind):
                store.command("CLIENT", "KILL", "ID", client)
        stage.run(1)
    stage.run(1)
    stage.expect(stage.logged("redis_unavailable") >= KILLS, "few links were cut")


@scenario("Redis closes the connection of a slow gateway (output buffer limit pubsub 512kb)", on_all_servers=True)
def tiny_output_buffer(stage: Stage) -> None:
    store = stage.store("--client-output-buffer-limit", "pubsub 512kb 512kb 1")
    path = stage.forwarder(store.socket_path)
    stage.open(path.url, store.url, store.url, history=store.url, HUBBUB_LEASE_S="30")
    stage.begin(Crowd([gateway.port for gateway in stage.gateways], padding=400, rooms=("#one",)))
    stage.run(1)
    path.is_hole = True
    deadline = time.monotonic() + 14
    while len(store.clients("pubsub")) == len(stage.gateways) and time.monotonic() < deadline:
        stage.run(0.2)
    stage.expect(time.monotonic() < deadline, "Redis did not cut the gateway off")
    path.is_hole = False
    stage.run(5)


@scenario("the network between a gateway and Redis drops all packets for 12 s, connections open", on_all_servers=True)
def link_blackholed(stage: Stage) -> None:
    store = stage.store()
    path = stage.forwarder(store.port)
    stage.open(path.url, store.url, store.url, history=store.url, HUBBUB_LEASE_S="30")
    stage.begin()
    stage.run(3)
    path.is_hole = True
    stage.run(12)
    path.is_hole = False
    stage.run(5)


@scenario("the network between clients and their gateway drops all packets; they reconnect to another after 4 s")
def clients_blackholed(stage: Stage) -> None:
    store = stage.store()
    stage.open(*[store.url] * 3, HUBBUB_PING_INTERVAL_S="4")
    path = stage.forwarder(stage.gateways[0].port)
    ports = [path.port, *(gateway.port for gateway in stage.gateways[1:])]
    crowd = stage.begin(Crowd(ports, patience_s=4))
    stage.run(3)
    path.is_hole = True
    stage.run(6)
    crowd.wait_for("all to be back", lambda: all(user.is_in for user in crowd.users), 30)
    path.is_hole = False
    stage.run(3)


@scenario("a gateway's connections to Redis are reset repeatedly, for half a second each time")
def link_flapping(stage: Stage) -> None:
    store = stage.store()
    path = stage.forwarder(store.port)
    stage.open(path.url, store.url, store.url, history=store.url)
    stage.begin()
    ends = time.monotonic() + 8
    while time.monotonic() < ends:
        stage.run(0.5)
        path.reset()
    stage.run(2)
