"""Who is in a room although his gateway has no lease is told gone, at the second look."""

from gateway.lane.following import Followed
from gateway.lane.ghosts import Ghosts
from tests.broker.node import Node
from tests.broker.test_following import joined, opened
from tests.broker.worlds import Stage


def lease(stage: Stage, gateway: str) -> None:
    stage.command("ZADD", stage.keys.gateways, "99999999999999", gateway)


def room_of_three(stage: Stage) -> tuple[Node, Followed, Ghosts]:
    """One of a gateway without a lease, one of a living one, and one of the looking lane's own, without one, too."""
    node = stage.node()
    joined(stage, stage.node("dead00.0"), "ann")
    joined(stage, stage.node("living.0"), "bob")
    lease(stage, "living")
    followed = joined(stage, node, "cat")
    assert len(followed.room.members) == 3
    return node, followed, Ghosts(node.link, stage.keys, node.appends, lambda: "gate00")


def look(stage: Stage, node: Node, ghosts: Ghosts) -> None:
    ghosts.look(node.following.rooms)
    for _ in range(2):  # the answer, and what is appended then
        stage.round_trip(node)


def test_at_the_second_look_they_are_told_gone(stage: Stage) -> None:
    node, followed, ghosts = room_of_three(stage)
    look(stage, node, ghosts)
    assert len(followed.room.members) == 3
    ghosts.look(node.following.rooms)
    stage.until(lambda: list(followed.room.members) == ["living.0.1", "gate00.0.1"])
    assert node.shown[-1].endswith("QUIT :Gateway dead00 is gone")


def test_who_has_a_lease_again_is_none(stage: Stage) -> None:
    node, followed, ghosts = room_of_three(stage)
    look(stage, node, ghosts)
    lease(stage, "dead00")
    look(stage, node, ghosts)
    stage.command("DEL", stage.keys.gateways)
    look(stage, node, ghosts)
    assert len(followed.room.members) == 3


def test_a_look_before_the_link_was_down_does_not_count(stage: Stage) -> None:
    node, followed, ghosts = room_of_three(stage)
    look(stage, node, ghosts)
    ghosts.link_down()
    look(stage, node, ghosts)
    assert len(followed.room.members) == 3


def test_rooms_of_living_gateways_ask_for_nothing_more(stage: Stage) -> None:
    node = stage.node()
    opened(stage, node)
    ghosts = Ghosts(node.link, stage.keys, node.appends, lambda: "gate00")
    look(stage, node, ghosts)
    look(stage, node, ghosts)
    assert stage.entries("#room") == []
