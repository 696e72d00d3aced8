"""What a room's log lacks of a session's nick and profile."""

import pytest

from gateway.chat.member import Member
from gateway.lane.clients.client import Clients
from gateway.lane.sessions.profile import missing_updates
from tests.stage.parts import Context, make_client


def missing(member: Member, **facts: object) -> list[str]:
    client, _ = make_client(Context(), Clients(), "ann")
    session = client.session
    session.token = "5"
    for name, value in facts.items():
        setattr(session, name, value)
    return [line.partition(" ")[2] for line in missing_updates(member, session)]


def member(nick: str = "ann", token: int = 5) -> Member:
    made = Member("gate.0.0", nick, "ann", "host")
    made.realname, made.token = "ann", token
    return made


def test_a_member_that_is_up_to_date_lacks_nothing() -> None:
    assert missing(member()) == []


@pytest.mark.parametrize(
    ("fact", "verb"), [({"away": "out"}, "AWAY"), ({"realname": "Ann B"}, "SETNAME"), ({"is_bot": True}, "")]
)
def test_each_part_of_the_profile_is_compared(fact: dict[str, object], verb: str) -> None:
    [line] = missing(member(), **fact)
    assert verb in line


def test_a_newer_nick_is_missing_and_an_older_one_is_not() -> None:
    [line] = missing(member("old", token=4))
    assert line.endswith("NICK ann")
    assert missing(member("newer", token=6)) == []


def test_a_session_that_goes_by_its_id_says_so_whatever_the_token() -> None:
    [line] = missing(member("ann", token=6), nick="gate.0.0")
    assert line.endswith("NICK gate.0.0")
