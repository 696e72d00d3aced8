"""The token bucket, on a clock of its own."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.chat.flood import TokenBucket


def test_a_burst_is_free_and_the_next_line_goes_on_credit() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=100.0)
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, True]
    assert bucket.ready_in(100.0) == 0
    assert not bucket.take(100.0)
    assert bucket.ready_in(100.0) == 0.5
    assert bucket.ready_in(100.25) == 0.25
    assert bucket.ready_in(200.0) == 0


def test_silence_fills_it_up_to_the_burst_and_no_further() -> None:
    bucket = TokenBucket(rate=1, burst=2, now=0.0)
    assert [bucket.take(1000.0) for _ in range(3)] == [True, True, False]


@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.lists(st.floats(0, 2, allow_nan=False), max_size=80),
)
def test_in_the_long_run_the_rate_holds_for_who_waits_as_told(rate: int, burst: int, pauses: list[float]) -> None:
    bucket, now = TokenBucket(rate, burst, 0.0), 0.0
    for pause in pauses:
        now += pause + bucket.ready_in(now + pause)
        bucket.take(now)
    assert len(pauses) <= burst + rate * now + 1 + 1e-6
