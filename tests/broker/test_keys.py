"""The names of keys: what belongs together has one slot in Redis Cluster, and networks share nothing."""

import re
from itertools import chain

from gateway.broker.keys import Keys, inbox


def tag(key: str) -> str:
    """The part of a key that decides its slot."""
    found = re.search(r"\{(.+?)\}", key)
    return found.group(1) if found else key


def test_the_keys_and_the_channel_of_one_log_have_one_slot() -> None:
    keys = Keys("p:")
    for name in ("#room", inbox("gw1.0"), "#{odd}"):
        named = [kind(name) for kind in (keys.log, keys.head, keys.base, keys.rejected, keys.live)]
        assert len({tag(key) for key in named}) == 1
        assert len(set(named)) == 5


def test_a_nick_s_claim_and_its_channel_have_one_slot() -> None:
    keys = Keys("p:")
    assert tag(keys.nick("ann")) == tag(keys.nick_live("ann"))


def test_two_prefixes_have_no_key_in_common() -> None:
    def names(keys: Keys) -> set[str]:
        logs = ([kind("#a") for kind in (keys.log, keys.head, keys.base, keys.rejected, keys.live)], [keys.gateways])
        lanes = [keys.lane_rooms("gw1.0"), keys.lane_nicks("gw1.0"), keys.probe("gw1.0"), keys.gateway_info("gw1")]
        return {*chain(*logs), *lanes, keys.rooms, keys.stats, keys.secrets, keys.nick("a"), keys.whowas("a")}

    assert not names(Keys("p:")) & names(Keys("q:"))


def test_each_lane_has_its_own_keys() -> None:
    keys = Keys("p:")
    assert keys.lane_rooms("gw1.0") != keys.lane_rooms("gw1.1")
    assert keys.lane_nicks("gw1.0") != keys.lane_nicks("gw1.1")
    assert keys.probe("gw1.0") != keys.probe("gw1.1")
