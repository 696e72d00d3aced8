"""Addresses of browsers: they are remembered as long as a browser may keep an unused connection."""

import pytest

from gateway import browser_addresses
from gateway.browser_addresses import SPARE_LIFE_S, BrowserAddresses


def test_an_address_is_a_browser_s_for_a_minute_after_its_last_request() -> None:
    now = 100.0
    known = BrowserAddresses(lambda: now)
    known.add("192.0.2.1")
    now += SPARE_LIFE_S - 1
    assert "192.0.2.1" in known
    known.add("192.0.2.1")
    now += SPARE_LIFE_S - 1
    assert "192.0.2.1" in known
    assert "192.0.2.2" not in known
    now += 1
    assert "192.0.2.1" not in known


def test_of_too_many_those_are_forgotten_who_asked_for_nothing_for_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_addresses, "LIMIT", 3)
    known = BrowserAddresses(lambda: 0.0)
    for last in (1, 2, 3, 1, 4):
        known.add(f"192.0.2.{last}")
    assert [f"192.0.2.{last}" in known for last in (1, 2, 3, 4)] == [True, False, True, True]
