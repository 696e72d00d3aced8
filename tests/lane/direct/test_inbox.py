"""A lane's inbox and its barrier, over the log: each message comes once, and a PONG is neither early nor missing."""

from types import SimpleNamespace
from typing import Any, cast

from gateway.chat.events import decode
from gateway.lane.clients.client import Client
from gateway.lane.direct.addressing import Addressing
from gateway.lane.direct.inbox import Inbox
from gateway.logs.replica import Replica
from tests.stage.node import Node
from tests.stage.worlds import Stage

ROOM = "#room"


def made(stage: Stage, node: Node) -> tuple[Inbox, list[str]]:
    """A node's live inbox, and the messages that it has received."""
    inbox = Inbox(
        node.lane, node.link, stage.keys, node.log_writer, {}, node.settle, lambda: "epoch", "server", Addressing(str)
    )
    taken: list[str] = []
    inbox.control_handlers["NOTE"] = lambda message, _client, _show: taken.append(message.params[0])
    inbox.replica = Replica(inbox.name, inbox, node.subscriptions)
    node.log_writer.follow(inbox.replica)
    inbox.make()
    node.subscriptions.follow(inbox.replica)
    stage.until(lambda: bool(inbox.replica.epoch))
    return inbox, taken


def lose_tail(stage: Stage, name: str) -> None:
    """As a restart from a file that is a little too old. All connections are closed."""
    entries = stage.entries(name)
    stage.command("XDEL", stage.keys.log(name), entries[-1][0])
    stage.command("HSET", stage.keys.head(name), "last", entries[-2][0])


def test_what_others_write_comes_once(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    inbox, taken = made(stage, node)
    for text in "abc":
        other.say(inbox.name, f"NOTE {text}")
        stage.step()
    node.say(inbox.name, "NOTE d")
    stage.until(lambda: sorted(taken) == ["a", "b", "c", "d"])


def test_an_inbox_that_is_read_again_takes_nothing_twice(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    inbox, taken = made(stage, node)
    for text in "abc":
        other.say(inbox.name, f"NOTE {text}")
        stage.until(lambda text=text: taken[-1:] == [text])  # type: ignore[misc]
    lose_tail(stage, inbox.name)
    node.link.drop("the server was restarted")
    stage.connect(node)
    other.say(inbox.name, "NOTE d")
    stage.until(lambda: "d" in taken)
    assert taken == ["a", "b", "c", "d"]
    assert [decode(*entry).lines for entry in stage.entries(inbox.name)] == [["NOTE a"], ["NOTE b"], ["NOTE d"]]


def test_a_closed_inbox_takes_what_came_before_and_refuses_what_comes_later(stage: Stage) -> None:
    node, other = stage.node(), stage.node()
    inbox, taken = made(stage, node)
    other.say(inbox.name, "NOTE a")
    stage.step()
    taken_at_the_end: list[list[str]] = []
    inbox.close(lambda: taken_at_the_end.append(list(taken)))
    stage.until(lambda: bool(taken_at_the_end))
    assert taken_at_the_end == [["a"]]
    inbox.make()  # as the slow timers do it
    other.say(inbox.name, "NOTE b")
    stage.until(lambda: "NOTE b" in other.outcomes)
    assert other.outcomes["NOTE b"] == [None]


def test_a_direct_message_to_one_who_is_leaving_is_answered(stage: Stage) -> None:
    """RFC 2812 3.3.1, ERR_NOSUCHNICK: nobody would read it any more. Its client message id is in the reply."""
    node, other = stage.node(), stage.node()
    inbox, _ = made(stage, node)
    others_inbox, _ = made(stage, other)
    answers: list[tuple[str, str]] = []
    others_inbox.control_handlers["401"] = lambda message, _client, _show: answers.append(
        (message.params[1], message.tags["+hubbub/id"])
    )
    leaving: Any = SimpleNamespace(session=SimpleNamespace(nick="alice"), is_leaving=True)
    inbox._clients[f"{node.lane}.0"] = cast("Client", leaving)
    log, line = Addressing(str).to_session(f"{node.lane}.0", "@+hubbub/id=7 :bob!u@h PRIVMSG alice :hi")
    other.say(log, line)
    stage.until(lambda: answers == [("alice", "7")])
