"""The visible users of a lane, and the changes that are new to its clients."""

from typing import Any
from unittest.mock import Mock

import pytest

from gateway.chat.effects import MessageSent, ProfileChanged
from gateway.chat.member import UNKNOWN, Member, Sender
from gateway.chat.modes import Change
from gateway.chat.profile_updates import FIELDS, ProfileUpdate
from gateway.lane.clients.client import Clients
from gateway.lane.clients.dialects import PLAIN_TEXT
from gateway.lane.fanout.visible_users import VisibleUser, VisibleUsers
from gateway.lane.rooms.local_room import LocalRoom
from tests.stage.parts import Context, make_client


def _told(verb: str, value: str, revision: int) -> ProfileChanged:
    field = next(field for field in FIELDS if field.verb == verb)
    member = Member("aaaaaa.0.1", "ann", "u", "h")
    return ProfileChanged(0, member.sid, member, ProfileUpdate(field, member.source, (value,)), revision)


def test_what_replicas_tell_of_one_revision_is_news_once_whichever_has_it() -> None:
    """A log that is read from its base brings two changes at once: a user is away and has another realname."""
    ann = Member("aaaaaa.0.1", "ann", "u", "h", "Ann", revision=1)
    person = VisibleUser(ann, "ann")
    assert person.apply_update(_told("AWAY", "lunch", 3))
    assert not person.apply_update(_told("AWAY", "lunch", 3))
    assert person.apply_update(_told("SETNAME", "Anna B.", 3))
    assert not person.apply_update(_told("SETNAME", "Anna", 2))
    assert not person.apply_update(_told("SETNAME", "Anna B.", 4))
    assert (person.profile.away, person.profile.realname, person.revision) == ("lunch", "Anna B.", 4)
    assert (ann.away, ann.realname) == (None, "Ann")


def test_an_id_is_the_newer_name_of_those_under_one_token() -> None:
    """A session that has lost its nick has its id as nick, with the token of the lost nick. A late log brings this."""
    people = VisibleUsers()
    people.add(Mock(**{"room.members": {}}), Member("aaaaaa.0.1", "ann", "u", "h", "Ann", token=7), "ann")
    called = Member("aaaaaa.0.1", "aaaaaa.0.1", "u", "h", "Ann", token=7)
    assert people.renamed(called, "aaaaaa.0.1")
    assert not people.renamed(Member("aaaaaa.0.1", "ann", "u", "h", "Ann", token=7), "ann")
    assert people.renamed(Member("aaaaaa.0.1", "ann", "u", "h", "Ann", token=8), "ann")


class World:
    """Visible users of the rooms #a and #b, in which the lane has clients."""

    def __init__(self) -> None:
        self.users = VisibleUsers()
        self.a, self.b = (LocalRoom(name, Mock(), Mock()) for name in ("#a", "#b"))

    def join(self, followed: LocalRoom, nick: str, sid: str = "other.0.1", **fields: Any) -> Member:
        """A session is in a room's replica, and is shown there."""
        member = followed.room.members[sid] = Member(sid, nick, "u", "h", **{"token": 1, **fields})
        self.users.add(followed, member, nick)
        return member

    def rename(self, followed: LocalRoom, nick: str, token: int, sid: str = "other.0.1") -> bool:
        member = followed.room.members[sid]
        member.rename(nick)
        member.token = token
        return self.users.renamed(member, nick)

    def user(self, sid: str = "other.0.1") -> VisibleUser:
        user = self.users.user(sid)
        assert user is not None
        return user


@pytest.fixture
def world() -> World:
    return World()


def test_a_user_is_known_until_the_last_room_has_lost_it(world: World) -> None:
    for followed in (world.a, world.b):
        world.join(followed, "Bob")
    assert world.users.sid("bOB") == "other.0.1"
    world.users.remove(world.a, "other.0.1")
    assert world.users.is_shown(world.b, "other.0.1")
    assert not world.users.is_shown(world.a, "other.0.1")
    world.users.remove(world.b, "other.0.1")
    assert world.users.sid("bob") is None
    assert len(world.users) == 0


def test_the_first_log_that_brings_a_nick_makes_it_new_and_until_the_last_one_it_is_stale(world: World) -> None:
    for followed in (world.a, world.b):
        world.join(followed, "bob")
    assert world.rename(world.a, "rob", 2)
    assert (world.users.sid("rob"), world.users.sid("bob")) == ("other.0.1", None)
    assert world.users.shown_nicks() == {"other.0.1": "rob"}
    assert world.users.current_nick("other.0.1", "bob") == "rob"
    assert world.users.stale_nicks_of(world.user()) == ["rob", "bob"]
    assert not world.rename(world.b, "rob", 2)
    assert world.users.stale_names == set()


