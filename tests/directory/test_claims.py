"""Claims of nicks: the first one by Redis's clock wins, and only the owner releases."""

import json
from typing import Any

from gateway.chat.session import Session
from gateway.directory.nicks import CLAIM, PROFILE, RECLAIM, RELEASE, NickDirectory
from tests.stage.node import Node
from tests.stage.worlds import Stage


class Silent:
    """A session's output that is ignored."""

    def send(self, line: str) -> None:
        raise AssertionError(line)


def run(stage: Stage, node: Node, script: Any, *words: str) -> Any:
    replies: list[Any] = []
    node.link.run(script, replies.append, (stage.keys.nick("bob"),), *words)
    stage.until(lambda: bool(replies))
    return replies[0]


def holder(stage: Stage) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = stage.command("HGETALL", stage.keys.nick("bob"))
    return found


def test_the_first_claim_holds_and_tells_the_second_who(stage: Stage) -> None:
    one, other = stage.node(), stage.node()
    token = run(stage, one, CLAIM, "g1.0.1", "nick", "Bob")
    assert token.isdigit()
    assert run(stage, other, CLAIM, "g2.0.1", "nick", "bob") == [b"g1.0.1"]
    assert holder(stage) == {b"sid": b"g1.0.1", b"token": token, b"nick": b"Bob"}


def test_the_holder_may_claim_again_and_gets_a_newer_token(stage: Stage) -> None:
    """A claim whose answer was lost is made again."""
    node = stage.node()
    first = run(stage, node, CLAIM, "g1.0.1", "nick", "Bob")
    second = run(stage, node, CLAIM, "g1.0.1", "nick", "BOB")
    assert int(second) > int(first)
    assert holder(stage)[b"nick"] == b"BOB"


def test_tokens_are_in_the_order_of_the_claims(stage: Stage) -> None:
    node = stage.node()
    tokens = []
    for n in range(5):
        tokens.append(int(run(stage, node, CLAIM, f"g1.0.{n}", "nick", "bob")))
        run(stage, node, RELEASE, f"g1.0.{n}")
    assert tokens == sorted(set(tokens))
    assert all(len(str(token)) == 16 for token in tokens), "microseconds since 1970"


def test_only_the_holder_frees(stage: Stage) -> None:
    node = stage.node()
    run(stage, node, CLAIM, "g1.0.1", "nick", "bob")
    assert run(stage, node, RELEASE, "g2.0.1") == 0
    assert holder(stage)[b"sid"] == b"g1.0.1"
    assert run(stage, node, RELEASE, "g1.0.1") == 1
    assert holder(stage) == {}
    assert run(stage, node, RELEASE, "g1.0.1") == 0


def test_only_the_holders_profile_is_written(stage: Stage) -> None:
    node = stage.node()
    assert run(stage, node, PROFILE, "g1.0.1", "away", "=gone") == 0
    assert holder(stage) == {}
    run(stage, node, CLAIM, "g1.0.1", "nick", "bob")
    assert run(stage, node, PROFILE, "g1.0.1", "away", "=gone") == 1
    assert run(stage, node, PROFILE, "g2.0.1", "away", "=never") == 0
    assert holder(stage)[b"away"] == b"=gone"


def test_a_claim_that_was_lost_is_made_again_with_its_old_token(stage: Stage) -> None:
    node = stage.node()
    assert run(stage, node, RECLAIM, "g1.0.1", "", "77", "nick", "bob") == b"77"
    assert holder(stage) == {b"sid": b"g1.0.1", b"token": b"77", b"nick": b"bob"}


def test_a_claim_that_is_there_stays_as_it_is(stage: Stage) -> None:
    node = stage.node()
    token = run(stage, node, CLAIM, "g1.0.1", "nick", "bob")
    assert run(stage, node, RECLAIM, "g1.0.1", "", "77", "nick", "BOB") == token
    assert holder(stage)[b"nick"] == b"bob"


def test_what_another_has_by_now_is_not_claimed_again(stage: Stage) -> None:
    node = stage.node()
    token = run(stage, node, CLAIM, "g2.0.1", "nick", "bob")
    for was in ("", "g1.0.1"):
        assert run(stage, node, RECLAIM, "g3.0.1", was, "77", "nick", "bob") == [b"g2.0.1"]
    assert holder(stage)[b"token"] == token


