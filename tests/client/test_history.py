"""Older pages, searching, and messages that were missed without a connection (IRCv3 chathistory)."""

import pytest

from client.conversation import Position
from client.events import OlderLoaded, OlderRequested, SearchResults
from client.history import ANSWER_LIMIT_S
from gateway.wire.message import Message
from tests.client.fake_gateway import ALL_CAPS, FakeNetwork
from tests.client.simulated_user import SimulatedUser

UNLABELLED = ALL_CAPS.replace("labeled-response ", "")


@pytest.fixture(params=[ALL_CAPS, UNLABELLED], ids=["labels", "no labels"])
def network(request: pytest.FixtureRequest) -> FakeNetwork:
    network = FakeNetwork(caps=request.param)
    for number in range(12):
        network.say("bob", "#lobby", f"old {number}")
    return network


def pages(user: SimulatedUser) -> list[list[str]]:
    return [
        [message.params[1] for message in event.messages] for event in user.events if isinstance(event, OlderLoaded)
    ]


def problems(user: SimulatedUser) -> list[str]:
    return [event.problem for event in user.events if isinstance(event, (OlderLoaded, SearchResults)) and event.problem]


def found(user: SimulatedUser) -> list[SearchResults]:
    return [event for event in user.events if isinstance(event, SearchResults)]


def test_pages_come_one_before_the_other_until_there_are_no_more(network: FakeNetwork) -> None:
    """CHATHISTORY LATEST, then BEFORE. A page that is shorter than requested is the last one."""
    user = SimulatedUser(network).start()
    before = None
    for _ in range(3):
        user.session.load_older("#lobby", before, user.now)
        user.run()
        messages = next(event for event in reversed(user.events) if isinstance(event, OlderLoaded)).messages
        if messages:
            before = Position(messages[0].tags["msgid"], 0.0)
    assert pages(user) == [[f"old {number}" for number in numbers] for numbers in (range(7, 12), range(2, 7), range(2))]
    assert [event.has_more for event in user.events if isinstance(event, OlderLoaded)] == [True, True, False]
    assert user.heard() == [], "older messages are none that are heard now"


def test_a_message_that_was_deleted_is_not_found(network: FakeNetwork) -> None:
    """A server may keep the text and send the REDACT after it, on a later page. Pages come newest first."""
    secret = network.say("bob", "#lobby", "a secret")
    for number in range(8):
        network.say("bob", "#lobby", f"no secret {number}")
    network.put(Message("REDACT", ["#lobby", secret.tags["msgid"]], "bob!u@h"))
    user = SimulatedUser(network).start()
    user.session.search("#lobby", "secret", user.now)
    user.run()
    texts = [message.params[1] for event in found(user) for message in event.messages]
    assert texts == [f"no secret {number}" for number in reversed(range(8))]


@pytest.mark.parametrize("marks_end", [True, False])
def test_a_full_page_may_be_marked_as_the_last(network: FakeNetwork, marks_end: bool) -> None:
    """The tag draft/chathistory-end. Without it, only an empty page is the last one."""
    del network.log[:2]
    network.marks_end = marks_end
    user = SimulatedUser(network).start()
    user.session.load_older("#lobby", Position("m7", 0.0), user.now)
    user.run()
    assert pages(user) == [[f"old {number}" for number in range(2, 7)]]
    assert [event.has_more for event in user.events if isinstance(event, OlderLoaded)] == [not marks_end]


def test_the_past_of_a_person_is_loaded_too(network: FakeNetwork) -> None:
    network.say("bob", "alice", "to you")
    network.say("alice", "bob", "to him")
    network.say("bob", "carl", "not to you")
    user = SimulatedUser(network).start()
    user.session.load_older("bob", None, user.now)
    user.run()
    assert pages(user) == [["to you", "to him"]]


def test_pages_are_asked_for_by_time_where_msgids_are_not_known(network: FakeNetwork) -> None:
    """INVALID_MSGREFTYPE. The time is one millisecond later, so that none of its messages is left out."""
    network.knows_msgids = False
    user = SimulatedUser(network).start()
    user.session.load_older("#lobby", Position("m5", 1_700_000_005.0), user.now)
    user.run()
    assert pages(user) == [[f"old {number}" for number in range(1, 6)]]


