"""Connections counted by address."""

import pytest

from gateway.admission import Admission


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


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "unix"])
def test_loopback_and_unix_sockets_have_no_limit(address: str) -> None:
    admit = Admission(1)
    assert all(admit(address, 1) for _ in range(3))


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
