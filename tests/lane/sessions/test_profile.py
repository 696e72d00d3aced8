"""The profile of a session: published, and sent again to rooms whose log lacks a part of it."""

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.chat import events
from gateway.chat.member import Member
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.lane.clients.client import Clients
from gateway.lane.sessions.profile import Profiles, missing_updates
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


class World:
    """The profiles of a lane with one client, ann, in two rooms. ``published``: where her profile was written."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.queued: list[tuple[str, str]] = []
        self.visible: dict[str, Any] = {}
        anything: Any = self
        self.profiles = Profiles(anything, anything, anything, SimpleNamespace(user=self.visible.get))  # type: ignore[arg-type]
        client, _ = make_client(Context(), Clients(), "ann")
        self.session = client.session
        self.session.rooms = {name: Room(name) for name in ("#a", "#b")}

    def publish(self, session: Session) -> None:
        self.published.append(f"claim of {session.nick}")

    def user_changed(self, session: Session) -> None:
        self.published.append(f"count of {session.nick}")

    def must_deliver(self, _sid: str, name: str, line: str) -> None:
        self.queued.append((name, line))


def test_a_profile_is_published_in_the_claim_and_in_the_counts() -> None:
    world = World()
    world.profiles.publish(world.session)
    assert world.published == ["claim of ann", "count of ann"]


def test_a_change_that_failed_is_sent_to_all_rooms_as_the_present_profile() -> None:
    """It may have reached one room, which the session may have left by now."""
    world = World()
    shown = member()
    shown.away = "out"
    world.profiles.correct(world.session, shown)
    back = events.away("ann!ann@host", None)
    assert world.queued == [("#a", back), ("#b", back)]


@pytest.mark.parametrize("is_visible", [True, False])
def test_what_clients_of_the_lane_see_is_corrected(is_visible: bool) -> None:
    world = World()
    shown = member()
    shown.realname = "Ann B"
    if is_visible:
        world.visible[world.session.sid] = SimpleNamespace(profile=shown)
    world.profiles.correct_shown(world.session)
    assert [name for name, _ in world.queued] == (["#a", "#b"] if is_visible else [])
