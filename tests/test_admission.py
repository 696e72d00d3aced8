"""Connections counted by address."""

import pytest

from gateway.admission import Admission, RateLimit, is_local


def test_an_address_has_as_many_as_the_limit() -> None:
    admit = Admission(2)
    assert [admit("192.0.2.1", 1) for _ in range(3)] == [True, True, False]
    assert admit("192.0.2.2", 1)
    admit("192.0.2.1", -1)
    assert [admit("192.0.2.1", 1) for _ in range(2)] == [True, False]


def test_a_limit_may_change_and_0_is_none() -> None:
    admit = Admission(0)
    assert all(admit("192.0.2.1", 1) for _ in range(100))
    admit.limit = 100
    assert not admit("192.0.2.1", 1)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "unix"])
def test_loopback_and_unix_sockets_are_local(peer: str) -> None:
    assert is_local(peer)


@pytest.mark.parametrize("peer", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0"])
def test_other_addresses_are_not(peer: str) -> None:
    assert not is_local(peer)


def test_a_site_of_ipv6_is_one_address() -> None:
    """RFC 6177: a site has at least a /64."""
    admit = Admission(1)
    assert admit("2001:db8:0:1::1", 1)
    assert not admit("2001:db8:0:1:ffff::2%eth0", 1)
    assert admit("2001:db8:0:2::1", 1)


def test_ipv4_in_ipv6_is_the_ipv4_address() -> None:
    admit = Admission(1)
    assert admit("192.0.2.1", 1)
    assert not admit("::ffff:192.0.2.1", 1)


class Clock:
    now = 100.0


def rated(rate: float = 2.0, burst: int = 3) -> tuple[Admission, Clock]:
    clock = Clock()
    return Admission(0, rate, burst, lambda: clock.now), clock


def test_an_address_connects_so_fast_and_no_faster() -> None:
    admit, clock = rated()
    assert [admit("192.0.2.1", 1) for _ in range(4)] == [True, True, True, False]
    assert admit("192.0.2.2", 1)
    clock.now += 1.0
    assert [admit("192.0.2.1", 1) for _ in range(3)] == [True, True, False]
    assert (admit.refused_fast, admit.refused_many) == (2, 0)


def test_a_refused_connection_costs_nothing() -> None:
    admit, clock = rated()
    for _ in range(100):
        admit("192.0.2.1", 1)
    clock.now += 0.5
    assert admit("192.0.2.1", 1)


def test_a_connection_that_ends_gives_no_other_in_its_place() -> None:
    admit, _ = rated()
    for _ in range(3):
        assert admit("192.0.2.1", 1)
        admit("192.0.2.1", -1)
    assert not admit("192.0.2.1", 1)


def test_a_site_of_ipv6_has_one_rate_and_a_rate_of_0_is_none() -> None:
    admit, _ = rated()
    assert [admit(f"2001:db8:0:1::{n}", 1) for n in range(4)] == [True, True, True, False]
    admit.rate = 0
    assert admit("2001:db8:0:1::9", 1)


def test_addresses_that_were_quiet_are_forgotten_and_never_too_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.admission.RECENT_LIMIT", 10)
    admit, clock = rated()
    for n in range(200):
        assert admit(f"192.0.2.{n}", 1)
    assert len(admit._recent) <= 10
    clock.now += 60
    for n in range(200, 210):
        admit(f"192.0.2.{n}", 1)
    assert len(admit._recent) == 10
    clock.now += 60
    for n in range(20):
        clock.now += 2
        admit(f"198.51.100.{n}", 1)
    assert len(admit._recent) <= 2


def test_an_address_makes_so_many_rooms_in_an_hour() -> None:
    clock = Clock()
    limit = RateLimit(2 / 3600, 2, lambda: clock.now)
    assert [limit.take("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert limit.take("192.0.2.2")
    clock.now += 1801
    assert [limit.take("192.0.2.1") for _ in range(2)] == [True, False]
    limit.rate = 0
    assert limit.take("192.0.2.1")
