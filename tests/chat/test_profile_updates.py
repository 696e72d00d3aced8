"""What a session tells of itself, in the fold and on the way to those who ask: AWAY, SETNAME, ACCOUNT, CHGHOST, BOT."""

import json

import pytest

from gateway.chat import events
from gateway.chat.capabilities import ACCOUNT_TAG, MESSAGE_TAGS
from gateway.chat.effects import ProfileChanged, Reason, reason_of
from gateway.chat.member import UNKNOWN, Sender
from gateway.chat.network import Profile
from gateway.chat.profile_updates import diff
from gateway.chat.render import extended_join, message_pieces, tags
from gateway.chat.snapshot import dump, load
from gateway.chat.state_diff import difference
from tests.chat.log import ROOM, Log, line_of, sid_of, source_of, with_members

ANN = source_of("ann")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (events.away("", "out"), f":{ANN} AWAY :out"),
        (events.realname_set("", "Ann of Cleves"), f":{ANN} SETNAME :Ann of Cleves"),
        (events.account_set("", "anna"), f":{ANN} ACCOUNT anna"),
        (events.host_changed("", "u", "new.host"), f":{ANN} CHGHOST u new.host"),
        (events.bot_set("", True), f":{ANN} BOT 1"),
    ],
)
def test_a_change_is_shown_by_the_name_that_the_room_knows_and_once(line: str, shown: str) -> None:
    """IRCv3 away-notify, setname, account-notify, chghost: the form of the line."""
    log = with_members("ann")
    effect = log.do("ann", line)
    assert (type(effect), line_of(effect)) == (ProfileChanged, shown)
    assert reason_of(log.do("ann", line)) == Reason.NO_CHANGE
    assert reason_of(log.do("zed", line)) == Reason.NOT_MEMBER


def test_members_have_what_they_told() -> None:
    log = with_members("ann")
    log.do("ann", events.realname_set("", "Anna"))
    log.do("ann", events.account_set("", "anna"))
    log.do("ann", events.host_changed("", "u", "h"))
    log.do("ann", events.bot_set("", True))
    member = log.room.members[sid_of("ann")]
    assert (member.realname, member.sender, member.source) == ("Anna", Sender("anna", is_bot=True), "ann!u@h")
    assert load(dump(log.room)).members[sid_of("ann")] == member
    assert line_of(log.say("ann")) == f":ann!u@h PRIVMSG {ROOM} :hello", "what is said since is by the new host"
    assert line_of(log.do("ann", events.account_set("", ""))) == ":ann!u@h ACCOUNT *"
    log.do("ann", events.bot_set("", False))
    assert member.sender == UNKNOWN


def test_a_ban_on_the_new_host_holds_at_once() -> None:
    log = with_members("op", "ann", modes="+b *!*@bad.host")
    log.say("ann")
    log.do("ann", events.host_changed("", "ann", "bad.host"))
    assert reason_of(log.say("ann")) == Reason.BANNED


def test_what_was_told_before_and_comes_late_is_void() -> None:
    """A log that lost its tail is given back what it lacks behind what came meanwhile."""
    log = with_members("ann")
    log.do("ann", events.away("", "second", 2))
    assert reason_of(log.do("ann", events.away("", "first", 1))) == Reason.NO_CHANGE
    assert reason_of(log.do("ann", events.realname_set("", "Old", 1))) == Reason.NO_CHANGE
    assert log.room.members[sid_of("ann")].away == "second"


@pytest.mark.parametrize(
    "line", ["CHGHOST u", "CHGHOST u h!x", "CHGHOST : h", "BOT", "ACCOUNT", "ACCOUNT :a b", "SETNAME"]
)
def test_what_would_tear_a_line_apart_is_void(line: str) -> None:
    assert reason_of(with_members("ann").do("ann", f":{ANN} {line}")) == Reason.MALFORMED


