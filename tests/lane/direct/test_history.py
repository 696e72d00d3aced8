"""The history of direct messages: its owner, the nicks under which it is found, and its limits."""

import pytest

from gateway.broker.keys import inbox
from gateway.chat.capabilities import CHATHISTORY
from gateway.chat.events import EventId
from gateway.chat.history_access import FIRST, LAST, MESSAGES, PLAYED, Span
from gateway.chat.render import log_mark
from gateway.chat.session import Session
from gateway.lane.direct import history as talks_module
from gateway.lane.direct.history import DirectHistory
from gateway.wire.message import Message, parse

ALL = Span(FIRST, LAST, 100, newest=False, verbs=PLAYED)
BOB = "b.0.1"


class Outlet:
    def send(self, line: str) -> None:
        """An output that nobody reads."""


def session(sid: str, nick: str, caps: int = CHATHISTORY) -> Session:
    made = Session(sid, "irc.test", Outlet(), "127.0.0.1", "host", 0.0)
    made.nick = made.user = nick
    made.caps = caps
    return made


def message(line: str) -> Message:
    parsed = parse(line)
    assert parsed is not None
    return parsed


class World:
    """Alice's lane: the visible users, and the messages of alice and bob."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.talks = DirectHistory(self.names.get)
        self.alice = session("a.0.1", "alice")

    def hear(self, at: int, text: str, nick: str = "bob", sid: str = BOB, verb: str = "PRIVMSG") -> None:
        line = f":{nick}!u@h {verb} alice :{text}" if verb != "TAGMSG" else f"@{text} :{nick}!u@h TAGMSG alice"
        self.talks.received(self.alice, sid, f"{at}-0", 0, "@a.0", message(line))

    def say(self, at: int, text: str, nick: str = "bob", sid: str = BOB, tags: str = "") -> None:
        line = f"@hubbub/to={sid}{tags} :alice!alice@host PRIVMSG {nick} :{text}"
        self.talks.sent(self.alice, EventId(f"{at}-0", 0), message(line))

    def read(self, nick: str, span: Span = ALL, reader: Session | None = None) -> list[str]:
        _, found, _ = self.talks.read(reader or self.alice, nick, span)
        return [past.line.partition(" :")[2] for past in found]


def test_both_directions_are_there_in_order_of_their_time() -> None:
    """IRCv3 chathistory: "the server SHOULD include ... outgoing messages"; a determinate order of any two."""
    world = World()
    world.hear(10, "one")
    world.say(30, "three")
    world.hear(20, "two")  # its log was slower
    name, found, _ = world.talks.read(world.alice, "BOB", ALL)
    assert name == "bob"
    assert [past.line for past in found] == [
        ":bob!u@h PRIVMSG alice :one",
        ":bob!u@h PRIVMSG alice :two",
        ":alice!alice@host PRIVMSG bob :three",
    ]
    assert [past.mark for past in found] == [log_mark(inbox(lane)) for lane in ("a.0", "a.0", "b.0")]


def test_what_two_logs_have_at_one_moment_is_told_apart() -> None:
    """Paging by msgid must neither lose nor duplicate it."""
    world = World()
    world.hear(10, "heard")
    world.say(10, "said")
    _, both, _ = world.talks.read(world.alice, "bob", ALL)
    after = Span(both[0].place, LAST, 9, newest=False)
    before = Span(FIRST, both[1].place, 9, newest=True)
    assert world.talks.read(world.alice, "bob", after)[1] == both[1:]
    assert world.talks.read(world.alice, "bob", before)[1] == both[:1]


def test_another_session_reads_nothing_of_it_whatever_its_nick() -> None:
    """IRCv3 chathistory, "Security Considerations"."""
    world = World()
    world.hear(10, "secret")
    other = session("a.0.2", "alice")
    assert world.read("bob", reader=other) == []
    assert world.talks.latest(other) == []


def test_it_is_found_under_the_nick_of_then_and_of_now() -> None:
    """IRCv3 chathistory: "history involving other nicknames if ... the target nickname has changed"."""
    world = World()
    world.hear(10, "as bob")
    world.names[BOB] = "rob"
    world.say(20, "to rob", nick="rob")
    world.hear(30, "another", nick="bob", sid="c.0.1")
    assert world.read("rob") == ["as bob", "to rob"]
    assert world.read("bob") == ["as bob", "another"]
    assert world.talks.latest(world.alice) == [("rob", 20), ("bob", 30)]
    del world.names[BOB]  # the lane does not know the user any more: the last nick counts
    assert world.read("rob") == ["as bob", "to rob"]


def test_what_is_asked_for_is_cut_out() -> None:
    world = World()
    for at in range(10, 15):
        world.hear(at, f"m{at}")
    world.hear(15, "+draft/react=x", verb="TAGMSG")
    assert world.read("bob", Span(FIRST, LAST, 2, newest=True)) == ["m13", "m14"]
    assert world.read("bob", Span((11, 0, 0, "~"), LAST, 2, newest=False)) == ["m12", "m13"]
    assert len(world.talks.read(world.alice, "bob", ALL)[1]) == 6
    assert len(world.talks.read(world.alice, "bob", Span(FIRST, LAST, 9, newest=False, verbs=MESSAGES))[1]) == 5


def test_typing_is_not_kept() -> None:
    world = World()
    world.hear(10, "+typing=active", verb="TAGMSG")
    assert world.talks.read(world.alice, "bob", ALL)[1] == []


def test_a_message_to_oneself_is_there_once() -> None:
    world = World()
    line = "@hubbub/to=a.0.1 :alice!alice@host PRIVMSG alice :note"
    world.talks.received(world.alice, "a.0.1", "10-0", 3, "@a.0", message(line))
    world.talks.sent(world.alice, EventId("10-0", 3), message(line))
    assert world.read("alice") == ["note"]


def test_what_a_client_sends_again_it_has_sent_once() -> None:
    world = World()
    world.say(10, "hi", tags=";+hubbub/id=x")
    world.say(20, "hi", tags=";+hubbub/id=x")
    world.say(30, "hi", nick="carol", sid="c.0.1", tags=";+hubbub/id=x")
    assert world.read("bob") == ["hi"]
    assert world.read("carol") == ["hi"]


def test_nothing_is_kept_for_who_cannot_ask() -> None:
    world = World()
    world.alice.caps = 0
    world.hear(10, "hi")
    assert world.talks.size_bytes == 0


def test_a_session_keeps_only_so_many_and_the_oldest_go_first() -> None:
    world = World()
    for at in range(talks_module.SESSION_MESSAGES + 7):
        world.hear(at + 1, f"m{at}")
    assert world.read("bob")[0] == "m7"
    span = Span(FIRST, LAST, 10_000, newest=False)
    assert len(world.read("bob", span)) == talks_module.SESSION_MESSAGES


def test_a_session_keeps_only_so_many_bytes() -> None:
    world = World()
    for at in range(talks_module.SESSION_MESSAGES):
        world.hear(at + 1, "x" * 480)
    assert 0 < world.talks.size_bytes <= talks_module.SESSION_BYTES


def test_a_lane_keeps_only_so_many_bytes_the_oldest_of_all_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talks_module, "LANE_BYTES", 3000)
    world = World()
    other = session("a.0.2", "dora")
    world.hear(1, "the oldest")
    for at in range(2, 20):
        world.talks.received(other, BOB, f"{at}-0", 0, "@a.0", message(":bob!u@h PRIVMSG dora :hi"))
    assert world.read("bob") == []
    assert world.talks.size_bytes <= 3000
    assert len(world.read("bob", reader=other)) == 5


def test_it_ends_with_its_session() -> None:
    world = World()
    world.hear(1, "hi")
    world.say(2, "hi")
    world.talks.forget(world.alice)
    assert world.read("bob") == []
    assert world.talks.size_bytes == 0
    world.talks.forget(world.alice)
