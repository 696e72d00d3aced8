"""The time of an append: at once if the lane is idle, after a moment if that saves work."""

from gateway.lane.loop.batch_delay import COUNTING_S, GATHER_S, GATHERED_ENOUGH, BatchDelay


def busy() -> BatchDelay:
    pacing = BatchDelay(0.0)
    for i in range(1, 20):
        pacing.count(i * COUNTING_S, 300)
    return pacing


def test_an_idle_lane_never_waits() -> None:
    pacing = BatchDelay(0.0)
    assert pacing.may_send(1.0, 1)
    assert pacing.may_send(1.0, 100)


def test_a_busy_lane_gathers_a_small_batch_for_a_moment() -> None:
    pacing = busy()
    assert not pacing.may_send(10.0, 1)
    assert pacing.until == 10.0 + GATHER_S
    assert not pacing.may_send(10.0 + GATHER_S / 2, 2)
    assert pacing.may_send(10.0 + GATHER_S, 2)
    assert pacing.until == 0.0


def test_a_large_batch_goes_at_once() -> None:
    assert busy().may_send(10.0, GATHERED_ENOUGH)


def test_a_long_fan_out_is_worth_an_eighth_of_it() -> None:
    pacing = BatchDelay(0.0)
    for _ in range(20):
        pacing.fanned_out(0.008)
    assert not pacing.may_send(1.0, 60)
    assert 1.0 + 0.0009 < pacing.until < 1.0 + 0.0011
    assert pacing.may_send(1.0011, 60)


def test_a_lane_that_is_idle_again_stops_waiting() -> None:
    pacing = busy()
    for i in range(20, 40):
        pacing.count(i * COUNTING_S, 0)
    assert pacing.may_send(100.0, 1)
