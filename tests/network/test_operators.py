"""OPER and the commands of operators, on the whole network."""

import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.network.harness import Gateway, Network, Peer
from tests.network.test_modes import code, modes

Pair = tuple[Gateway, Gateway]

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file of settings with an operator called root."""
    # Cheap parameters: the hash is not under test.
    password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    path = tmp_path_factory.mktemp("operators") / "hubbub.toml"
    path.write_text(f'[operators.root]\npassword_hash = "{password_hash}"\n', "utf-8")
    return path


@pytest.fixture(scope="module")
def pair(shared: Network, settings: Path) -> Pair:
    one, other = shared.gateways(2, "--config", str(settings))
    return one, other


def operator(shared: Network, gateway: Gateway, nick: str) -> Peer:
    peer = shared.peer(gateway, nick)
    told = peer.do(f"OPER root :{PASSWORD}")
    assert code(told, "381") == [":You are now an IRC operator"]
    assert modes(told) == [f"{nick} :+o"]
    return peer


def test_oper_wants_the_right_password_and_takes_its_time(shared: Network, pair: Pair) -> None:
    """Modern IRC "OPER message": RPL_YOUREOPER (381), ERR_PASSWDMISMATCH (464), 461; one wrong try a second."""
    peer = shared.peer(pair[0], "guesser_a")
    began = time.monotonic()
    for name, password in (("root", "wrong"), ("nobody", PASSWORD)):
        assert code(peer.do(f"OPER {name} :{password}"), "464") == [":Password incorrect"]
    assert time.monotonic() - began >= 2
    assert code(peer.do("MODE guesser_a"), "221") == ["+"]
    assert code(peer.do("OPER root"), "461")
    assert PASSWORD not in pair[0].log


def test_operators_see_more_and_are_seen_as_such(shared: Network, pair: Pair) -> None:
    """Modern IRC 313, 338 and "Secret channel mode"; RFC 2812 4.8 and 3.6.1: the * of an operator; LUSERS 252."""
    shared.peer(pair[1], "hidden_a", "", "#hidden_a").do("MODE #hidden_a +s", "MODE hidden_a +i")
    oper = operator(shared, pair[0], "oper_seen")
    told = oper.do("WHOIS hidden_a", "WHO hidden_*", "NAMES #hidden_a", "LIST #hidden_a")
    assert code(told, "338")[0].endswith(".cloak 127.0.0.1 :Is actually using host")
    assert code(told, "319") == ["hidden_a :@#hidden_a"]
    assert [row.split(" ")[4] for row in code(told, "352")] == ["hidden_a"]
    assert code(told, "353") == ["@ #hidden_a :@hidden_a"]
    assert code(told, "322") == ["#hidden_a 1 :"]
    told = shared.peer(pair[1], "plain_a").do("WHOIS oper_seen", "WHO oper_* o", "USERHOST oper_seen", "LUSERS")
    assert code(told, "313") == ["oper_seen :is an IRC operator"]
    assert " oper_seen H* :" in code(told, "352")[0]
    assert code(told, "302")[0].startswith(":oper_seen*=+")
    assert int(code(told, "252")[0].split(" ")[0]) >= 1


def test_without_operators_in_the_settings_nobody_is_one(network: Network) -> None:
    """RFC 2812 3.1.4: ERR_NOOPERHOST (491)."""
    peer = network.peer(network.gateway(), "anyone")
    assert code(peer.do("OPER root :x"), "491")


def test_minus_o_gives_it_up(shared: Network, pair: Pair) -> None:
    """RFC 2812 3.1.5: -o deops oneself; then ERR_NOPRIVILEGES (481)."""
    root = operator(shared, pair[0], "root_b")
    assert code(root.do("MODE root_b"), "221") == ["+o"]
    assert modes(root.do("MODE root_b -o")) == ["root_b :-o"]
    assert code(root.do("REHASH"), "481") == [":Permission Denied- You're not an IRC operator"]


def test_kill_ends_a_session_on_another_gateway(shared: Network, pair: Pair) -> None:
    """Modern IRC "KILL message": the victim sees KILL and ERROR, others a QUIT; 401, 481."""
    root = operator(shared, pair[0], "root_c")
    other = operator(shared, pair[1], "other_c")
    witness = shared.peer(pair[0], "witness_c", "", "#oc")
    victim = shared.peer(pair[1], "victim_c", "", "#oc")
    assert code(witness.do("KILL victim_c :no"), "481")
    assert code(root.do("KILL nobody_c :no"), "401")
    assert code(root.do("KILL victim_c"), "461")
    root.send("KILL victim_c :flooding the room")
    assert victim.until(" KILL ")[-1].endswith(" KILL victim_c :flooding the room")
    assert victim.line() == "ERROR :Closing link: Killed (root_c (flooding the room))"
    for operator_ in (root, other):
        notice = operator_.until(" NOTICE ")[-1]
        assert f" NOTICE {operator_.nick} :*** root_c!root_c@" in notice
        assert notice.endswith(" (operator root) used KILL victim_c: flooding the room")
    seen = witness.until(" QUIT ")
    assert seen[-1].endswith(" QUIT :Killed (root_c (flooding the room))")
    assert not any("***" in line for line in (*seen, *witness.sync()))
    log = pair[0].wait_log("KILL")
    assert '"operator": "root"' in log
    assert "flooding" not in log
    assert '"by": "root_c!root_c@' in pair[1].wait_log("killed")
    assert victim.is_closed()
    assert code(root.do("KILL victim_c :again"), "401")


def test_wallops_reaches_who_asked_for_it_and_operators_everywhere(shared: Network, pair: Pair) -> None:
    """RFC 2812 4.7 WALLOPS; Modern IRC "Wallops user mode"."""
    root = operator(shared, pair[0], "root_d")
    other = operator(shared, pair[1], "other_d")
    listener, deaf = shared.peer(pair[1], "listener_d"), shared.peer(pair[1], "deaf_d")
    listener.do("MODE listener_d +w")
    assert code(deaf.do("WALLOPS :me too"), "481")
    for lines in (root.do("WALLOPS :maintenance at noon"), listener.sync(), other.sync()):
        (line,) = [line for line in lines if " WALLOPS " in line]
        assert line.startswith(":root_d!")
        assert line.endswith(" WALLOPS :maintenance at noon")
    assert not any(" WALLOPS " in line for line in deaf.sync())


def test_rehash_reads_the_settings_again(shared: Network, pair: Pair) -> None:
    """Modern IRC "REHASH message": RPL_REHASHING (382)."""
    root = operator(shared, pair[0], "root_e")
    other = operator(shared, pair[1], "other_e")
    assert code(root.do("REHASH"), "382") == ["settings :Rehashing"]
    pair[0].wait_log("reloaded")
    assert other.until(" used REHASH on ")[-1].startswith(":irc.test NOTICE other_e :*** root_e!")


def test_an_operator_takes_over_a_room_without_operators(shared: Network, pair: Pair) -> None:
    """A network operator may join a room whose operators have all left, and appoint new ones."""
    founder = shared.peer(pair[0], "founder_f", "", "#of")
    heir = shared.peer(pair[1], "heir_f", "", "#of")
    root = operator(shared, pair[0], "root_f")
    assert code(root.do("MODE #of +o heir_f"), "442")  # not while it has an operator
    founder.do("MODE #of +k closed", "PART #of")
    assert code(heir.do("MODE #of +o heir_f"), "482")
    assert code(root.do("JOIN #of"), "366")  # the key does not apply to a network operator
    root.do("MODE #of +o heir_f")
    assert modes(heir.sync()) == ["#of +o heir_f"]
    assert code(root.do("TOPIC #of :mine"), "482")  # it has an operator again


def test_an_operator_takes_back_what_was_said_where_nobody_is_in_charge(shared: Network, pair: Pair) -> None:
    """IRCv3 message-redaction, "server admins"; as MODE and KICK: not while the room has an operator of its own."""
    caps = "message-tags echo-message draft/message-redaction"
    founder = shared.peer(pair[0], "founder_g", "", "#og")
    alice = shared.peer(pair[1], "alice_g", caps, "#og")
    root = operator(shared, pair[0], "root_g")
    root.do(f"CAP REQ :{caps}")
    client_msgid = alice.do("PRIVMSG #og :spam")[-1].partition("msgid=")[2].partition(" ")[0]
    assert " FAIL REDACT REDACT_FORBIDDEN " in root.do(f"REDACT #og {client_msgid}")[-1]
    founder.do("PART #og")
    assert root.do(f"REDACT #og {client_msgid} :no spam") == []
    assert alice.sync()[-1].endswith(f" REDACT #og {client_msgid} :no spam")
