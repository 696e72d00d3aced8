"""After a stall no client is read before the lease and the replicas are checked."""

from collections.abc import Callable

from gateway.lane.loop.stall_guard import GIVE_UP_S, StallGuard
from tests.fuzz.lanes import Bystander, World


class Heart:
    beats = 7


def stall_guard() -> tuple[StallGuard, Heart, list[Callable[[], None]]]:
    heart = Heart()
    return StallGuard(5.0, lambda: heart.beats), heart, []


def test_turns_in_time_are_no_absence() -> None:
    one, _, _ = stall_guard()
    assert not one.turn_began(100.0)
    assert not one.turn_began(104.9)
    assert one.may_read(104.9)


def test_clients_are_read_again_after_a_beat_and_the_folds() -> None:
    one, heart, folded = stall_guard()
    one.turn_began(100.0)
    assert one.turn_began(105.1)
    one.check(105.1, folded.append)
    assert not one.may_read(105.1)
    folded[0]()
    assert not one.may_read(105.2), "the lease is not checked yet"
    heart.beats += 1
    assert one.may_read(105.3)


def test_the_lease_alone_is_not_enough() -> None:
    one, heart, folded = stall_guard()
    one.check(105.1, folded.append)
    heart.beats += 1
    assert not one.may_read(105.2)


def test_while_redis_is_away_clients_are_read_after_a_while() -> None:
    one, _, folded = stall_guard()
    one.check(105.0, folded.append)
    assert one.may_read(105.0 + GIVE_UP_S)
    assert one.may_read(105.1 + GIVE_UP_S)


def test_who_spoke_while_the_lane_stood_still_is_not_silent() -> None:
    """Input that came meanwhile is read only after the check of the lease. Until then no client times out."""
    world = World()
    bystander = Bystander(world, "bob")
    world.time_s += 600
    bystander.say("PING :still here")
    world.turn(400)  # until the next beat of the lease
    assert "PONG irc.fuzz :still here" in " ".join(bystander.take())
