"""The public rooms of the network: requested once, and always answered."""

from client.events import ListedRoom, RoomsListed
from client.room_directory import ANSWER_LIMIT_S
from client.session import Session
from tests.client.fake_gateway import FakeNetwork
from tests.client.talk import Talk


def ask(talk: Talk) -> None:
    talk.session.list_rooms(talk.now)
    talk.events += talk.session.take_events()


def answers(talk: Talk) -> list[RoomsListed]:
    return [event for event in talk.events if isinstance(event, RoomsListed)]


def asked(talk: Talk) -> int:
    return talk.session.take_output().decode().count("LIST\r\n")


def test_a_list_is_collected_until_its_end_and_shown_to_nobody() -> None:
    """RFC 2812 3.2.6."""
    talk = Talk(FakeNetwork()).start()
    ask(talk)
    ask(talk)
    assert asked(talk) == 1
    talk.hear(
        ":gw 321 alice Channel :Users  Name",
        ":gw 322 alice #a 2 :What it is \x02about\x02",
        ":gw 322 alice #b 10 :",
        ":gw 322 alice #c many :x",
        ":gw 322 alice #d,0 9 :JOIN would leave all rooms",
        ":gw 323 alice :End of /LIST",
    )
    rooms = (ListedRoom("#b", 10, ""), ListedRoom("#a", 2, "What it is about"), ListedRoom("#c", 0, "x"))
    assert [event.rooms for event in answers(talk)] == [rooms]
    assert talk.shown("322") == []
    talk.hear(":gw 322 alice #d 1 :by /raw LIST", ":gw 323 alice :End of /LIST")
    assert len(talk.shown("322")) == len(talk.shown("323")) == 1


def test_every_request_is_answered() -> None:
    session = Session("alice", [], lambda: "id")
    session.list_rooms(0.0)
    assert [event.problem for event in session.take_events() if isinstance(event, RoomsListed)] == [
        "there is no connection"
    ]
    talk = Talk(FakeNetwork()).start()
    ask(talk)
    talk.hear(":gw 263 alice LIST :Please wait a while and try again.")
    ask(talk)
    talk.hear(":gw 322 alice #a 2 :x")
    talk.pass_time(ANSWER_LIMIT_S)
    ask(talk)
    talk.cut()
    talk.events += talk.session.take_events()
    assert [event.problem for event in answers(talk)] == [
        "the gateway is too busy: try again later",
        "the gateway does not answer",
        "the connection is lost",
    ]
    assert [len(event.rooms) for event in answers(talk)] == [0, 1, 0]
