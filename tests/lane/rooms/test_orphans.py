"""Members whose gateway has no lease are removed at the second check."""

from gateway.lane.rooms.local_room import LocalRoom
from gateway.lane.rooms.orphans import OrphanedMembers
from tests.stage.node import Node
from tests.stage.rooms import joined, opened
from tests.stage.worlds import Stage


def lease(stage: Stage, gateway: str) -> None:
    stage.command("ZADD", stage.keys.gateways, "99999999999999", gateway)


def room_of_three(stage: Stage) -> tuple[Node, LocalRoom, OrphanedMembers]:
    """Members of a gateway without a lease, of a living gateway, and of the checking lane itself (without a lease)."""
    node = stage.node()
    joined(stage, stage.node("dead00.0"), "ann")
    joined(stage, stage.node("living.0"), "bob")
    lease(stage, "living")
    followed = joined(stage, node, "cat")
    assert len(followed.room.members) == 3
    return node, followed, OrphanedMembers(node.link, stage.keys, node.log_writer, lambda: "gate00")


def look(stage: Stage, node: Node, orphans: OrphanedMembers) -> None:
    orphans.check(node.replicas.rooms)
    for _ in range(2):  # the answer, and the append that follows
        stage.round_trip(node)


def test_at_the_second_look_they_are_told_gone(stage: Stage) -> None:
    node, followed, orphans = room_of_three(stage)
    look(stage, node, orphans)
    assert len(followed.room.members) == 3
    orphans.check(node.replicas.rooms)
    stage.until(lambda: list(followed.room.members) == ["living.0.1", "gate00.0.1"])
    assert node.shown[-1].endswith("QUIT :Gateway dead00 is gone")


def test_who_has_a_lease_again_is_none(stage: Stage) -> None:
    node, followed, orphans = room_of_three(stage)
    look(stage, node, orphans)
    lease(stage, "dead00")
    look(stage, node, orphans)
    stage.command("DEL", stage.keys.gateways)
    look(stage, node, orphans)
    assert len(followed.room.members) == 3


def test_a_look_before_the_link_was_down_does_not_count(stage: Stage) -> None:
    node, followed, orphans = room_of_three(stage)
    look(stage, node, orphans)
    orphans.link_down()
    look(stage, node, orphans)
    assert len(followed.room.members) == 3


def test_rooms_of_living_gateways_ask_for_nothing_more(stage: Stage) -> None:
    node = stage.node()
    opened(stage, node)
    orphans = OrphanedMembers(node.link, stage.keys, node.log_writer, lambda: "gate00")
    look(stage, node, orphans)
    look(stage, node, orphans)
    assert stage.entries("#room") == []
