"""The rooms of a lane: opened, closed, and recorded for a reaper."""

from types import SimpleNamespace
from typing import cast

from gateway.lane.clients.client import Client
from gateway.lane.rooms.local_room import LINGER_S
from tests.stage.rooms import ROOM, joined, opened, said
from tests.stage.worlds import Stage


def test_a_reaper_can_find_every_room_however_it_was_opened(stage: Stage) -> None:
    """A room that was opened while Redis was unavailable, and a room that a wipe has deleted."""
    node = stage.node()
    opened(stage, node)
    node.link.drop("cut")
    away = node.replicas.open("#away")
    stage.command("DEL", stage.keys.lane_rooms(node.lane))
    stage.connect(node)
    stage.until(lambda: away.reloading_state is None)
    assert sorted(stage.command("SMEMBERS", stage.keys.lane_rooms(node.lane))) == [b"#away", b"#room"]


def test_a_room_that_is_closed_while_a_page_is_on_its_way_is_forgotten(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    joined(stage, other, "bob")
    followed = opened(stage, node)
    followed.replica.repair()
    node.replicas.close_idle(0.0)
    node.replicas.close_idle(1000.0)
    assert ROOM not in node.replicas.rooms
    again = node.replicas.open(ROOM)
    settled = len(node.rooms_live)
    stage.until(lambda: again.reloading_state is None)
    stage.round_trip()
    assert node.rooms_live[settled:] == [again]
    assert stage.command("SMEMBERS", stage.keys.lane_rooms(node.lane)) == [b"#room"]
    other.say(ROOM, said(other, "hi"))
    stage.until(lambda: node.shown[-1:] == [":bob!u@h PRIVMSG #room :hi"])


class Somebody:
    """A client, as far as a room knows it."""

    def __init__(self, sid: str, variant: int) -> None:
        self.session = SimpleNamespace(sid=sid)
        self.connection = object()
        self.variant = variant

    def variant_in(self, _room: str) -> int:
        return self.variant


def test_the_audience_is_grouped_by_variant_and_has_who_is_in_the_room(stage: Stage) -> None:
    room = opened(stage, stage.node())
    one, other, third = Somebody("g.0.1", 0), Somebody("g.0.2", 0), Somebody("g.0.3", 1)
    for client in (one, other, third):
        room.enter(cast(Client, client))
    assert {variant: len(clients) for variant, clients in room.audience.items()} == {0: 2, 1: 1}
    room.leave(cast(Client, third))
    room.leave(cast(Client, third))
    assert list(room.audience) == [0]
    assert list(room.clients) == ["g.0.1", "g.0.2"]


def test_a_room_with_a_client_is_not_closed(stage: Stage) -> None:
    node = stage.node()
    room, client = opened(stage, node), cast(Client, Somebody("g.0.1", 0))
    room.enter(client)
    for now in (0.0, 1000.0):
        node.replicas.close_idle(now)
    assert list(node.replicas.rooms) == [ROOM]
    room.leave(client)
    for now in (2000.0, 2000.0 + LINGER_S):
        node.replicas.close_idle(now)
    assert list(node.replicas.rooms) == [ROOM]
    node.replicas.close_idle(2001.0 + LINGER_S)
    assert node.replicas.rooms == {}
