"""The visible users of a lane, and the changes that are new to its clients."""

from unittest.mock import Mock

from gateway.chat.effects import ProfileChanged
from gateway.chat.member import Member
from gateway.chat.profile_updates import FIELDS, ProfileUpdate
from gateway.lane.fanout.visible_users import VisibleUser, VisibleUsers


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
