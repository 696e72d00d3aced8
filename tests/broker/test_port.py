"""The guarantees of gateway.broker.port.RedisPort, for each implementation: today RedisLink, on two kinds of server."""

from typing import Any

import hiredis

from gateway.broker.port import LOST, RedisPort, concerns_one_key
from gateway.logs.scripts import EXPIRE
from tests.stage.node import Node
from tests.stage.worlds import Stage


def port(node: Node) -> RedisPort:
    """A node's link, as its callers know it."""
    return node.link


def test_the_commands_of_one_key_run_in_order_and_each_is_answered_once(stage: Stage) -> None:
    redis, key, replies = port(stage.node()), stage.keys.rooms, list[Any]()
    for n in range(100):
        redis.call(key, replies.append, "HSET", f"{n}", "x")
        redis.call(key, replies.append, "HLEN")
    stage.until(lambda: len(replies) == 200)
    assert replies[1::2] == list(range(1, 101))


def test_a_script_runs_with_its_keys_and_arguments(stage: Stage) -> None:
    redis, replies, keys = port(stage.node()), list[Any](), stage.keys
    stage.command("HSET", keys.head("#a"), "last", "1-0")
    all_keys = [key("#a") for key in (keys.log, keys.head, keys.base, keys.rejected)]
    redis.run(EXPIRE, replies.append, all_keys, 60, "2-0")
    redis.run(EXPIRE, replies.append, all_keys, 60, "1-0")
    stage.until(lambda: len(replies) == 2)
    assert replies == [0, 1]
    assert 0 < stage.command("TTL", keys.head("#a")) <= 60


def test_an_error_is_a_reply_like_any_other(stage: Stage) -> None:
    redis, key, replies = port(stage.node()), stage.keys.log("#a"), list[Any]()
    stage.command("SET", key, "no stream")
    redis.call(key, replies.append, "XRANGE", "-", "+")
    redis.call(key, replies.append, "EXISTS")
    stage.until(lambda: len(replies) == 2)
    assert isinstance(replies[0], hiredis.ReplyError)
    assert concerns_one_key(replies[0])
    assert replies[1] == 1


def test_without_a_connection_every_command_is_lost_at_once(stage: Stage) -> None:
    redis, key, replies = port(stage.node(connected=False)), stage.keys.rooms, list[Any]()
    assert not redis.is_up(key)
    redis.call(key, replies.append, "HLEN")
    redis.run(EXPIRE, replies.append, [key] * 4, 60, "")
    redis.wait_replicas(key, replies.append, 1, 10)
    redis.publish(stage.keys.live("#a"), "lost")
    assert replies == [LOST] * 3


def test_a_subscriber_gets_each_message_of_its_channel_in_order(stage: Stage) -> None:
    redis, channel, got = port(stage.node()), stage.keys.live("#a"), list[bytes]()
    subscribed: list[bool] = []
    redis.subscribe(channel, got.append, lambda: subscribed.append(True))
    stage.until(lambda: bool(subscribed))
    for n in range(20):
        redis.publish(channel, n)
        redis.publish(stage.keys.live("#b"), n)
    stage.until(lambda: len(got) == 20)
    assert got == [b"%d" % n for n in range(20)]


def test_a_subscription_is_renewed_on_a_new_connection_and_confirmed_again(stage: Stage) -> None:
    node = stage.node()
    redis, channel, got = port(node), stage.keys.live("#a"), list[bytes]()
    confirmed: list[str] = []
    redis.subscribe(channel, got.append, lambda: confirmed.append("again" if confirmed else "first"))
    stage.until(lambda: confirmed == ["first"])
    redis.reconnect(channel, "cut")
    assert not redis.is_up(channel)
    stage.connect(node)
    stage.until(lambda: confirmed == ["first", "again"])
    redis.publish(channel, "x")
    stage.until(lambda: got == [b"x"])


def test_a_subscription_that_is_made_without_a_connection_begins_with_the_next_one(stage: Stage) -> None:
    node = stage.node(connected=False)
    redis, channel, got = port(node), stage.keys.live("#a"), list[bytes]()
    confirmed: list[bool] = []
    redis.subscribe(channel, got.append, lambda: confirmed.append(True))
    stage.connect(node)
    stage.until(lambda: confirmed == [True])
    redis.publish(channel, "x")
    stage.until(lambda: got == [b"x"])


def test_after_its_end_a_subscription_calls_nobody(stage: Stage) -> None:
    node = stage.node()
    redis, channel, got = port(node), stage.keys.live("#a"), list[bytes]()
    confirmed: list[bool] = []
    redis.subscribe(channel, got.append, lambda: confirmed.append(True))
    redis.unsubscribe(channel)  # before the confirmation
    stage.command("PUBLISH", channel, "x")
    stage.round_trip(node)
    redis.reconnect(channel, "cut")
    stage.connect(node)
    stage.command("PUBLISH", channel, "y")
    stage.round_trip(node)
    assert (got, confirmed) == ([], [])


def test_a_reply_comes_after_all_messages_that_were_published_before(stage: Stage) -> None:
    node, order = stage.node(), list[str]()
    redis, channel = port(node), stage.keys.live("#a")
    subscribed: list[bool] = []
    redis.subscribe(channel, lambda _payload: order.append("message"), lambda: subscribed.append(True))
    stage.until(lambda: bool(subscribed))
    stage.command("PUBLISH", channel, "x")
    redis.call(stage.keys.head("#a"), lambda _reply: order.append("reply"), "EXISTS")
    stage.until(lambda: len(order) == 2)
    assert order == ["message", "reply"]