def test_a_join_tells_account_real_name_and_awayness() -> None:
    """IRCv3 extended-join: the account, or an asterisk; away-notify: when a user joins and is away."""
    log = Log()
    effect, *_ = log.join("ann", account="anna", away="at lunch", bot=1, revision=7)
    member = effect.member
    assert member is not None
    assert (member.sender, member.away, member.revision) == (Sender("anna", is_bot=True), "at lunch", 7)
    assert line_of(effect) == f":{ANN} JOIN {ROOM}"
    assert extended_join(ANN, ROOM, member.account, member.realname) == f":{ANN} JOIN {ROOM} anna :Real ann"
    assert extended_join(ANN, ROOM, "", member.realname) == f":{ANN} JOIN {ROOM} * :Real ann"


def test_the_account_of_who_says_something_is_a_tag() -> None:
    """IRCv3 account-tag: to those who asked, and only of users who are logged in."""
    log = with_members("ann")
    senders = {sid_of("ann"): Sender("anna")}
    run = [log.say("ann")]
    for variant, tag in ((0, ""), (MESSAGE_TAGS, "@msgid=1-1-0-m "), (ACCOUNT_TAG, "@account=anna ")):
        assert message_pieces(run, "1-1", variant, "m", senders) == [f"{tag}{line_of(run[0])}\r\n".encode()]
    assert message_pieces(run, "1-1", ACCOUNT_TAG, "m") == [f"{line_of(run[0])}\r\n".encode()]
    assert tags(ACCOUNT_TAG, "1-1", sender=Sender("a;b")) == r"@account=a\:b "


def test_a_bot_is_told_by_a_tag_without_value_to_those_who_have_message_tags() -> None:
    """IRCv3 bot-mode, "The bot tag"."""
    log = with_members("ann")
    senders = {sid_of("ann"): Sender(is_bot=True)}
    run = [log.say("ann")]
    for variant, tag in ((0, ""), (ACCOUNT_TAG, ""), (MESSAGE_TAGS, "@msgid=1-1-0-m;bot ")):
        assert message_pieces(run, "1-1", variant, "m", senders) == [f"{tag}{line_of(run[0])}\r\n".encode()]


def test_a_bot_that_is_no_member_says_so_itself() -> None:
    """IRCv3 bot-mode: a room without +n takes messages from outside, whose sender no replica of it knows."""
    log = with_members("op", modes="-n")
    line = f":bot!b@h PRIVMSG {ROOM} :hi"
    assert log.do("bot", events.of_bot(line)).tags == "bot"
    assert log.do("bot", events.of_bot(f"@+a=b {line}")).tags == "+a=b;bot"
    assert log.do("op", events.of_bot(f":{source_of('op')} PRIVMSG {ROOM} :hi")).tags == "", "members are known"


def test_a_snapshot_of_an_older_release_is_loaded() -> None:
    """Its members have no revision."""
    room = with_members("ann", "bob").room
    snapshot = json.loads(dump(room))
    snapshot["members"] = [fields[:9] for fields in snapshot["members"]]
    assert dump(load(json.dumps(snapshot))) == dump(room)


def test_a_room_that_was_read_again_shows_what_members_told_meanwhile() -> None:
    log = with_members("ann", "bob")
    old = load(dump(log.room))
    log.do("ann", events.away("", "out", 1))
    log.do("ann", events.realname_set("", "Anna", 2))
    log.join("cat", away="gone")
    effects = difference(old, log.room)
    changes = [effect for effect in effects if isinstance(effect, ProfileChanged)]
    assert [(line_of(effect), effect.revision) for effect in changes] == [
        (f":{ANN} AWAY :out", 2),
        (f":{ANN} SETNAME :Anna", 2),
    ], "of who is new the JOIN tells"


def test_the_news_of_a_profile_lead_from_what_was_known_to_what_is_so() -> None:
    """IRCv3 extended-monitor: AWAY, ACCOUNT, CHGHOST and SETNAME."""
    known = Profile("ann", "g.0.1", "u", "h", "Ann", "irc.test", 0)
    now = Profile("ann", "g.0.1", "u", "new", "Anna", "irc.test", 0, "out", account="anna", is_bot=True)
    assert [update.line for update in diff(known, now)] == [
        ":ann!u@h CHGHOST u new",
        ":ann!u@new AWAY :out",
        ":ann!u@new SETNAME :Anna",
        ":ann!u@new ACCOUNT anna",
        ":ann!u@new BOT 1",
    ]
    assert list(diff(now, now)) == []
