"""When a PING is due, and what its PONG confirms."""

from client.pings import CONFIRM_WITHIN_S, FIRST_PING_S, KEEPALIVE_S, Pings


def pings() -> Pings:
    tokens = iter("abcdef")
    return Pings(lambda: next(tokens), 0.0)


def test_the_first_ping_comes_soon_after_the_welcome_and_the_next_after_the_interval() -> None:
    sent = pings()
    sent.welcomed(100.0)
    assert sent.due((), 100.0 + FIRST_PING_S - 0.1, has_echo=True, is_last=False) is None
    first = sent.due((), 100.0 + FIRST_PING_S, has_echo=True, is_last=False)
    assert first is not None
    assert sent.due((), 1000.0, has_echo=True, is_last=False) is None, "one PING is outstanding at a time"
    assert sent.answered(first.token, 103.0) is first
    assert sent.due((), 102.0 + KEEPALIVE_S - 0.1, has_echo=True, is_last=False) is None
    assert sent.due((), 102.0 + KEEPALIVE_S, has_echo=True, is_last=False) is not None


def test_a_message_without_an_echo_is_confirmed_by_a_ping_at_once_where_there_are_no_echoes() -> None:
    ping = pings().due(("m1",), 1.0, has_echo=False, is_last=False)
    assert ping is not None
    assert ping.covers == ("m1",)


def test_a_message_whose_echo_is_late_gets_a_ping_after_its_time() -> None:
    sent = pings()
    assert sent.due((), 1.0, has_echo=True, is_last=False) is None
    assert sent.due(("m1",), 1.0 + CONFIRM_WITHIN_S - 0.1, has_echo=True, is_last=False) is None
    assert sent.due(("m1", "m2"), 1.0 + CONFIRM_WITHIN_S, has_echo=True, is_last=False) is not None


def test_a_fail_ping_revokes_the_promise_of_the_outstanding_ping_only() -> None:
    sent = pings()
    assert not sent.revoke_promise()
    ping = sent.due((), 1.0, has_echo=True, is_last=True)
    assert ping is not None
    assert ping.is_last
    assert sent.revoke_promise()
    assert sent.answered("another", 2.0) is None
    assert sent.answered(ping.token, 2.0) is ping
    assert not ping.is_promise
