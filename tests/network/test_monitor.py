"""MONITOR: users that come and leave, on any gateway (IRCv3 monitor, extended-monitor)."""

import pytest

from tests.network.harness import Broker, Gateway, Network, Peer

Pair = tuple[Gateway, Gateway]


def told(lines: list[str]) -> list[str]:
    """Return the numerics of MONITOR as "code targets", the targets without user and host."""
    found = []
    for line in lines:
        code, _, rest = line.partition(" ")[2].partition(" ")
        if code in ("730", "731", "732", "733", "734"):
            targets = rest.partition(" :")[2].split(",")
            found.append(f"{code} {','.join(target.partition('!')[0] for target in targets)}")
    return found


def test_isupport_tells_the_limit(shared: Network, pair: Pair) -> None:
    """IRCv3 monitor: the MONITOR token in RPL_ISUPPORT."""
    assert any(" MONITOR=100 " in line for line in shared.peer(pair[0], "moisupport").welcome)


def test_whoever_is_added_is_told_of_at_once(shared: Network, pair: Pair) -> None:
    """IRCv3 monitor, "MONITOR + target": RPL_MONONLINE with the mask, RPL_MONOFFLINE."""
    shared.peer(pair[0], "moThere")
    asking = shared.peer(pair[1], "moasking")
    lines = asking.do("MONITOR + mothere,monobody,moasking,no.nick")
    assert told(lines) == ["730 moThere,moasking", "731 monobody"]
    [line] = [line for line in lines if " 730 " in line]
    assert line.startswith(":irc.test 730 moasking :moThere!moThere@")


def test_coming_renaming_and_quitting_are_told_on_every_gateway(shared: Network, pair: Pair) -> None:
    """IRCv3 monitor, "730" and "731": when registered, not before; NICK is offline and online."""
    watchers = [shared.peer(gateway, f"mw{n}") for n, gateway in enumerate(pair)]
    for watcher in watchers:
        assert told(watcher.do("MONITOR + mvone,mvtwo")) == ["731 mvone,mvtwo"]
    mover = shared.peer(pair[0], "mvone", register=False)
    mover.send("NICK mvone", "PING claimed")
    mover.until("PONG")
    for watcher in watchers:
        assert told(watcher.sync()) == [], "a nick that is claimed is not there before its user is registered"
    mover.send("USER u 0 * :u")
    mover.until(" 001 ")
    mover.sync()
    for watcher in watchers:
        assert told(watcher.sync()) == ["730 mvone"]
    mover.do("NICK mvtwo")
    for watcher in watchers:
        assert sorted(told(watcher.sync())) == ["730 mvtwo", "731 mvone"]
    mover.do("NICK MvTwo", "AWAY :x", "JOIN #mv")
    mover.send("QUIT")
    assert mover.is_closed()
    for watcher in watchers:
        assert told(watcher.sync()) == ["731 MvTwo"]


def test_the_list_is_kept_shown_and_cleared(shared: Network, pair: Pair) -> None:
    """IRCv3 monitor, "MONITOR -", "C", "L", "S": no output but for L and S; targets are not added twice."""
    there = shared.peer(pair[0], "mlthere")
    peer = shared.peer(pair[1], "mlpeer")
    assert told(peer.do("MONITOR L")) == ["733 End of MONITOR list"]
    peer.do("MONITOR + mlthere,mlgone", "MONITOR + MLTHERE")
    assert told(peer.do("MONITOR l")) == ["732 mlthere,mlgone", "733 End of MONITOR list"]
    assert told(peer.do("MONITOR S")) == ["730 mlthere", "731 mlgone"]
    assert peer.do("MONITOR - mlgone,mlnever") == []
    assert told(peer.do("MONITOR S")) == ["730 mlthere"]
    assert peer.do("MONITOR C") == []
    assert told(peer.do("MONITOR L", "MONITOR S")) == ["733 End of MONITOR list"]
    there.do("NICK mlelse")
    assert told(peer.sync()) == [], "who is no longer watched is not told of"


