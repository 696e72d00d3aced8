"""What a person sees of what a session tells: by example, over the fake network."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.buffer import ENTRIES_LIMIT, BufferKind, Entry, EntryKind, SendResult
from client.buffer_list import Aspect, Change
from client.buffers import Buffers
from client.events import ConnectionState, Received
from client.typing_and_read_markers import TypingState
from gateway.wire.message import Message
from tests.client.fake_gateway import ALL_CAPS, MODERN_CAPS, FakeNetwork
from tests.client.simulated_user import SimulatedUser


class Seat:
    """A user of a client, with the actions and the display."""

    def __init__(self, network: FakeNetwork, name: str = "alice", *, backlog: int = 0) -> None:
        self.user = SimulatedUser(network, name, backlog=backlog)
        self.session = self.user.session
        self.buffers = Buffers(name, ["lunch"])
        self.changes: list[Change] = []
        self._seen = 0

    def run(self) -> "Seat":
        """Carry all lines, and apply the events."""
        if self.user.connection is None:
            self.user.connect()
        self.user.run()
        return self.look()

    def look(self) -> "Seat":
        self.user.events += self.session.take_events()
        for event in self.user.events[self._seen :]:
            self.changes += self.buffers.apply(event, self.user.now)
        self._seen = len(self.user.events)
        return self

    def say(self, text: str, target: str = "#lobby") -> None:
        self.session.say(target, text, self.user.now)
        self.look()

    def lines(self, name: str = "#lobby") -> list[Entry]:
        buffer = self.buffers.get(name)
        assert buffer is not None
        return list(buffer.entries)

    def texts(self, name: str = "#lobby") -> list[str]:
        return [line.text for line in self.lines(name) if line.is_message]


@pytest.fixture
def network() -> FakeNetwork:
    return FakeNetwork(caps=MODERN_CAPS, supports="MONITOR=100 PREFIX=(ov)@+ CHANMODES=beI,k,l,imnst")


# --- lines -------------------------------------------------------------------------------------------------


def test_what_is_typed_waits_in_its_place_and_is_then_where_the_network_has_it(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    alice.say("one")
    alice.say("two")
    network.say("bob", "#lobby", "first of all")
    assert [line.send_result for line in alice.lines() if line.is_own] == [SendResult.WAITING] * 2
    alice.run()
    assert alice.texts() == network.texts("#lobby") == ["first of all", "one", "two"]
    assert all(line.send_result is SendResult.SENT and line.msgid for line in alice.lines() if line.is_message)


def test_what_was_refused_has_failed_and_says_why(network: FakeNetwork) -> None:
    network.refuses.add("bob")
    alice = Seat(network).run()
    alice.say("hi", "bob")
    alice.run()
    [line] = alice.lines("bob")
    assert (line.text, line.send_result, line.problem) == ("hi", SendResult.FAILED, "Cannot send to channel")


def test_what_is_typed_offline_is_sent_once_after_what_was_missed(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    alice.user.cut()
    alice.say("typed meanwhile")
    network.say("bob", "#lobby", "missed")
    assert alice.lines()[-1].send_result is SendResult.WAITING
    alice.run()
    assert alice.texts() == network.texts("#lobby") == ["missed", "typed meanwhile"]


def test_several_lines_become_single_ones_where_the_next_gateway_takes_no_others(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    alice.user.cut()
    alice.session.say("#lobby", "one", alice.user.now)
    alice.user.connect()
    alice.user.run()
    alice.say("two\n\nthree")
    alice.user.cut()
    alice.say("four")
    network.caps = ALL_CAPS
    alice.run()
    assert alice.texts() == network.texts("#lobby") == ["one", "two", "three", "four"]
    assert all(line.send_result is SendResult.SENT for line in alice.lines())


def test_controls_and_directions_are_taken_out_of_texts_and_names(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    network.say("e\x1b[31mve", "#lobby", "\x1b]0;title\x07a\u202eb\nc\x9b2J")
    alice.run()
    line = alice.lines()[-1]
    assert (line.nick, line.text) == ("eve", "]0;titleab\nc2J")


@pytest.mark.parametrize(
    ("text", "is_mention"),
    [
        ("alice: hi", True),
        ("hi ALICE", True),
        ("malice", False),
        ("alice2", False),
        ("who comes to Lunch?", True),
        ("lunches", False),
    ],
)
def test_a_mention_is_a_whole_word_in_any_case(network: FakeNetwork, text: str, is_mention: bool) -> None:
    alice = Seat(network).run()
    network.say("bob", "#lobby", text)
    alice.run()
    assert alice.lines()[-1].is_mention is is_mention


def test_a_new_own_name_is_a_mention_too(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    alice.user.request("NICK", "carol")
    alice.run()
    network.say("bob", "#lobby", "carol?")
    alice.run()
    assert alice.lines()[-1].is_mention
    assert alice.buffers.own_nick == "carol"


def test_the_window_is_bounded_and_what_is_dropped_can_be_loaded_again(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    for number in range(ENTRIES_LIMIT + 10):
        message = Message("PRIVMSG", ["#lobby", f"{number}"], "bob!u@h", {"msgid": f"x{number}"})
        alice.changes += alice.buffers.apply(Received(float(number), message, "alice", conversation="#lobby"), 0.0)
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    assert len(lobby.entries) == ENTRIES_LIMIT
    assert lobby.has_more_above
    assert lobby.oldest is not None
    assert lobby.oldest.msgid == lobby.entries[0].msgid == "x10"
    assert "x9" not in lobby.by_msgid


# --- reading -----------------------------------------------------------------------------------------------


def test_unread_and_mentions_are_counted_where_nobody_looks(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    network.say("bob", "#lobby", "one")
    network.say("bob", "#lobby", "alice!")
    alice.run()
    assert (lobby.unread, lobby.mentions) == (2, 1)
    alice.buffers.focus(lobby)
    assert (lobby.unread, lobby.mentions) == (0, 0)
    network.say("bob", "#lobby", "seen at once")
    alice.run()
    assert lobby.unread == 0
    alice.buffers.follow(lobby, is_at_end=False)
    network.say("bob", "#lobby", "not in view")
    alice.run()
    assert lobby.unread == 1


def test_a_direct_message_opens_a_conversation_and_counts_as_a_mention(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    network.say("bob", "alice", "psst")
    alice.run()
    bob = alice.buffers.get("bob")
    assert bob is not None
    assert (bob.kind, bob.unread, bob.mentions) == (BufferKind.PERSON, 1, 1)
    assert Aspect.BUFFERS in {change.aspect for change in alice.changes}
    assert [buffer.name for buffer in alice.buffers.ordered] == ["", "#lobby", "bob"]


def test_the_read_marker_of_another_program_of_the_same_person_counts(network: FakeNetwork) -> None:
    """IRCv3 read-marker: MARKREAD from the server."""
    alice = Seat(network, backlog=5).run()
    for text in ("one", "two"):
        network.say("bob", "#lobby", text)
    alice.run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    assert lobby.unread == 2
    alice.user.hear(f":fake MARKREAD #lobby timestamp={network.log[0].tags['time']}")
    alice.look()
    assert lobby.unread == 1
    alice.user.hear(":fake MARKREAD #lobby *", ":fake MARKREAD #lobby timestamp=2001-01-01T00:00:00.000Z")
    alice.look()
    assert lobby.unread == 1, "it only ever grows"


def test_what_was_said_before_joining_is_not_unread(network: FakeNetwork) -> None:
    network.say("bob", "#lobby", "old")
    alice = Seat(network, backlog=5).run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    assert lobby.unread == 0
    alice.user.cut()
    network.say("bob", "#lobby", "missed")
    alice.run()
    assert lobby.unread == 1


# --- about messages ----------------------------------------------------------------------------------------


def test_reactions_stand_at_their_message_and_can_be_taken_back(network: FakeNetwork) -> None:
    """IRCv3 react."""
    alice, bob = Seat(network).run(), Seat(network, "bob").run()
    msgid = network.say("carl", "#lobby", "hello").tags["msgid"]
    alice.session.react("#lobby", msgid, "+1", alice.user.now)
    alice.session.react("#lobby", msgid, "+1", alice.user.now)
    alice.run()
    bob.run().session.react("#lobby", msgid, "+1", bob.user.now)
    bob.run()
    assert alice.run().lines()[-1].reactions == bob.lines()[-1].reactions == {"+1": ["alice", "bob"]}
    alice.session.react("#lobby", msgid, "+1", alice.user.now, removes=True)
    alice.run()
    assert bob.run().lines()[-1].reactions == {"+1": ["bob"]}


def test_a_redacted_message_says_by_whom_and_why(network: FakeNetwork) -> None:
    """IRCv3 message-redaction; one that is not in the room's history is ignored."""
    alice, bob = Seat(network).run(), Seat(network, "bob").run()
    alice.say("oops")
    alice.run()
    alice.session.redact("#lobby", alice.lines()[-1].msgid, "a slip", alice.user.now)
    alice.session.redact("#lobby", "nosuch", "", alice.user.now)
    alice.run()
    line = bob.run().lines()[-1]
    assert (line.redacted_by, line.redaction_reason, line.is_redacted) == ("alice", "a slip", True)
    assert line.text == ""
    assert bob.buffers.find(bob.buffers.ordered[1], "oops") == []


