"""Data in Redis, or published, that no gateway writes: it is left out, and the lane continues."""

import pytest
from structlog.testing import capture_logs

from gateway.broker.keys import Keys, inbox
from gateway.chat import snapshot, user_status
from tests.fuzz.lanes import Bystander, World
from tests.simulation.server import Connection

KEYS = Keys("f:")


@pytest.fixture
def world() -> World:
    return World()


def publish(world: World, log: str, payload: bytes) -> None:
    world.redis._do_publish(Connection(0), KEYS.live(log).encode(), payload)


def in_order(world: World, log: str, payload: bytes) -> bytes:
    """Return an entry with a header that continues the log, from an unknown lane."""
    epoch, last = (word or b"" for word in world.redis.store.hmget(KEYS.head(log).encode(), b"epoch", b"last"))
    return b"9999999999999-0 %s %s def.0:1\n%s" % (last, epoch, payload)


def goes_on(world: World, bystander: Bystander) -> bool:
    bystander.say("PING :still here")
    world.turn(30)
    return "PONG irc.fuzz :still here" in " ".join(bystander.take())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"x",
        b"a b c\n",
        b"a b c d e\nx",
        b"1-0 \xff\xfe e o\nx",
        b"~",
        b"~\n",
        b"~\nx",
        b"~\ns\r\n:a!b@c TAGMSG\r\n",
        b"~\ns\r\n:a!b@c PRIVMSG #lobby :x\r\n",
    ],
)
def test_a_published_message_that_is_no_entry(world: World, payload: bytes) -> None:
    bystander = Bystander(world, "bob")
    with capture_logs() as logged:
        publish(world, "#lobby", payload)
        publish(world, inbox("abc.0"), payload)
        assert goes_on(world, bystander)
    assert not logged


@pytest.mark.parametrize(
    "line",
    [
        b"PRIVMSG", b":n!u@h PRIVMSG bob", b"NOTICE", b"TAGMSG", b"KILL", b":o!u@h KILL bob", b"INVITE bob", b"QUERY",
        b"QUERY abc.0.q0", b"REPLY", b"REPLY abc.0.q0 :{", b"REPLY abc.0.q0 :{}", b"REPLY abc.0.q0 :[[]]", b"WALLOPS",
    ],
)  # fmt: skip
def test_an_event_in_the_inbox_that_lacks_its_half(world: World, line: bytes) -> None:
    bystander = Bystander(world, "bob")
    to = next(iter(world.lane.parts.clients)).encode()
    log = inbox("abc.0")
    publish(world, log, in_order(world, log, b"def.0.1\r\n@hubbub/to=" + to + b" " + line + b"\r\n"))
    world.turn(5)
    assert [client.session.nick for client in world.lane.parts.clients.values()] == ["bob"]
    assert not [text for text in bystander.take() if "ERROR" in text]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"seats": 1}', '{"seats": [[1]]}', "[" * 5000])
def test_what_is_no_answer_to_a_question_is_none(text: str) -> None:
    assert user_status.read(text) is None


def test_a_snapshot_nested_without_end_is_none() -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        snapshot.load("[" * 100_000)
