"""The gateway's log, metrics and arguments contain no secret and no text of a message."""

import json
import select
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tests.network.harness import Gateway, Network, get

MARK = "s3cr3t"
"""A part of each secret and of each message."""


@pytest.fixture
def gateway(network: Network, tmp_path: Path) -> Gateway:
    config, password, cloak = tmp_path / "c.toml", tmp_path / "password", tmp_path / "cloak"
    config.write_text(f'[operators.boss]\npassword_hash = "{PasswordHasher().hash(f"{MARK}-oper")}"\n')
    password.write_text(f"{MARK}-pass\n")
    cloak.write_text(f"{MARK}-cloak\n")
    return network.gateway(
        *("--config", str(config), "--admin", "127.0.0.1:0"),
        HUBBUB_PASSWORD_FILE=str(password),
        HUBBUB_CLOAK_KEY_FILE=str(cloak),
    )


def test_what_is_secret_stays_so(network: Network, gateway: Gateway, tmp_path: Path) -> None:
    wrong = network.peer(gateway)
    wrong.send(f"PASS {MARK}-wrong", "NICK wrong", "USER w 0 * :w")
    assert wrong.is_closed()
    peer = network.peer(gateway)
    peer.send(f"PASS {MARK}-pass", "NICK ann", "USER ann 0 * :ann")
    peer.until(" 001 ")
    peer.do(f"JOIN #room {MARK}-key", f"MODE #room +k {MARK}-key", f"TOPIC #room :{MARK}-topic")
    peer.do(f"PRIVMSG #room :{MARK}-said", f"PRIVMSG ann :{MARK}-whispered", f"AWAY :{MARK}-away")
    peer.do(f"OPER boss {MARK}-wrong", f"OPER {MARK}-name {MARK}-oper", f"NOSUCH {MARK}-typed")
    assert " 381 ann " in " ".join(peer.do(f"OPER boss {MARK}-oper"))
    (tmp_path / "c.toml").write_text(f'password = "{MARK}-new"\nlanes = "{MARK}"\n[operators.boss]\nhash = "{MARK}"\n')
    peer.send("REHASH")
    refused = gateway.wait_log("reload_failed")
    assert "operators.boss" in refused
    peer.send(f"QUIT :{MARK}-bye")
    assert peer.is_closed()
    _, metrics = get(json.loads(gateway.wait_log("admin"))["port"], "/metrics")
    assert gateway.stop() == 0
    assert '"closed"' in gateway.log
    assert MARK not in gateway.log
    assert MARK not in metrics


@pytest.mark.parametrize("form", ["console", "json"])
def test_an_address_of_redis_that_cannot_be_reached_is_told_without_its_password(network: Network, form: str) -> None:
    unreachable = Network(f"redis://user:{MARK}@127.0.0.1:1/0", "x:")
    try:
        gateway = unreachable.start("--log-format", form)
        while "redis_unreachable" not in gateway.log:
            assert gateway.process.poll() is None, gateway.log
            select.select([], [], [], 0.01)  # the log is a file, which no selector can wait for
        assert gateway.stop() == 0
        assert MARK not in gateway.log
    finally:
        unreachable.close()


@pytest.mark.parametrize(
    "url", [f"redis://u:{MARK}/x@h:1/0", f"redis://u:{MARK}#x@h/0", f"rediss://:{MARK}?x@h", f"redis://:[{MARK}@h"]
)
def test_an_address_of_redis_that_cannot_be_read_is_told_in_a_line_without_it(network: Network, url: str) -> None:
    unreadable = Network(url, "x:")
    try:
        gateway = unreadable.start()
        assert gateway.process.wait(60) == 2
        assert "%2F" in gateway.log
        assert len(gateway.log.splitlines()) == 1
        assert MARK not in gateway.log
    finally:
        unreadable.close()


def test_nobody_holds_a_nick_without_the_network_s_password(network: Network) -> None:
    gateway = network.gateway(HUBBUB_PASSWORD=f"{MARK}-pass")
    for number, said in enumerate((["NICK ann"], ["PASS wrong", "CAP LS 302", "NICK ann", "USER a 0 * :a"])):
        squatter = network.peer(gateway)
        squatter.send(*said, "PING :there")
        assert " 433 " not in "".join(squatter.until("PONG"))
        ann = network.peer(gateway)
        ann.send("CAP LS 302", "NICK ann", "USER ann 0 * :ann", f"PASS {MARK}-pass", "CAP END")  # PASS may come late
        assert " 001 ann " in ann.until(" 001 ")[-1], number
        ann.send("QUIT")
        assert ann.is_closed()
