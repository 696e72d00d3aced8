"""MONITOR: a published change is reported at once, and reading the claim corrects lost ones."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, OnMessage, OnSubscribed, RedisPort
from gateway.chat.capabilities import AWAY_NOTIFY, EXTENDED_MONITOR
from gateway.chat.session import Session
from gateway.lane.features.monitor import Monitor

BOB = {"sid": "g1.0.1", "nick": "Bob", "user": "u", "host": "h", "realname": "Bob", "signon": "5", "registered": "1"}


class Lines(list[str]):
    """An outlet that records its lines."""

    send = list.append


class Watcher:
    """A client that shares no room with another user."""

    def __init__(self, caps: int = 0) -> None:
        self.lines = Lines()
        self.session = Session("g9.0.1", "irc.test", self.lines, "127.0.0.1", "h", 0.0)
        self.session.nick, self.session.caps = "ann", caps

    def told(self) -> list[str]:
        lines = [line.removeprefix(":irc.test ") for line in self.lines]
        self.lines.clear()
        return lines


class World:
    """A monitor on a link that does nothing, and the claim of one nick."""

    def __init__(self) -> None:
        self.subscribed: dict[str, OnMessage] = {}
        self.claim: dict[str, str] | None = None
        self.is_up = True
        self.looks = 0
        self.delayed: list[Callable[[], None]] = []
        self.keys = Keys("p:")
        self.monitor = Monitor(cast(RedisPort, self), self.keys, self._find, lambda _s, call: self.delayed.append(call))

    def subscribe(self, channel: str, on_message: OnMessage, _on_subscribed: OnSubscribed) -> None:
        self.subscribed[channel] = on_message

    def unsubscribe(self, channel: str) -> None:
        del self.subscribed[channel]

    def _find(self, nick: str, done: Callable[[Any], None]) -> None:
        self.looks += 1
        claim = {key.encode(): value.encode() for key, value in (self.claim or {}).items()}
        done(claim if self.is_up else LOST)

    def publish(self, claim: dict[str, str] | None) -> None:
        self.claim = claim
        payload = json.dumps([word for pair in claim.items() for word in pair]) if claim else ""
        self.subscribed[self.keys.nick_live("bob")](payload.encode())

    def watch(self, caps: int = 0) -> Watcher:
        watcher = Watcher(caps)
        self.monitor.add(watcher.session, ["BOB"])
        return watcher


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_published_is_told_at_once_and_once(world: World) -> None:
    """IRCv3 monitor: RPL_MONONLINE with the mask, RPL_MONOFFLINE with the nick."""
    watcher = world.watch()
    world.publish(BOB | {"registered": ""})
    assert watcher.told() == [], "a nick that is claimed, and its user not yet registered"
    world.publish(BOB)
    world.publish(BOB)
    assert watcher.told() == ["730 ann :Bob!u@h"]
    world.publish(None)
    assert watcher.told() == ["731 ann :Bob"]


def test_what_was_not_heard_is_found_by_looking(world: World) -> None:
    watcher = world.watch()
    world.claim = BOB
    world.monitor.poll()
    assert watcher.told() == ["730 ann :Bob!u@h"]


def test_a_claim_that_is_missing_once_may_have_been_lost_with_redis_s_data(world: World) -> None:
    """The owner's lane makes it again. If not, the second look-up reports the nick as free."""
    world.claim = BOB
    watcher = world.watch()
    world.claim = None
    world.monitor.poll()
    world.publish(BOB)
    world.delayed.pop()()
    assert watcher.told() == []
    world.claim = None
    world.monitor.link_up()
    assert watcher.told() == []
    world.delayed.pop()()
    assert watcher.told() == ["731 ann :Bob"]


def test_while_redis_is_away_nobody_is_told_anything(world: World) -> None:
    world.claim = BOB
    watcher = world.watch()
    world.is_up = False
    world.monitor.poll()
    world.monitor.poll()
    assert watcher.told() == []


def test_a_user_whose_gateway_took_a_new_id_has_not_left(world: World) -> None:
    world.claim = BOB
    watcher = world.watch()
    world.publish(BOB | {"sid": "g2.0.1"})
    assert watcher.told() == []
    world.publish(BOB | {"sid": "g3.0.1", "signon": "9"})
    assert watcher.told() == ["731 ann :Bob", "730 ann :Bob!u@h"], "somebody else has the nick now"


def test_what_is_no_profile_is_nobody_s(world: World) -> None:
    watcher = world.watch()
    for payload in (b"x", b"[1", b"7", b'["sid"]', b"\xff", b"[[]]"):
        world.subscribed[world.keys.nick_live("bob")](payload)
    assert watcher.told() == []


def test_news_go_to_those_who_asked_for_them(world: World) -> None:
    """IRCv3 extended-monitor: with away-notify as well; SETNAME only with setname."""
    world.claim = BOB
    full, half = world.watch(EXTENDED_MONITOR | AWAY_NOTIFY), world.watch(AWAY_NOTIFY)
    world.publish(BOB | {"away": "=out", "realname": "Robert"})
    assert full.told() == [":Bob!u@h AWAY :out"]
    assert half.told() == []


def test_a_channel_is_left_with_the_last_who_watches(world: World) -> None:
    one, other = world.watch(), world.watch()
    assert list(world.subscribed) == ["p:{nick:bob}:live"]
    assert dict(world.monitor.targets(one.session)) == {"bob": "BOB"}
    world.monitor.forget(one.session)
    assert list(world.subscribed) == ["p:{nick:bob}:live"]
    world.monitor.remove(other.session, ["bob", "eve"])
    assert list(world.subscribed) == []
    looks = world.looks
    world.monitor.poll()
    assert world.looks == looks
