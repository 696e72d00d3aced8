"""Rooms that nodes follow: lines for them, and rooms that are live."""

from gateway.chat import events
from gateway.lane.rooms.local_room import LocalRoom
from tests.stage.node import Node
from tests.stage.worlds import Stage

ROOM = "#room"


def join(node: Node, nick: str) -> str:
    return events.joined(f"{nick}!u@h", ROOM, nick, {"token": 1, "seen": "99999999999999-0"})


def said(node: Node, text: str) -> str:
    return events.said("n!u@h", "PRIVMSG", ROOM, text)


def opened(stage: Stage, node: Node) -> LocalRoom:
    followed = node.replicas.open(ROOM)
    stage.until(lambda: followed.reloading_state is None)
    return followed


def joined(stage: Stage, node: Node, nick: str) -> LocalRoom:
    followed = opened(stage, node)
    node.say(ROOM, join(node, nick))
    stage.until(lambda: f"{node.lane}.1" in followed.room.members)
    return followed
