"""The lanes of all gateways that have a lease."""

from typing import Any

import hiredis
import pytest

from gateway.broker.keys import Keys
from gateway.broker.port import LOST
from gateway.directory.lanes import lanes
from tests.stage.parts import RedisPort

KEYS = Keys("t:")


def asked() -> tuple[RedisPort, list[Any]]:
    redis, found = RedisPort(), list[Any]()
    port: Any = redis
    lanes(port, KEYS, found.append)
    return redis, found


def test_each_gateway_is_asked_for_its_number_of_lanes() -> None:
    redis, found = asked()
    assert redis.answer("ZRANGE", [b"aaa", b"bbb"])[1] == KEYS.gateways
    assert found == []
    assert redis.answer("HGET", b"2") == ("HGET", KEYS.gateway_info("aaa"), "lanes")
    assert found == []
    redis.answer("HGET", b"1")
    assert found == [["aaa.0", "aaa.1", "bbb.0"]]


@pytest.mark.parametrize("number", [None, LOST], ids=repr)
def test_a_gateway_that_has_just_ended_has_no_lanes(number: Any) -> None:
    redis, found = asked()
    redis.answer("ZRANGE", [b"aaa", b"bbb"])
    redis.answer("HGET", b"1")
    redis.answer("HGET", number)
    assert found == [["aaa.0"]]


@pytest.mark.parametrize("reply", [[], LOST, hiredis.ReplyError("ERR")], ids=repr)
def test_without_gateways_or_an_answer_it_is_that(reply: Any) -> None:
    redis, found = asked()
    redis.answer("ZRANGE", reply)
    assert len(found) == 1
    assert found[0] is reply
    assert redis.commands == []
