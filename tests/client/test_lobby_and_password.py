"""The lobby for users who name no room, and a network that requires a password."""

import itertools

import pytest

from client.events import PasswordRequired
from client.session import Session
from tests.client.fake_gateway import FakeNetwork
from tests.client.fake_server import FakeServer, SharedNetwork
from tests.client.running import running
from tests.client.simulated_user import SimulatedUser


class Guest(SimulatedUser):
    """A client without a named room."""

    def __init__(self, network: FakeNetwork, *rooms: str, password: str = "") -> None:
        super().__init__(network)
        ids = itertools.count()
        self.session = Session(
            "alice", rooms, lambda: f"id{next(ids)}", joins_lobby=not rooms, password=password, backlog=0
        )


def joined(user: SimulatedUser) -> list[str]:
    return [message.params[0] for message in user.sent("JOIN")]


@pytest.mark.parametrize(("token", "room"), [("#hall", "#hall"), (r"#a\x3Db\x5Cc", "#a=b\\c")])
def test_without_a_room_the_lobby_of_the_network_is_joined(token: str, room: str) -> None:
    """hubbub/LOBBY in 005. Its value is escaped as that of NETWORK (Modern IRC)."""
    user = Guest(FakeNetwork(lobby=token))
    user.connect_until("USER")
    assert user.session.awaits_lobby
    assert not user.session.is_settled
    user.run()
    assert joined(user) == [room]
    assert user.session.current_room == room
    user.cut()
    user.connect()
    user.run()
    assert joined(user) == [room], "as any other room that was joined"


def test_a_room_that_is_named_is_joined_instead() -> None:
    user = Guest(FakeNetwork(lobby="#hall"), "#dev").start()
    assert joined(user) == ["#dev"]
    early = Guest(FakeNetwork(lobby="#hall"))
    early.request("JOIN", "#ops")
    assert joined(early.start()) == ["#ops"]


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_network_without_a_lobby_says_what_to_do(token: str) -> None:
    user = Guest(FakeNetwork(lobby=token)).start()
    assert joined(user) == []
    assert "this network has no lobby: /list shows its rooms" in user.statuses()
    assert user.session.is_settled


def test_a_refused_password_is_asked_for_once_and_another_one_is_used() -> None:
    """Modern IRC ERR_PASSWDMISMATCH (464)."""
    network = FakeNetwork(password="sesame")
    user = Guest(network).start()
    asked = [event for event in user.events if isinstance(event, PasswordRequired)]
    assert [(event.address, event.was_refused) for event in asked] == [("fake:6667", False)]
    assert user.session.needs_password
    user.cut()
    user.session.give_password("opal")
    user.start()
    asked = [event for event in user.events if isinstance(event, PasswordRequired)]
    assert [event.was_refused for event in asked] == [False, True]
    user.cut()
    user.session.give_password("sesame")
    user.start()
    assert user.session.is_registered
    assert network.passwords == ["opal", "sesame"]


def test_a_refused_password_of_an_operator_is_an_answer() -> None:
    user = SimulatedUser(FakeNetwork()).start()
    user.hear(":fake 464 alice :Password incorrect")
    assert user.shown("464")
    assert not user.session.needs_password


def test_no_connection_is_made_until_there_is_another_password() -> None:
    shared = SharedNetwork(FakeNetwork(password="sesame"))
    with FakeServer(shared) as server, running(server.address) as client:
        client.until(lambda session: session.needs_password)
        client.until_shown(lambda client: any(isinstance(event, PasswordRequired) for event in client._events))
        client.until(lambda session: not session._connection.address)
        assert not any("no gateway" in text for text in client.statuses())
        client.transport.do(lambda session, _now: session.give_password("sesame"))
        client.until(lambda session: session.is_settled)
        assert server.accepted_count == 2
