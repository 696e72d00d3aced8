"""The network's password: PASS, and the answer to a wrong one (Modern IRC "PASS message")."""

import pytest

from tests.network.harness import Network
from tests.network.test_websocket import TEXT, dial

WITHOUT = ["NICK ann", "USER ann 0 * :Ann"]
WRONG = ["CAP LS 302", "PASS :opal", "NICK ann", "USER ann 0 * :Ann", "CAP END"]
PASSWORD = "sesame open"


@pytest.mark.parametrize("registration", [WITHOUT, WRONG])
def test_a_wrong_password_is_answered_by_464_and_error(network: Network, registration: list[str]) -> None:
    """Modern IRC "ERR_PASSWDMISMATCH (464)", "ERROR message": the two lines by which a client can ask for another."""
    gateway = network.gateway(HUBBUB_PASSWORD=PASSWORD)
    peer = network.peer(gateway, register=False)
    peer.send(*registration)
    assert peer.until(" 464 ")[-1] == ":irc.test 464 * :Password incorrect"
    assert peer.line() == "ERROR :Closing link: Bad password"
    assert peer.is_closed()
    right = network.peer(gateway, register=False)
    right.send("PASS :sesame open", *WITHOUT)
    assert right.until(" 001 ")


def test_over_a_websocket_the_same_two_lines_come_before_the_close(network: Network) -> None:
    """IRCv3 websocket; Modern IRC "ERR_PASSWDMISMATCH (464)"."""
    gateway = network.gateway(HUBBUB_PASSWORD=PASSWORD)
    with dial(gateway, TEXT) as websocket:
        for line in WRONG:
            websocket.send(line)
        lines = [str(line) for line in websocket]
    assert lines[-2:] == [":irc.test 464 * :Password incorrect", "ERROR :Closing link: Bad password"]
