"""The public rooms of the network: requested once, and always answered."""

from client.events import ListedRoom, RoomsListed
from client.room_directory import ANSWER_LIMIT_S
from client.session import Session
from tests.client.fake_gateway import FakeNetwork
from tests.client.simulated_user import SimulatedUser


def ask(user: SimulatedUser) -> None:
    user.session.list_rooms(user.now)
    user.events += user.session.take_events()


def answers(user: SimulatedUser) -> list[RoomsListed]:
    return [event for event in user.events if isinstance(event, RoomsListed)]


def asked(user: SimulatedUser) -> int:
    return user.session.take_output().decode().count("LIST\r\n")


def test_a_list_is_collected_until_its_end_and_shown_to_nobody() -> None:
    """RFC 2812 3.2.6."""
    user = SimulatedUser(FakeNetwork()).start()
    ask(user)
    ask(user)
    assert asked(user) == 1
    user.hear(
        ":gw 321 alice Channel :Users  Name",
        ":gw 322 alice #a 2 :What it is \x02about\x02",
        ":gw 322 alice #b 10 :",
        ":gw 322 alice #c many :x",
        ":gw 322 alice #d,0 9 :JOIN would leave all rooms",
        ":gw 323 alice :End of /LIST",
    )
    rooms = (ListedRoom("#b", 10, ""), ListedRoom("#a", 2, "What it is about"), ListedRoom("#c", 0, "x"))
    assert [event.rooms for event in answers(user)] == [rooms]
    assert user.shown("322") == []
    user.hear(":gw 322 alice #d 1 :by /raw LIST", ":gw 323 alice :End of /LIST")
    assert len(user.shown("322")) == len(user.shown("323")) == 1


def test_every_request_is_answered() -> None:
    session = Session("alice", [], lambda: "id")
    session.list_rooms(0.0)
    assert [event.problem for event in session.take_events() if isinstance(event, RoomsListed)] == [
        "there is no connection"
    ]
    user = SimulatedUser(FakeNetwork()).start()
    ask(user)
    user.hear(":gw 263 alice LIST :Please wait a while and try again.")
    ask(user)
    user.hear(":gw 322 alice #a 2 :x")
    user.pass_time(ANSWER_LIMIT_S)
    ask(user)
    user.cut()
    user.events += user.session.take_events()
    assert [event.problem for event in answers(user)] == [
        "the gateway is too busy: try again later",
        "the gateway does not answer",
        "the connection is lost",
    ]
    assert [len(event.rooms) for event in answers(user)] == [0, 1, 0]