def test_changes_of_members_are_one_line_until_something_is_said(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    alice.user.hear(":bob!u@h JOIN #lobby", ":carol!u@h JOIN #lobby")
    alice.look()
    joined = alice.lines()[-1]
    assert joined.text == "bob, carol joined"
    assert alice.changes[-1] == Change(Aspect.UPDATED, alice.buffers.get("#lobby"), (joined,))
    network.say("bob", "#lobby", "hello")
    alice.run()
    alice.user.hear(":bob!u@h PART #lobby")
    assert [line.text for line in alice.look().lines()][-3:] == ["bob, carol joined", "hello", "bob left #lobby"]


def test_a_reply_names_what_it_answers(network: FakeNetwork) -> None:
    """IRCv3 reply."""
    alice, bob = Seat(network).run(), Seat(network, "bob").run()
    msgid = network.say("carl", "#lobby", "hello").tags["msgid"]
    alice.session.say("#lobby", "hello to you", alice.user.now, reply_to=msgid)
    assert alice.look().lines()[-1].reply_to == msgid
    alice.run()
    assert bob.run().lines()[-1].reply_to == msgid


def test_only_what_is_a_reaction_is_kept_as_one_and_only_so_many(network: FakeNetwork) -> None:
    """From any network at most 20 kinds are shown, each an emoji or a short word (docs/protocol.md)."""
    alice = Seat(network).run()
    msgid = network.say("bob", "#lobby", "hi").tags["msgid"]
    hostile = ("two words", "x" * 1000, "a\u202eb", "Z" + "\u0310" * 50, "👍👍")
    for reaction in (*hostile, *(f"r{number}" for number in range(100))):
        network.put(Message("TAGMSG", ["#lobby"], "eve!u@h", {"+reply": msgid, "+draft/react": reaction}))
    network.put(Message("TAGMSG", ["#lobby"], "bob!u@h", {"+reply": msgid, "+react": "r1"}))
    network.put(Message("TAGMSG", ["#lobby"], "eve!u@h", {"+reply": msgid, "+unreact": "r2"}))
    reactions = alice.run().lines()[-1].reactions
    assert list(reactions) == ["r0", "r1", *(f"r{number}" for number in range(3, 20))]
    assert reactions["r1"] == ["eve", "bob"]


def test_reactions_in_the_history_find_their_message_on_an_older_page(network: FakeNetwork) -> None:
    msgid = network.say("carl", "#lobby", "long ago").tags["msgid"]
    for number in range(6):
        network.say("carl", "#lobby", f"filler {number}")
    network.put(Message("TAGMSG", ["#lobby"], "bob!u@h", {"+reply": msgid, "+draft/react": "+1"}))
    alice = Seat(network, backlog=3).run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    while lobby.has_more_above:
        alice.session.load_older("#lobby", lobby.oldest, alice.user.now)
        alice.run()
    assert alice.texts() == network.texts("#lobby")
    [line] = [line for line in alice.lines() if line.msgid == msgid]
    assert line.reactions == {"+1": ["bob"]}


def test_who_is_writing_is_known_until_they_say_it_or_stop(network: FakeNetwork) -> None:
    """IRCv3 typing: active lasts 6 s, paused 30 s, done and a message end it."""
    alice, bob = Seat(network).run(), Seat(network, "bob").run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None

    def writes(writing: TypingState) -> None:
        bob.user.pass_time(3)
        alice.user.now = bob.user.now
        bob.session.set_typing("#lobby", writing, bob.user.now)
        bob.run()
        alice.run()

    writes(TypingState.ACTIVE)
    assert lobby.typing_nicks(alice.user.now + 5.9) == ["bob"]
    assert lobby.typing_nicks(alice.user.now + 6.1) == []
    writes(TypingState.PAUSED)
    assert lobby.typing_nicks(alice.user.now + 29) == ["bob"]
    writes(TypingState.DONE)
    assert lobby.typing_nicks(alice.user.now) == []
    writes(TypingState.ACTIVE)
    bob.say("done thinking")
    bob.run()
    alice.run()
    assert lobby.typing_nicks(alice.user.now) == []


# --- people ------------------------------------------------------------------------------------------------


def test_members_come_go_change_names_and_ranks(network: FakeNetwork) -> None:
    alice = Seat(network).run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    alice.user.hear(
        ":fake 353 alice = #lobby :@+boss +voiced!u@h carl",
        ":bob!u@h JOIN #lobby bobs-account :Bob",
        ":boss!u@h MODE #lobby +lo-v 5 bob voiced",
        ":carl!u@h NICK karl",
        ":karl!u@h AWAY :lunch",
        ":boss!u@h ACCOUNT bosses",
        ":voiced!u@h QUIT :bye",
    )
    alice.look()
    assert [(member.prefix, member.nick) for member in lobby.sorted_members()] == [
        ("@", "bob"),
        ("@+", "boss"),
        ("", "alice"),
        ("", "karl"),
    ]
    assert lobby.members["karl"].is_away
    assert (lobby.members["bob"].account, lobby.members["boss"].account) == ("bobs-account", "bosses")
    events = [line.text for line in alice.lines() if line.kind is EntryKind.EVENT]
    assert events[-3:] == [
        "bob joined #lobby",
        "boss set +lo-v 5 bob voiced on #lobby",
        "voiced left; carl is now karl",
    ]


def test_who_is_away_when_we_come_is_asked_for(network: FakeNetwork) -> None:
    """IRCv3 away-notify reports changes only. WHO reports the present state."""
    bob = Seat(network, "bob").run()
    assert bob.user.connection is not None
    bob.user.connection.is_away = True
    alice = Seat(network).run()
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    assert lobby.members["bob"].is_away
    assert not alice.user.shown("352")


def test_a_conversation_goes_on_under_a_new_name(network: FakeNetwork) -> None:
    alice, bob = Seat(network).run(), Seat(network, "bob").run()
    bob.say("hi", "alice")
    bob.run()
    alice.run()
    bob.user.request("NICK", "robert")
    alice.user.hear(":bob!u@h NICK robert")
    bob.run()
    alice.run().say("hello robert", "robert")
    alice.run()
    assert alice.buffers.get("bob") is None
    assert alice.texts("robert") == ["hi", "hello robert"]


def test_whether_someone_is_there_is_known(network: FakeNetwork) -> None:
    """IRCv3 monitor."""
    bob = Seat(network, "bob").run()
    alice = Seat(network).run()
    buffer, _ = alice.buffers.open_person("bob")
    alice.session.open_person("bob")
    alice.user.pass_time(1)
    alice.run()
    assert buffer.is_joined
    bob.user.cut()
    alice.user.hear(":fake 731 alice bob")
    assert not alice.look() or not buffer.is_joined


# --- the connection ----------------------------------------------------------------------------------------


def test_the_connection_is_always_known(network: FakeNetwork) -> None:
    alice = Seat(network)
    alice.session.connecting("one:6667", alice.user.now)
    assert alice.look().buffers.connection.state is ConnectionState.CONNECTING
    alice.run()
    assert (alice.buffers.connection.state, alice.buffers.connection.address) == (
        ConnectionState.CONNECTED,
        "fake:6667",
    )
    alice.user.pass_time(5)
    data = alice.session.take_output()
    alice.user.now += 0.25
    assert alice.user.connection is not None
    alice.user.connection.take(data)
    alice.run()
    assert alice.buffers.connection.latency_s == 0.25
    lobby = alice.buffers.get("#lobby")
    assert lobby is not None
    assert lobby.is_joined
    alice.user.cut()
    alice.session.waiting("two:6667", alice.user.now + 3, alice.user.now)
    alice.look()
    assert alice.buffers.connection.next_try_at == alice.user.now + 3
    assert alice.buffers.connection.latency_s is None
    assert not lobby.is_joined


_STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(["hi", "two\nlines", "word " * 150])),
    st.tuples(st.just("others say"), st.just("")),
    st.tuples(st.just("carry up"), st.just("")),
    st.tuples(st.just("run"), st.just("")),
    st.tuples(st.just("cut"), st.just("")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_STEPS, max_size=30))
def test_however_connections_are_lost_the_lines_are_those_of_the_network(steps: list[tuple[str, str]]) -> None:
    """No message is missing or duplicated, and the order is the network's."""
    network = FakeNetwork(caps=MODERN_CAPS, page=4)
    alice = Seat(network).run()
    for number, (step, text) in enumerate(steps):
        match step:
            case "say":
                alice.say(f"{number} {text}")
            case "others say":
                network.say("bob", "#lobby", f"of bob {number}")
            case "carry up":
                alice.user.carry_up()
            case "run":
                alice.run()
            case "cut":
                alice.user.cut()
                alice.look().user.connect()
    for _ in range(4):
        alice.run().user.pass_time(4)
    alice.run()
    assert alice.texts() == network.texts("#lobby")
    assert all(line.send_result is SendResult.SENT for line in alice.lines())
