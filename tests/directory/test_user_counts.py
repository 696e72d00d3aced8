"""The counts of a network: lanes of one gateway add up, gateways without a lease do not count."""

import json

from gateway.chat.network import GatewayCounts
from gateway.directory.user_counts import gateway_counts


def record(**counts: int) -> bytes:
    nothing = dict.fromkeys(("users", "invisible", "opers", "unknown", "peak"), 0)
    return json.dumps({"name": "irc.test", **nothing, **counts}).encode()


def test_lanes_of_a_gateway_add_up() -> None:
    counts = {b"aaaaaa.0": record(users=2, peak=3), b"aaaaaa.1": record(users=1, opers=1, peak=1)}
    assert gateway_counts([b"aaaaaa"], counts) == [GatewayCounts("aaaaaa", "irc.test", 3, 0, 1, 0, 4)]


def test_only_gateways_with_a_lease_count() -> None:
    counts = {b"aaaaaa.0": record(users=2), b"bbbbbb.0": record(users=1)}
    assert [count.gateway for count in gateway_counts([b"bbbbbb", b"cccccc"], counts)] == ["bbbbbb"]