def test_a_full_list_names_what_does_not_fit(shared: Network, pair: Pair) -> None:
    """IRCv3 monitor, "734": the limit, and the targets that cannot be added."""
    peer = shared.peer(pair[0], "mffull")
    for start in range(0, 98, 14):
        peer.do(f"MONITOR + {','.join(f'mf{n}' for n in range(start, start + 14))}")
    lines = peer.do("MONITOR + mfa,mfb,mfc,mfd")
    assert told(lines)[0] == "731 mfa,mfb"
    assert lines[-1] == ":irc.test 734 mffull 100 mfc,mfd :Monitor list is full."
    listed = [name for line in told(peer.do("MONITOR L"))[:-1] for name in line.partition(" ")[2].split(",")]
    assert len(listed) == 100
    assert told(peer.do("MONITOR + mfa,mf0")) == ["731 mfa,mf0"], "what is there already needs no place"


@pytest.mark.parametrize(("line", "code"), [("MONITOR", "461"), ("MONITOR +", "461"), ("MONITOR X", "400")])
def test_what_is_no_modifier_is_told_so(shared: Network, pair: Pair, line: str, code: str) -> None:
    """IRCv3 monitor, "MONITOR Command": a modifier, and targets for + and -."""
    peer = shared.peer(pair[0], f"mx{code}{len(line)}")
    assert [answer.split(" ")[1] for answer in peer.do(line)] == [code]


def test_extended_monitor_tells_more_of_those_who_share_no_room(shared: Network, pair: Pair) -> None:
    """IRCv3 extended-monitor: AWAY with away-notify, SETNAME with setname; once, where a room is shared."""
    mover = shared.peer(pair[0], "xmmover", "", "#xm")
    full = shared.peer(pair[1], "xmfull", "extended-monitor away-notify setname")
    beside = shared.peer(pair[1], "xmbeside", "extended-monitor away-notify setname", "#xm")
    half = shared.peer(pair[1], "xmhalf", "extended-monitor away-notify")
    plain = shared.peer(pair[1], "xmplain", "away-notify setname")
    for peer in (full, beside, half, plain):
        peer.do("MONITOR + xmmover")
    mover.do("AWAY :lunch", "SETNAME :Lunch Time", "AWAY", "MODE xmmover +i")
    lines = [line.partition(" ")[2] for line in full.sync()]
    assert lines == ["AWAY :lunch", "SETNAME :Lunch Time", "AWAY"]
    assert [line.partition(" ")[2] for line in beside.sync()] == lines
    assert [line.partition(" ")[2] for line in half.sync()] == ["AWAY :lunch", "AWAY"]
    assert plain.sync() == []


def test_whose_gateway_dies_is_told_gone(network: Network) -> None:
    """IRCv3 monitor, "731": also for a user of a killed gateway, when the lease has expired."""
    first, second = network.gateways(2)
    watcher = network.peer(second, "watcher")
    network.peer(first, "victim")
    assert told(watcher.do("MONITOR + victim")) == ["730 victim"]
    first.kill()
    assert told(watcher.until(" 731 ")) == ["731 victim"]


def test_what_was_missed_while_redis_was_away_is_told_when_it_is_back(broker: Broker, fragile: Network) -> None:
    """IRCv3 monitor: a watcher is notified of users that came meanwhile. Users that stayed are not reported as gone."""
    first, second = fragile.gateways(2, HUBBUB_LEASE_S="60")
    watcher = fragile.peer(second, "watcher")
    fragile.peer(first, "stays")
    comer = Peer(first, "comer", register=False)
    assert told(watcher.do("MONITOR + stays,comer")) == ["730 stays", "731 comer"]
    broker.kill()
    first.wait_log("redis_unavailable")
    second.wait_log("redis_unavailable")
    broker.start()
    first.wait_log("redis_available")
    second.wait_log("redis_available")
    comer.send("NICK comer", "USER u 0 * :u")
    assert told(watcher.until(" 730 ")) == ["730 comer"]
    comer.close()