def test_a_log_that_brings_an_older_nick_later_changes_nothing(world: World) -> None:
    for followed in (world.a, world.b):
        world.join(followed, "bob")
    world.rename(world.a, "newest", 3)
    assert not world.rename(world.b, "older", 2)
    assert world.users.sid("older") is None
    assert world.user().nick == "newest"


def test_a_nick_that_another_user_has_taken_since_is_not_removed_with_its_former_holder(world: World) -> None:
    world.join(world.a, "bob")
    world.join(world.b, "bob", "third.0.2")
    world.users.remove(world.a, "other.0.1")
    assert world.users.sid("bob") == "third.0.2"


def test_messages_of_a_log_that_is_behind_get_the_current_nick(world: World) -> None:
    for followed in (world.a, world.b):
        world.join(followed, "bob")
    world.rename(world.a, "rob", 2)
    stale = MessageSent(0, "other.0.1", ":bob!u@h PRIVMSG #b :bob!")
    other = MessageSent(1, "third.0.2", ":bea!u@h PRIVMSG #b :x")
    assert not world.users.with_current_nick([stale, other])
    assert [stale.line, other.line] == [":rob!u@h PRIVMSG #b :bob!", ":bea!u@h PRIVMSG #b :x"]
    assert world.users.with_current_nick([other]), "nothing had to be changed"


def test_each_client_sees_a_user_of_several_rooms_once(world: World) -> None:
    context, clients = Context(), Clients()
    both, one = (make_client(context, clients, nick)[0] for nick in ("ann", "amy"))
    for followed in (world.a, world.b):
        world.join(followed, "bob")
        followed.enter(both)
    world.b.enter(one)
    [(_, audience)] = world.user().audience()
    assert list(audience.values()) == [both, one]
    world.users.remove(world.b, "other.0.1")
    [(_, audience)] = world.user().audience()
    assert list(audience.values()) == [both]


def test_a_person_with_plain_text_sees_a_user_of_several_rooms_once_too(world: World) -> None:
    """Lines of rooms other than the active one have another form, but a NICK and a QUIT are of no room."""
    person, _ = make_client(Context(), Clients(), "ann", dialect=PLAIN_TEXT)
    person.active_room = "#a"
    for followed in (world.a, world.b):
        world.join(followed, "bob")
        followed.enter(person)
    [(variant, audience)] = world.user().audience()
    assert (variant, list(audience.values())) == (person.variant, [person])


def test_a_user_whose_quit_was_shown_is_seen_nowhere_while_some_replica_still_has_it(world: World) -> None:
    for followed in (world.a, world.b):
        world.join(followed, "bob")
    world.users.quit(world.user())
    assert not world.users.is_shown(world.a, "other.0.1")
    assert list(world.user().audience()) == []
    assert world.users.shown_quit_in(world.b) == ["other.0.1"]
    for followed in (world.a, world.b):
        world.users.remove(followed, "other.0.1")
    assert world.users.quit_shown == set()


def test_ranks_of_a_user_whose_quit_was_shown_are_not_shown_but_to_itself(world: World) -> None:
    world.join(world.a, "bob")
    world.join(world.a, "bea", "third.0.2")
    world.users.quit(world.user())
    hidden, rank, flag = (
        Change(True, letter, param, sid)
        for letter, param, sid in (("o", "bob", "other.0.1"), ("v", "bea", "third.0.2"), ("m", None, ""))
    )
    changes = [hidden, rank, flag]
    assert world.users.visible_changes(world.a, changes) == [rank, flag]
    assert world.users.visible_changes(world.a, changes, viewer="other.0.1") == changes


def test_tags_show_the_account_of_a_user_as_long_as_it_has_one(world: World) -> None:
    """IRCv3 account-tag, bot-mode."""
    world.join(world.a, "bob", account="bobby")
    world.join(world.a, "bea", "third.0.2")
    assert world.users.sender("other.0.1") == Sender("bobby")
    assert world.users.senders.keys() == {"other.0.1"}, "the lines of all others cost nothing more"
    world.users.remove(world.a, "other.0.1")
    assert world.users.sender("other.0.1") == UNKNOWN
    assert world.users.senders == {}