def test_under_a_new_id_the_old_ones_claim_is_taken_over_with_a_new_token(stage: Stage) -> None:
    node = stage.node()
    token = run(stage, node, CLAIM, "g1.0.1", "nick", "bob")
    newer = run(stage, node, RECLAIM, "g3.0.1", "g1.0.1", "", "nick", "bob")
    assert int(newer) > int(token)
    assert holder(stage)[b"sid"] == b"g3.0.1"


def test_a_release_that_a_failover_took_is_made_again(stage: Stage) -> None:
    """The claim is back with the older data, unless the session has claimed the nick again since."""
    node = stage.node()
    nicks = NickDirectory(node.link, stage.keys, "g1.0")
    told: list[Any] = []
    session = Session("g1.0.1", "irc.test", Silent(), "127.0.0.1", "h", 0.0)
    nicks.claim(session, "bob", told.append)
    stage.until(lambda: len(told) == 1)
    old = holder(stage)
    nicks.release("g1.0.1", "bob", lambda: told.append("released"))
    stage.until(lambda: len(told) == 2)
    stage.command("HSET", stage.keys.nick("bob"), *(word for pair in old.items() for word in pair))
    nicks.link_up()
    stage.round_trip(node)
    assert holder(stage) == {}
    nicks.claim(session, "bob", told.append)
    stage.round_trip(node)
    nicks.link_up()
    stage.round_trip(node)
    assert holder(stage)[b"sid"] == b"g1.0.1"
    nicks.release("g1.0.1", "bob")
    stage.round_trip(node)
    for _ in range(13):
        nicks.age()
    stage.command("HSET", stage.keys.nick("bob"), *(word for pair in old.items() for word in pair))
    nicks.link_up()
    stage.round_trip(node)
    assert holder(stage) == old, "of a minute ago nothing is known any more"


def test_who_gives_up_a_nick_of_another_session_leaves_it_noted_for_the_reaper(stage: Stage) -> None:
    """A session that claimed the nick without success has left. It may be on the owner's gateway."""
    node = stage.node()
    nicks = NickDirectory(node.link, stage.keys, "g1.0")
    nicks.note("bob")
    run(stage, node, CLAIM, "g1.0.1", "nick", "bob")
    done: list[bool] = []
    nicks.release("g1.0.2", "bob", lambda: done.append(True))
    stage.until(lambda: bool(done))
    run(stage, node, RELEASE, "g1.0.3")  # after all effects of the answer
    assert stage.command("SMEMBERS", stage.keys.lane_nicks("g1.0")) in ([b"bob"], {b"bob"})


def test_a_nick_that_another_lane_claims_as_soon_as_it_is_free_stays_noted_for_the_reaper(stage: Stage) -> None:
    """On the same gateway. The lane that released it gets the answer later, and removes only its own record."""
    one, other = stage.node("g1.0"), stage.node("g1.1")
    nicks, others = NickDirectory(one.link, stage.keys, "g1.0"), NickDirectory(other.link, stage.keys, "g1.1")
    nicks.note("bob")
    run(stage, one, CLAIM, "g1.0.1", "nick", "bob")
    others.note("bob")
    stage.round_trip(other)
    freed: list[bool] = []
    nicks.release("g1.0.1", "bob", lambda: freed.append(True))
    stage.until(lambda: bool(freed))
    stage.round_trip(one)
    assert stage.command("SMEMBERS", stage.keys.lane_nicks("g1.0")) in ([], set())
    assert stage.command("SMEMBERS", stage.keys.lane_nicks("g1.1")) in ([b"bob"], {b"bob"})


def test_whoever_watches_a_nick_hears_of_every_change(stage: Stage) -> None:
    """The claim's fields and values as JSON; nothing when it is free. A claim alone is not a user yet."""
    node = stage.node()
    heard: list[bytes] = []
    node.link.subscribe(stage.keys.nick_live("bob"), heard.append, lambda: None)
    stage.round_trip(node)
    run(stage, node, CLAIM, "g1.0.1", "nick", "Bob", "gateway", "g1")
    run(stage, node, PROFILE, "g1.0.1", "realname", "Grüße")
    run(stage, node, RELEASE, "g1.0.1")
    run(stage, node, RECLAIM, "g1.0.1", "", "77", "nick", "Bob", "gateway", "g1")
    stage.round_trip(node)
    first, second, third = [json.loads(payload or b"[]") for payload in heard]
    assert dict(zip(first[::2], first[1::2], strict=True))["realname"] == "Grüße"
    assert second == []
    assert dict(zip(third[::2], third[1::2], strict=True))["token"] == "77"
