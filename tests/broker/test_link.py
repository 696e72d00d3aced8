"""The link: its guarantees, and its behaviour when a server, a connection or a script is lost."""

from typing import Any

import pytest

from gateway.broker.port import LOST
from tests.stage.node import Node
from tests.stage.worlds import Simulated, Stage

ROOM = "#room"


def client_id(stage: Stage, node: Node) -> int:
    replies: list[Any] = []
    node.link.send(replies.append, "CLIENT", "ID")
    stage.until(lambda: bool(replies))
    found: int = replies[0]
    return found


def test_an_error_is_the_answer_to_its_own_command_alone(stage: Stage) -> None:
    node = stage.node()
    replies: list[Any] = []
    for verb in ("PING", "NONSENSE", "PING"):
        node.link.send(replies.append, verb)
    stage.until(lambda: len(replies) == 3)
    assert [replies[0], type(replies[1]).__name__, replies[2]] == [b"PONG", "ReplyError", b"PONG"]
    assert node.link.is_connected


def test_every_command_without_a_reply_is_answered_with_lost(stage: Stage) -> None:
    node = stage.node()
    replies: list[Any] = []
    for _ in range(3):
        node.link.send(replies.append, "PING")
    node.link.drop("cut")
    node.link.send(replies.append, "PING")
    assert replies == [LOST] * 4
    assert node.whys == ["cut"]
    assert not node.link.is_connected
    node.link.drop("again")
    assert node.whys == ["cut"]


def test_a_new_connection_ends_the_old_one_first(stage: Stage) -> None:
    """A stalled server would execute commands of the old connection after the checks of the new one."""
    node = stage.node()
    old = client_id(stage, node)
    stage.world.stall()
    node.link.call(stage.keys.secrets, lambda _reply: None, "LPUSH", "late")
    node.link.flush()
    node.link.drop("no answer")
    found: list[Any] = []
    node.link.attach(stage.world.connect())
    stage.world.resume()
    stage.until(lambda: node.link.is_connected)
    node.link.call(stage.keys.secrets, found.append, "LRANGE", 0, -1)
    stage.until(lambda: bool(found))
    assert stage.command("LRANGE", stage.keys.secrets, 0, -1) == found[0]
    assert client_id(stage, node) != old
    assert stage.command("CLIENT", "KILL", "ID", old) == 0


def test_a_connection_that_the_server_ends_is_noticed_and_the_next_one_mends(stage: Stage) -> None:
    """As a server closes a connection whose output buffer is full."""
    node, writer = stage.node(), stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    stage.write(writer, ROOM, "a")
    stage.until(lambda: story.lines == ["a"])
    assert stage.command("CLIENT", "KILL", "ID", client_id(stage, node)) == 1
    stage.write(writer, ROOM, "b")
    node.say(ROOM, "c")
    stage.until(lambda: bool(node.whys))
    assert not node.link.is_connected
    stage.connect(node)
    stage.until(lambda: story.lines == ["a", "b", "c"])
    assert story.beginnings == 1
    assert len(node.outcomes["c"]) == 1


def test_flushed_scripts_are_loaded_again_and_nothing_is_lost(stage: Stage) -> None:
    node, quiet = stage.node(), stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    node.say(ROOM, "before")
    stage.until(lambda: story.lines == ["before"])
    stage.command("SCRIPT", "FLUSH")
    node.say(ROOM, "after")
    stage.until(lambda: not node.link.is_connected)
    stage.connect(node)
    stage.until(lambda: story.lines == ["before", "after"])
    assert len(node.outcomes["after"]) == 1
    assert quiet.link.is_connected, "who ran no script has not noticed"


def test_a_subscription_that_is_refused_shifts_no_replies(prefix: str) -> None:
    """An error is not a push. It would be taken for the answer to the next command."""
    world = Simulated(replies_first=False)
    stage = Stage(world, prefix)
    node = stage.node()
    world.server.denied["subscribe"] = "ERR no channels here"
    replies: list[Any] = []
    node.link.subscribe("news", lambda _payload: None, lambda: None)
    node.link.send(replies.append, "PING")
    stage.until(lambda: not node.link.is_connected)
    assert replies == [LOST]
    assert node.whys == ["a subscription was refused: ERR no channels here"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("READONLY You can't write against a read only replica.", "a replica, which takes no writes"),
        ("LOADING Redis is loading the dataset in memory", "the server is reading its data"),
        ("MASTERDOWN Link with MASTER is down", "a replica without its master"),
        ("NOAUTH Authentication required.", "a password is needed"),
        ("NOPERM this user has no permissions", "the user may not do what a gateway must"),
    ],
)
def test_an_error_of_the_server_s_state_ends_the_connection_and_refuses_nothing(
    prefix: str, error: str, why: str
) -> None:
    world = Simulated(replies_first=False)
    stage = Stage(world, prefix)
    node = stage.node()
    story = node.follow(ROOM)
    stage.until(lambda: story.is_live)
    world.server.denied["evalsha"] = error
    node.say(ROOM, "kept")
    stage.until(lambda: not node.link.is_connected)
    assert node.whys == [f"{why}: {error}"]
    assert node.outcomes == {}
    world.server.denied.clear()
    stage.connect(node)
    stage.until(lambda: story.lines == ["kept"])
    assert len(node.outcomes["kept"]) == 1


def test_a_user_that_may_not_ask_for_INFO_is_greeted_all_the_same(prefix: str) -> None:
    world = Simulated(replies_first=False)
    world.server.denied["info"] = "NOPERM this user has no permissions to run the 'info' command"
    stage = Stage(world, prefix)
    assert stage.node().link.is_connected