def test_a_second_request_for_the_same_page_is_none(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    for _ in range(3):
        user.session.load_older("#lobby", None, user.now)
    user.run()
    assert len(pages(user)) == len([event for event in user.events if isinstance(event, OlderRequested)]) == 1


def test_whatever_becomes_of_the_connection_a_request_ends(network: FakeNetwork) -> None:
    user = SimulatedUser(network)
    user.session.load_older("#lobby", None, user.now)
    user.start().session.load_older("#lobby", None, user.now)
    user.session.search("#lobby", "old", user.now)
    user.cut()
    user.start().session.load_older("#lobby", None, user.now)
    user.pass_time(ANSWER_LIMIT_S)
    assert problems(user) == [
        "there is no connection",
        "the connection is lost",
        "the connection is lost",
        "the gateway does not answer",
    ]


def test_where_there_is_no_history_that_is_said() -> None:
    user = SimulatedUser(FakeNetwork(caps="echo-message")).start()
    user.session.load_older("#lobby", None, user.now)
    user.session.search("#lobby", "x", user.now)
    user.pass_time(0)
    assert problems(user) == ["this network has no history"] * 2
    assert not user.sent("CHATHISTORY")


def test_a_search_goes_back_page_by_page_and_tells_how_far(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    user.session.search("#lobby", "OLD 1", user.now)
    user.run()
    assert [message.params[1] for event in found(user) for message in event.messages] == ["old 11", "old 10", "old 1"]
    assert [event.scanned for event in found(user)] == [5, 10, 12]
    assert [event.is_over for event in found(user)] == [False, False, True]


def test_a_search_that_is_cancelled_asks_for_no_more(network: FakeNetwork) -> None:
    user = SimulatedUser(network).start()
    search = user.session.search("#lobby", "old", user.now)
    user.carry_up()
    user.session.cancel_search(search)
    user.run()
    assert not found(user)
    assert len(user.sent("CHATHISTORY")) == 1


def test_a_page_of_the_past_is_not_taken_for_what_was_missed(network: FakeNetwork) -> None:
    """Both are in flight at once after a lost connection."""
    user = SimulatedUser(network).start()
    network.say("bob", "#lobby", "seen")
    user.run()
    user.cut()
    network.say("bob", "#lobby", "missed")
    user.connect_until("JOIN")
    user.session.load_older("#lobby", Position("m12", 0.0), user.now)
    user.run()
    assert user.heard() == ["seen", "missed"]
    if network.caps == ALL_CAPS:
        assert pages(user) == [[f"old {number}" for number in range(7, 12)]]


def test_messages_of_people_that_were_missed_are_fetched_also_of_those_not_known_before() -> None:
    """CHATHISTORY TARGETS, then AFTER."""
    network = FakeNetwork()
    user = SimulatedUser(network).start()
    network.say("bob", "alice", "one")
    user.run()
    user.cut()
    network.say("bob", "alice", "two")
    network.say("carl", "alice", "three")
    user.start()
    assert sorted(user.heard("alice")) == ["one", "three", "two"]
    assert user.session.is_settled


def test_what_people_said_long_before_is_not_taken_for_missed() -> None:
    network = FakeNetwork()
    network.say("carl", "alice", "long ago")
    user = SimulatedUser(network).start()
    network.say("bob", "#lobby", "now")
    user.run()
    user.cut()
    network.say("carl", "alice", "missed")
    user.start()
    assert user.heard("alice") == ["missed"]


def test_a_gateway_that_cannot_tell_who_has_written_disturbs_no_room() -> None:
    network = FakeNetwork()
    user = SimulatedUser(network).start()
    network.say("bob", "#lobby", "seen")
    user.run()
    user.cut()
    network.say("bob", "#lobby", "missed")
    connection = user.connect_until("JOIN")
    [label] = [message.tags["label"] for message in connection.received if message.params[:1] == ["TARGETS"]]
    connection.output[:] = [line for line in connection.output if "targets" not in line and "BATCH -t" not in line]
    user.hear(f"@label={label} FAIL CHATHISTORY INVALID_PARAMS TARGETS :Unknown command")
    user.run()
    assert user.heard() == ["seen", "missed"]
    assert "lacking" not in user.statuses()


def test_a_backlog_may_be_longer_than_a_page(network: FakeNetwork) -> None:
    user = SimulatedUser(network, backlog=8).start()
    assert user.heard() == [f"old {number}" for number in range(4, 12)]
