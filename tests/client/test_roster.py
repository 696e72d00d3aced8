"""Members of rooms: joined, left, renamed, ranked, away (RFC 2812, IRCv3 multi-prefix, away-notify, WHOX, monitor)."""

import pytest

from client.buffer import Buffer, BufferKind
from client.roster import Roster
from gateway.wire.message import parse


class Room:
    """A room with alice (us) and @bob, and a conversation with carol."""

    def __init__(self) -> None:
        self.room = Buffer("#a", BufferKind.ROOM)
        self.carol = Buffer("carol", BufferKind.PERSON)
        self.roster = Roster({"#a": self.room, "carol": self.carol})
        self.hear(":alice!a@h JOIN #a", ":gw 353 alice = #a :alice @bob", ":gw 366 alice #a :End")

    def hear(self, *lines: str) -> list[Buffer]:
        touched: list[Buffer] = []
        for line in lines:
            message = parse(line)
            assert message is not None
            touched = self.roster.apply(message, "alice")
        return touched

    def members(self) -> list[str]:
        return [member.prefix + member.nick for member in self.room.sorted_members()]


def test_names_and_joining() -> None:
    room = Room()
    assert room.room.is_joined
    assert room.room.has_all_members
    assert room.members() == ["@bob", "alice"]
    room.hear(":dave!d@h JOIN #a dave_account :Dave")
    assert room.room.members["dave"].account == "dave_account"


@pytest.mark.parametrize(
    ("line", "members"),
    [
        (":bob!b@h PART #a", ["alice"]),
        (":bob!b@h QUIT :bye", ["alice"]),
        (":alice!a@h KICK #a bob", ["alice"]),
        (":bob!b@h KICK #a alice", []),
        (":bob!b@h NICK robert", ["@robert", "alice"]),
        (":gw MODE #a +vo-o alice alice bob", ["@+alice", "bob"]),
        (":gw MODE #a +bkl-o *!*@x key 5 bob", ["alice", "bob"]),
        (":gw MODE #a +o nobody", ["@bob", "alice"]),
        (":gw MODE #a", ["@bob", "alice"]),
    ],
)
def test_changes(line: str, members: list[str]) -> None:
    room = Room()
    room.hear(line)
    assert room.members() == members


def test_prefixes_are_those_of_the_server() -> None:
    room = Room()
    room.roster.support(["PREFIX=(qov)~@+", "CHANMODES=b,k,l,n"])
    room.hear(":gw MODE #a +qk alice key")
    assert room.members() == ["~alice", "@bob"]


def test_away_is_known_from_away_who_and_whox_and_online_from_monitor() -> None:
    room = Room()
    assert room.hear(":bob!b@h AWAY :lunch") == [room.room]
    assert room.room.members["bob"].is_away
    room.hear(":gw 352 alice #a b h gw bob H :0 Bob")
    assert not room.room.members["bob"].is_away
    room.hear(":gw 354 alice 732 #a bob G bobby")
    assert (room.room.members["bob"].is_away, room.room.members["bob"].account) == (True, "bobby")
    assert room.hear(":gw 354 alice 111 #a bob H 0") == [], "the answer to a WHO of the user"
    room.hear(":gw 730 alice :carol!c@h")
    assert room.carol.is_joined
    room.hear(":carol!c@h AWAY :x", ":gw 731 alice :carol")
    assert (room.carol.is_joined, room.carol.is_away) == (False, False)
