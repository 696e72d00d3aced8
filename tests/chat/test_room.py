"""The fold: each rule by example, then its promises for any log."""

from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.chat import events, state
from gateway.chat.effects import (
    Invited,
    Joined,
    Left,
    MessageSent,
    ModesSet,
    MultilineSent,
    ProfileChanged,
    Reason,
    Redacted,
    Rejection,
    Renamed,
    TopicSet,
    reason_of,
)
from gateway.chat.events import Entry
from gateway.chat.member import OP, VOICE
from gateway.chat.render import effect_lines
from gateway.chat.room import ORIGINS_LIMIT, Room
from gateway.chat.snapshot import dump, load
from gateway.chat.state import GONE_MEMORY_MS, LIST_LIMIT, LOST_MEMORY_MS
from gateway.wire.casefold import casefold
from tests.chat.log import (
    BATCHES,
    EVENTS,
    ROOM,
    Batches,
    Log,
    View,
    line_of,
    sid_of,
    source_of,
    view_of,
    with_members,
)

# Messages


@pytest.mark.parametrize("verb", ["PRIVMSG", "NOTICE"])
def test_a_members_message_is_shown_as_it_stands_in_the_log(verb: str) -> None:
    log = with_members("ann")
    for _ in range(2):  # the second takes the short path
        line = events.said(source_of("ann"), verb, ROOM, "hi : there")
        effects = log.append((sid_of("ann"), line))
        assert [(type(e), e.sid, line_of(e), e.tags) for e in effects] == [(MessageSent, sid_of("ann"), line, "")]
        assert effects.plain


def test_an_entry_is_plain_only_if_all_of_it_is() -> None:
    log = with_members("ann", "bob")
    hello = sid_of("ann"), events.said(source_of("ann"), "PRIVMSG", ROOM, "hello")
    assert log.append(hello, hello).plain
    others = [
        (sid_of("ann"), events.with_tags(hello[1], {}, "+x=1")),
        (sid_of("ann"), events.tagmsg(source_of("ann"), ROOM, "+x=1")),
        (sid_of("ann"), hello[1].replace("ann", "old")),
        (sid_of("zed"), hello[1]),
        (sid_of("bob"), events.parted(source_of("bob"), ROOM)),
    ]
    for other in others:
        assert not log.append(hello, other).plain


def test_client_tags_are_kept_apart_and_facts_are_not_shown() -> None:
    log = with_members("ann")
    line = events.with_tags(events.said(source_of("ann"), "PRIVMSG", ROOM, "x"), {"account": "a"}, "+a=b\\:;+c")
    effect = log.do("ann", line)
    assert (line_of(effect), effect.tags) == (f":{source_of('ann')} PRIVMSG {ROOM} :x", "+a=b\\:;+c")


def test_what_is_in_no_log_is_shown_by_those_who_may_speak_and_leaves_no_trace() -> None:
    log = with_members("ann", "bob", modes="+m")
    before = dump(log.room)
    lines = [
        ("ann", events.tagmsg("old!ann@host", ROOM.lower(), "+hubbub/id=7")),
        ("bob", events.tagmsg(source_of("bob"), ROOM, "+typing=active")),
        ("zed", events.tagmsg(source_of("zed"), ROOM, "+typing=active")),
        ("ann", events.tagmsg(source_of("ann"), "#other", "+typing=active")),
        ("ann", events.tagmsg(source_of("ann"), ROOM, "typing=active")),
        ("ann", events.said(source_of("ann"), "PRIVMSG", ROOM, "hello")),
        ("ann", events.parted(source_of("ann"), ROOM)),
        ("ann", ""),
    ]
    entry = Entry(log.last_id, "", [sid_of(nick) for nick, _ in lines], [line for _, line in lines], b"")
    sent = [(type(effect), effect.index, line_of(effect), effect.tags) for effect in log.room.show_ephemeral(entry)]
    assert sent == [(MessageSent, 0, f":{source_of('ann')} TAGMSG {ROOM}", "+hubbub/id=7")]
    assert dump(log.room) == before
    log.append(events.gone("gwa"))
    assert log.room.show_ephemeral(entry) == []


def test_a_tagmsg_without_tags_of_its_client_is_nothing() -> None:
    log = with_members("ann")
    effect = log.do("ann", events.tagmsg(source_of("ann"), ROOM, "+typing=done"))
    assert (type(effect), line_of(effect), effect.tags) == (
        MessageSent,
        f":{source_of('ann')} TAGMSG {ROOM}",
        "+typing=done",
    )
    assert reason_of(log.do("ann", events.tagmsg(source_of("ann"), ROOM, "x=1"))) == Reason.NO_CHANGE


def test_a_message_is_shown_under_its_members_present_name_and_rooms_spelling() -> None:
    log = with_members("ann")
    log.do("ann", events.renamed(source_of("ann"), "eve", "200"))
    effect = log.do("ann", events.said(source_of("ann"), "PRIVMSG", ROOM.lower(), "x"))
    assert line_of(effect) == f":eve!ann@host PRIVMSG {ROOM} :x"


def test_a_message_of_several_lines_is_one_and_is_shown_with_all_of_them() -> None:
    log = with_members("ann", "bob", modes="+m")
    effect = log.say_lines("ann", "one", "\n\ntwo; \rthree", "+a")
    assert (type(effect), line_of(effect), effect.tags) == (
        MultilineSent,
        f":{source_of('ann')} PRIVMSG {ROOM} :one\n\ntwo; \rthree",
        "+a",
    )
    assert reason_of(log.say_lines("bob", "one", "\ntwo")) == Reason.MUTED
    log.mode("ann", "-m")
    log.say("bob")  # known to be allowed to speak
    assert line_of(log.say_lines("bob", "", "\n" + "x" * 5000)).endswith(" :\n" + "x" * 5000)
    assert not log.append((sid_of("bob"), events.said_in_lines(source_of("bob"), "NOTICE", ROOM, "a", "\nb"))).plain


def test_of_several_lines_and_said_again_all_are_known() -> None:
    log = with_members("ann")
    first = log.say_lines("ann", "one", "\ntwo", "+hubbub/id=7")
    place = f"{log.last_id}.0"
    again = log.say_lines("ann", "one", "\ntwo", "+hubbub/id=7")
    assert (reason_of(again), str(again.first)) == (Reason.DUPLICATE, place)
    assert events.text_of(again.event) == first.text


@pytest.mark.parametrize(
    ("actor", "oper", "expected"),
    [
        ("ann", False, None),
        ("bob", False, None),
        ("cat", False, Reason.NOT_OPERATOR),
        ("cat", True, Reason.NOT_OPERATOR),
        ("zed", False, Reason.NOT_MEMBER),
        ("zed", True, Reason.NOT_MEMBER),
    ],
)
def test_who_may_take_a_message_back(actor: str, oper: bool, expected: Reason | None) -> None:
    """The operator, who said it, and a network operator where the room has none."""
    log = with_members("ann", "bob", "cat")
    effect = log.redact(actor, "1700000000123-4-5-0badcafe", "bob", oper=oper)
    assert reason_of(effect) == expected
    log.mode("ann", "-o", "ann")
    assert reason_of(log.redact("zed", "1-0-0-x", "zed")) == Reason.NOT_MEMBER  # said, and has left
    assert reason_of(log.redact("zed", "1-0-0-x", "bob", oper=True)) is None


def test_what_is_taken_back_is_named_by_its_place() -> None:
    log = with_members("ann")
    effect = log.redact("ann", "1700000000123-4-5-0badcafe", "ann", "wrong : room")
    assert (type(effect), line_of(effect), str(effect.message)) == (
        Redacted,
        f":{source_of('ann')} REDACT {ROOM} 1700000000123-4-5-0badcafe :wrong : room",
        "1700000000123-4.5",
    )
    assert line_of(log.redact("ann", "1-0-0-x", "ann")).endswith(f" REDACT {ROOM} 1-0-0-x")
    assert reason_of(log.redact("ann", "nothing", "ann")) == Reason.MALFORMED


@pytest.mark.parametrize(
    ("modes", "speaker", "expected"),
    [
        ("", "bob", None),
        ("", "zed", Reason.NOT_MEMBER),
        ("-n", "zed", None),
        ("-n+m", "zed", Reason.MUTED),
        ("-n+b zed!*@*", "zed", Reason.BANNED),
        ("+m", "bob", Reason.MUTED),
        ("+m", "ann", None),
        ("+b bob!*@*", "bob", Reason.BANNED),
        ("+b BOB!*@*", "bob", Reason.BANNED),
        ("+b zed!*@*", "bob", None),
        ("+be bob!*@* *!bob@*", "bob", None),
        ("+b *!*@*", "ann", None),
        ("+bm *!*@*", "bob", Reason.MUTED),
    ],
)
@pytest.mark.parametrize("spoke_before", [False, True])
def test_who_may_speak(modes: str, speaker: str, expected: Reason | None, spoke_before: bool) -> None:
    log = with_members("ann", "bob")
    if spoke_before:
        log.say(speaker)
    if modes:
        log.mode("ann", modes)
    assert log.room.may_speak(sid_of(speaker), source_of(speaker)) == expected
    assert reason_of(log.say(speaker)) == expected
    assert reason_of(log.do(speaker, events.tagmsg(source_of(speaker), ROOM, "+x"))) == expected


def test_voice_lets_speak_and_its_loss_does_not() -> None:
    log = with_members("ann", "bob", modes="+mb *!*@*")
    log.mode("ann", "+v bob", "bob")
    assert reason_of(log.say("bob")) is None
    log.mode("ann", "-v bob", "bob")
    assert reason_of(log.say("bob")) == Reason.MUTED


def test_the_right_to_speak_is_not_remembered_beyond_its_time() -> None:
    """After a first message the next take a short path: whatever ends the right must end that too."""
    log = with_members("ann", "bob", "cat")
    for nick in ("ann", "bob", "cat"):
        log.say(nick)
    log.do("bob", events.renamed(source_of("bob"), "rob", "200"))
    assert line_of(log.say("bob")) == f":rob!bob@host PRIVMSG {ROOM} :hello"
    log.do("cat", events.parted("", ROOM))
    assert reason_of(log.say("cat")) == Reason.NOT_MEMBER
    log.append(events.gone("gwb"))
    assert reason_of(log.say("bob")) == Reason.GATEWAY_DEAD
    log.do("ann", events.quitted("", ""))
    assert reason_of(log.say("ann")) == Reason.NOT_MEMBER


def test_a_void_event_tells_what_was_tried() -> None:
    log = with_members("ann")
    line = events.with_tags(events.said(source_of("zed"), "PRIVMSG", ROOM, "psst"), {}, "+x")
    effect = log.do("zed", line)
    assert (effect.event.verb, effect.event.params, effect.tags) == ("PRIVMSG", [ROOM, "psst"], "+x")
    assert effect_lines(effect) == []


def test_a_line_that_grew_with_its_members_name_is_cut_to_fit() -> None:
    log = with_members("ann")
    text = "é" * 230
    log.do("ann", events.renamed("", "x" * 30, "200"))
    effect = log.do("ann", events.said(source_of("ann"), "PRIVMSG", ROOM, text))
    assert 508 <= len(line_of(effect).encode()) <= 510


# Joining


def test_the_first_to_join_is_operator_of_a_new_room() -> None:
    log = Log()
    effect, *told = log.join("ann")
    assert (type(effect), line_of(effect)) == (Joined, f":{source_of('ann')} JOIN {ROOM}")
    assert [line_of(one) for one in told] == [f":hubbub MODE {ROOM} +nt", f":hubbub MODE {ROOM} +o ann"]
    member = log.room.members[sid_of("ann")]
    assert effect.member == member
    assert (member.nick, member.user, member.host, member.realname) == ("ann", "ann", "host", "Real ann")
    assert (member.source, member.modes, member.prefix) == (source_of("ann"), OP, "@")
    assert (log.room.name, log.room.flags, log.room.created_ms) == (ROOM, {"n", "t"}, log.at_ms)
    log.join("bob", account="bobby")
    assert log.room.members[sid_of("bob")].modes == 0
    assert log.room.members[sid_of("bob")].account == "bobby"


def test_nobody_becomes_operator_of_the_lobby_by_joining() -> None:
    log = Log()
    log.join("ann", lobby=1)
    assert not log.room.is_operator(sid_of("ann"))


@pytest.mark.parametrize(
    ("modes", "facts", "expected"),
    [
        ("+b zed!*@*", {}, Reason.BANNED),
        ("+be zed!*@* *!*@host", {}, None),
        ("+i", {}, Reason.INVITE_ONLY),
        ("+iI zed!*@*", {}, None),
        ("+iIb zed!*@* zed!*@*", {}, Reason.BANNED),
        ("+k key", {}, Reason.BAD_KEY),
        ("+k key", {"key": "Key"}, Reason.BAD_KEY),
        ("+k key", {"key": "key"}, None),
        ("+l 2", {}, Reason.FULL),
        ("+l 3", {}, None),
        ("+k key", {"oper": 1}, Reason.BAD_KEY),
    ],
)
def test_who_may_join(modes: str, facts: dict[str, str | int], expected: Reason | None) -> None:
    log = with_members("ann", "bob", modes=modes)
    asked = log.room.may_join(source_of("zed"), sid_of("zed"), str(facts.get("key", "")), bool(facts.get("oper")))
    (effect,) = log.join("zed", **facts)
    assert reason_of(effect) == asked == expected
    assert (sid_of("zed") in log.room.members) == (expected is None)


def test_a_network_operator_enters_a_room_that_has_no_operator() -> None:
    log = with_members("ann", "bob", modes="+ib *!*@*")
    log.mode("ann", "-o ann", "ann")
    assert reason_of(log.join("zed")[0]) == Reason.BANNED
    assert reason_of(log.join("zed", oper=1)[0]) is None


def test_an_invitation_opens_an_invite_only_room_once() -> None:
    log = with_members("ann", modes="+i")
    effect = log.do("ann", events.invited(source_of("ann"), "zed", ROOM, sid_of("zed")))
    assert (type(effect), line_of(effect)) == (Invited, f":{source_of('ann')} INVITE zed {ROOM}")
    assert reason_of(log.join("zed")[0]) is None
    log.do("zed", events.parted(source_of("zed"), ROOM))
    assert reason_of(log.join("zed")[0]) == Reason.INVITE_ONLY


@pytest.mark.parametrize("modes", ["+b zed!*@*", "+i", "+k other", "+l 3"])
def test_a_join_that_a_change_since_forbids_is_stale(modes: str) -> None:
    log = with_members("ann", "bob")
    seen = log.last_id
    log.mode("ann", "+v bob", "bob")
    log.do("ann", events.topic_set(source_of("ann"), ROOM, "topic"))
    assert reason_of(log.join("cat", seen=seen)[0]) is None
    log.mode("ann", modes)
    assert log.room.changed == log.last_id
    (effect,) = log.join("zed", seen=seen, key="key")
    assert reason_of(effect) == Reason.STALE_JOIN


@pytest.mark.parametrize("modes", ["+b x!*@*", "+e x!*@*", "+I x!*@*", "+k key", "+l 50", "+s"])
def test_a_join_that_a_change_since_does_not_concern_holds(modes: str) -> None:
    """It may have been decided in a room that a wipe left empty, and that has been put back meanwhile."""
    log = with_members("ann", "bob", modes=modes)
    (effect,) = log.join("zed", seen="0-0", key="key")
    assert reason_of(effect) is None


def test_who_is_in_cannot_join() -> None:
    log = with_members("ann")
    assert reason_of(log.join("ann", seen="0-0")[0]) == Reason.ALREADY_MEMBER


# Leaving


def test_a_part_a_quit_and_a_kick_take_a_member_out() -> None:
    log = with_members("ann", "bob", "cat", "dan")
    for effect, nick, line in [
        (log.do("bob", events.parted("", ROOM, "tired")), "bob", f":bob!bob@host PART {ROOM} :tired"),
        (log.do("cat", events.quitted("", "ping")), "cat", ":cat!cat@host QUIT :ping"),
        (
            log.do("ann", events.kicked("", ROOM, "old", sid_of("dan"), "out")),
            "dan",
            f":ann!ann@host KICK {ROOM} dan :out",
        ),
    ]:
        assert (type(effect), line_of(effect)) == (Left, line)
        assert effect.member is not None
        assert effect.member.sid == sid_of(nick)
    assert list(log.room.members) == [sid_of("ann")]
    assert list(log.room.nicks) == ["ann"]


@pytest.mark.parametrize(
    ("actor", "target", "expected"),
    [
        ("bob", "ann", Reason.NOT_OPERATOR),
        ("zed", "ann", Reason.NOT_MEMBER),
        ("ann", "zed", Reason.NO_SUCH_MEMBER),
        ("ann", "ann", None),
    ],
)
def test_who_may_kick_whom(actor: str, target: str, expected: Reason | None) -> None:
    log = with_members("ann", "bob")
    effect = log.do(actor, events.kicked(source_of(actor), ROOM, target, sid_of(target), "x"))
    assert reason_of(effect) == expected


@pytest.mark.parametrize(
    "line",
    [
        events.parted(source_of("zed"), ROOM),
        events.quitted(source_of("zed"), "x"),
        events.renamed(source_of("zed"), "new", "1"),
        events.away(source_of("zed"), "x"),
        events.topic_set(source_of("zed"), ROOM, "x"),
        events.invited(source_of("zed"), "x", ROOM, "gwx.0.1"),
    ],
)
def test_who_is_no_member_does_nothing(line: str) -> None:
    assert reason_of(with_members("ann").do("zed", line)) == Reason.NOT_MEMBER


def test_a_room_ceases_with_its_last_member() -> None:
    log = with_members("ann", "bob", modes="+mkib key *!*@*")
    log.do("ann", events.topic_set("", ROOM, "topic"))
    log.say("ann")
    log.do("bob", events.quitted("", ""))
    log.do("ann", events.parted("", ROOM))
    ceased = Room(ROOM)
    ceased.name = ROOM
    ceased.origins = log.room.origins
    ceased.has_messages = True
    ceased.life_began, ceased.hidden = log.room.life_began, log.room.hidden
    assert dump(log.room) == dump(ceased)
    assert reason_of(log.say("ann")) == Reason.NOT_MEMBER
    log.join("bob", seen="0-0")
    assert log.room.is_operator(sid_of("bob"))


def test_a_room_knows_whether_anything_was_ever_said_in_it() -> None:
    log = with_members("ann", "bob", modes="+m")
    log.do("ann", events.topic_set("", ROOM, "topic"))
    log.say("bob")
    assert not log.room.has_messages, "neither a topic nor what was refused is a message"
    log.do("ann", events.tagmsg(source_of("ann"), ROOM, "+draft/react=x"))
    assert log.room.has_messages


def test_the_end_of_a_gateway_is_the_end_of_its_sessions() -> None:
    log = with_members("bob", "ann", "anton", "cat", modes="+i")
    log.do("bob", events.invited("", "amy", ROOM, sid_of("amy")))
    effects = log.append(events.gone("gwa"))
    assert [(type(e), line_of(e), e.member.nick) for e in effects] == [
        (Left, ":ann!ann@host QUIT :Gateway gwa is gone", "ann"),
        (Left, ":anton!anton@host QUIT :Gateway gwa is gone", "anton"),
    ]
    assert list(log.room.members) == [sid_of("bob"), sid_of("cat")]
    assert not log.room.invited
    (again,) = log.append(events.gone("gwa"))
    assert reason_of(again) == Reason.NO_CHANGE
    assert reason_of(log.say("ann")) == Reason.GATEWAY_DEAD
    assert reason_of(log.join("amy")[0]) == Reason.GATEWAY_DEAD


def test_who_quits_is_no_longer_invited() -> None:
    log = with_members("ann")
    log.do("ann", events.invited("", "zed", ROOM, sid_of("zed")))
    assert list(log.room.invited) == [sid_of("zed")]
    assert reason_of(log.do("zed", events.quitted(source_of("zed"), ""))) == Reason.NOT_MEMBER
    assert not log.room.invited


@pytest.mark.parametrize("sid", ["gwa", "gwA.0.1", "gwa.0.!", ":gwa.0.1"])
def test_only_a_session_id_that_can_stand_for_a_nick_may_join(sid: str) -> None:
    line = events.joined(source_of("zed"), ROOM, "", {"token": 1, "seen": "0-0"})
    (effect,) = Log().append((sid, line))
    assert reason_of(effect) == Reason.MALFORMED


def test_a_gone_gateway_is_remembered_for_a_day_of_the_log() -> None:
    log = with_members("bob")
    log.append(events.gone("gwx"))
    log.at_ms += GONE_MEMORY_MS - 2
    log.append(events.gone("gwy"))
    assert list(log.room.gone) == ["gwx", "gwy"]
    log.append(events.gone("gwz"))
    assert list(log.room.gone) == ["gwy", "gwz"]


def test_no_session_can_end_a_gateway_and_nobody_can_speak() -> None:
    log = with_members("ann")
    assert reason_of(log.do("ann", "GONE gwa")) == Reason.MALFORMED
    (effect,) = log.append(("-", events.said(source_of("ann"), "PRIVMSG", ROOM, "x")))
    assert reason_of(effect) == Reason.MALFORMED


def test_the_rules_version_only_rises() -> None:
    log = Log()
    for version, expected in [(3, 3), (2, 3), (4, 4)]:
        log.append(events.rules(version))
        assert log.room.rules == expected


# Coming back


def back(log: Log, nick: str, was: str = "", **facts: str | int) -> Any:
    """The session of a nick joins again, its gateway having a new id; its new session id ends as the old one."""
    known: dict[str, str | int] = {"token": 200, "seen": log.last_id, "was": was or sid_of(nick)}
    line = events.joined(source_of(nick), ROOM, "", known | facts)
    return log.append((new_sid_of(nick), line))


def new_sid_of(nick: str) -> str:
    return f"back.0.{nick}"


def test_who_comes_back_has_the_modes_again_whatever_the_room_asks_of_others() -> None:
    log = with_members("bob", "ann", "amy")
    log.mode("bob", "+ov ann amy", "ann", "amy")
    log.mode("bob", "+iklb key 1 *!*@*")
    log.append(events.gone("gwa"))
    effects = [*back(log, "ann", seen="0-0"), *back(log, "amy", seen="0-0")]
    assert [
        (type(e), line_of(e), e.restored.sid if isinstance(e, ModesSet) and e.restored else e.member.sid)
        for e in effects
    ] == [
        (Joined, f":{source_of('ann')} JOIN {ROOM}", new_sid_of("ann")),
        (ModesSet, f":hubbub MODE {ROOM} +o ann", new_sid_of("ann")),
        (Joined, f":{source_of('amy')} JOIN {ROOM}", new_sid_of("amy")),
        (ModesSet, f":hubbub MODE {ROOM} +v amy", new_sid_of("amy")),
    ]
    assert log.room.is_operator(new_sid_of("ann"))
    assert not log.room.lost


def test_a_member_without_modes_comes_back_as_one() -> None:
    log = with_members("bob", "ann", modes="+i")
    log.append(events.gone("gwa"))
    (effect,) = back(log, "ann")
    assert (type(effect), effect.member.modes) == (Joined, 0)


def test_whoever_comes_back_before_the_end_is_told_is_seen_to_quit_first() -> None:
    log = with_members("ann", "bob")
    effects = back(log, "ann")
    assert [(type(e), line_of(e)) for e in effects] == [
        (Left, f":{source_of('ann')} QUIT :Gateway gwa is gone"),
        (Joined, f":{source_of('ann')} JOIN {ROOM}"),
        (ModesSet, f":hubbub MODE {ROOM} +o ann"),
    ]
    (late,) = log.append(events.gone("gwa"))
    assert reason_of(late) == Reason.NO_CHANGE
    assert list(log.room.members) == [sid_of("bob"), new_sid_of("ann")]


def test_nobody_comes_back_as_another() -> None:
    log = with_members("ann", "bob", modes="+i")
    log.append(events.gone("gwa"))
    assert reason_of(back(log, "ann", was=sid_of("bob"))[0]) == Reason.INVITE_ONLY
    assert reason_of(back(log, "ann", was="gwa.1.ann")[0]) == Reason.INVITE_ONLY
    assert type(back(log, "ann")[0]) is Joined
    log.do("bob", events.parted("", ROOM))
    assert reason_of(log.append((new_sid_of("ann"), events.parted("", ROOM)))[0]) is None
    assert not log.room.members, "given back once, and not again"


def test_status_is_given_back_for_ten_minutes() -> None:
    log = with_members("bob", "ann", modes="+i")
    log.append(events.gone("gwa"))
    log.at_ms += LOST_MEMORY_MS - 1
    assert reason_of(back(log, "ann")[0]) == Reason.INVITE_ONLY


def test_no_more_lost_members_are_remembered_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "LOST_LIMIT", 2)
    log = with_members("bob", "ann", "amy", "ada")
    log.append(events.gone("gwa"))
    assert list(log.room.lost) == [sid_of("amy"), sid_of("ada")]


def test_a_room_whose_last_members_were_lost_waits_for_them() -> None:
    log = with_members("ann", "amy", modes="+mk key")
    log.do("ann", events.topic_set("", ROOM, "topic"))
    log.append(events.gone("gwa"))
    assert not log.room.members
    back(log, "amy")
    assert (log.room.topic, log.room.key, log.room.flags) == ("topic", "key", set("mnt"))
    assert not log.room.is_operator(new_sid_of("amy"))
    back(log, "ann")
    assert log.room.is_operator(new_sid_of("ann"))


def test_it_waits_for_them_too_when_the_others_have_left_meanwhile() -> None:
    log = with_members("bob", "ann", modes="+m")
    log.append(events.gone("gwa"))
    log.do("bob", events.parted("", ROOM))
    assert not log.room.members
    back(log, "ann")
    assert log.room.flags == set("mnt")


def test_for_anybody_else_a_room_whose_last_members_were_lost_is_a_new_one() -> None:
    log = with_members("ann", modes="+mkb key *!*@*")
    log.append(events.gone("gwa"))
    effects = log.join("bob", seen="0-0")
    assert [line_of(effect) for effect in effects] == [
        f":hubbub MODE {ROOM} -mntkb * *!*@*",
        f":{source_of('bob')} JOIN {ROOM}",
        f":hubbub MODE {ROOM} +nt",
        f":hubbub MODE {ROOM} +o bob",
    ], "who may be back did not see the room become empty"
    assert (log.room.key, log.room.bans, log.room.flags) == ("", {}, set("nt"))
    assert log.room.is_operator(sid_of("bob"))


# Names


def test_whoever_joins_and_is_renamed_in_one_entry_is_shown_to_come_by_the_first_name() -> None:
    log = with_members("ann")
    name, facts = source_of("bob"), {"token": "100", "seen": "0-0"}
    joined, renamed = log.append(
        (sid_of("bob"), events.joined(name, ROOM, "Bob", facts)), (sid_of("bob"), events.renamed(name, "Eve", "200"))
    )
    assert joined.member is not None
    assert (joined.member.nick, joined.member.token) == ("bob", 100)
    assert (renamed.old_nick, line_of(renamed)) == ("bob", f":{name} NICK Eve")


def test_a_rename_keeps_member_and_rank() -> None:
    log = with_members("ann")
    effect = log.do("ann", events.renamed(source_of("ann"), "Eve", "200"))
    assert (type(effect), line_of(effect), effect.old_nick) == (Renamed, ":ann!ann@host NICK Eve", "ann")
    member = log.room.member_named("eve")
    assert effect.member is member
    assert member is not None
    assert (member.nick, member.token, member.modes) == ("Eve", 200, OP)
    assert log.room.member_named("ann") is None
    assert reason_of(log.do("ann", events.renamed("", "Eve", "200"))) == Reason.NO_CHANGE
    assert reason_of(log.do("ann", events.renamed("", "EVE", "200"))) is None


@pytest.mark.parametrize("nick", ["a b", "a!b", "a@b", "#a", "a,b", "a*", "gwb.0.x", ":a"])
def test_a_nick_that_would_tear_lines_apart_is_malformed(nick: str) -> None:
    log = with_members("ann")
    effect = log.do("ann", f"@hubbub/token=1 :ann!ann@host NICK :{nick}")
    assert reason_of(effect) == Reason.MALFORMED


def test_where_a_newcomer_brings_a_newer_claim_the_holder_yields() -> None:
    log = with_members("ann", "bob")
    joined = events.joined("BOB!zed@host", ROOM, "", {"token": 101, "seen": log.last_id})
    renamed, arrived = log.append((sid_of("zed"), joined))
    assert (type(renamed), line_of(renamed), renamed.old_nick) == (
        Renamed,
        f":bob!bob@host NICK {sid_of('bob')}",
        "bob",
    )
    assert renamed.member is log.room.members[sid_of("bob")]
    assert (type(arrived), line_of(arrived), arrived.lost_nick) == (Joined, f":BOB!zed@host JOIN {ROOM}", "")


def test_a_newcomer_with_an_older_claim_comes_under_its_session_id() -> None:
    log = with_members("ann", "bob")
    joined = events.joined("bob!zed@host", ROOM, "", {"token": 99, "seen": log.last_id})
    (arrived,) = log.append((sid_of("zed"), joined))
    assert (line_of(arrived), arrived.lost_nick) == (f":{sid_of('zed')}!zed@host JOIN {ROOM}", "bob")
    assert log.room.members[sid_of("bob")].nick == "bob"


@pytest.mark.parametrize(("token", "yields"), [("300", "bob"), ("50", "ann")])
def test_of_two_who_take_a_nick_the_older_claim_yields(token: str, yields: str) -> None:
    log = with_members("ann", "bob")
    effects = log.append((sid_of("ann"), events.renamed(source_of("ann"), "bob", token)))
    assert line_of(effects[0]) == f":{source_of(yields)} NICK {sid_of(yields)}"
    assert len(effects) == (2 if yields == "bob" else 1)
    assert log.room.members[sid_of(yields)].nick == sid_of(yields)


def test_a_banned_member_is_told_not_to_rename_but_a_rename_in_the_log_holds() -> None:
    log = with_members("ann", "bob", modes="+b bob!*@*")
    assert log.room.may_rename(sid_of("bob")) == Reason.BANNED
    assert log.room.may_rename(sid_of("ann")) is None
    assert reason_of(log.do("bob", events.renamed("", "rob", "200"))) is None


# Settings


@pytest.mark.parametrize(
    ("modes", "targets", "shown"),
    [
        ("+m", [], "+m"),
        ("+nt", [], None),
        ("+nm-t", [], "+m-t"),
        ("+o bob", ["bob"], "+o bob"),
        ("+ov-o old cat ann", ["bob", "cat", "ann"], "+ov-o bob cat ann"),
        ("+vo zed bob", ["zed", "bob"], "+o bob"),
        ("-v bob", ["bob"], None),
        ("+o", [], None),
        ("+b a!*@*", [], "+b a!*@*"),
        ("+bb a!*@* A!*@*", [], "+b a!*@*"),
        ("-b a!*@*", [], None),
        ("+b-b a!*@* A!*@*", [], "+b-b a!*@* a!*@*"),
        ("+b", [], None),
        ("+b :a b", [], None),
        ("+k key", [], "+k key"),
        ("+k-k key x", [], "+k-k key *"),
        ("-k x", [], None),
        ("+k :a b", [], None),
        ("+l 5", [], "+l 5"),
        ("+l 007", [], "+l 7"),
        ("+ll-l 5 5", [], "+l-l 5"),
        ("+l 0", [], None),
        ("+l x", [], None),
        ("-l", [], None),
        ("+zm", [], "+m"),
    ],
)
def test_a_mode_line_shows_what_really_changed(modes: str, targets: list[str], shown: str | None) -> None:
    log = with_members("ann", "bob", "cat")
    effect = log.mode("ann", modes, *targets)
    if shown is None:
        assert reason_of(effect) == Reason.NO_CHANGE
    else:
        assert (type(effect), line_of(effect)) == (ModesSet, f":{source_of('ann')} MODE {ROOM} {shown}")


def test_changes_that_do_not_fit_into_one_line_are_shown_in_several() -> None:
    log = with_members("ann")
    masks = [f"{count:030}!{count:010}@{count:064}" for count in range(6)]
    effects = log.append((sid_of("ann"), events.mode_set("", ROOM, f"+bbbbbb {' '.join(masks)}")))
    (effect,) = effects
    assert [len(line) <= 510 for line in effect_lines(effect)] == [True] * 2
    assert list(log.room.bans) == masks


def test_modes_are_kept_with_who_set_them_and_when() -> None:
    log = with_members("ann", modes="+beI b!*@* e!*@* i!*@*")
    by_ann = source_of("ann"), log.at_ms
    assert (log.room.bans, log.room.excepts, log.room.invexes) == (
        {"b!*@*": by_ann},
        {"e!*@*": by_ann},
        {"i!*@*": by_ann},
    )
    log.mode("ann", "+smkl key 7")
    assert log.room.shown_modes() == "+klmnst key 7"
    assert log.room.shown_modes(with_key=False) == "+klmnst 7"
    assert Room(ROOM).shown_modes() == "+"


def test_a_list_takes_no_more_than_its_limit() -> None:
    log = with_members("ann")
    for count in range(LIST_LIMIT):
        log.mode("ann", f"+b {count}!*@*")
    assert reason_of(log.mode("ann", "+b more!*@*")) == Reason.NO_CHANGE
    for count in range(LIST_LIMIT + 1):
        log.do("ann", events.invited("", "x", ROOM, f"gwx.0.{count}"))
    assert len(log.room.bans) == len(log.room.invited) == LIST_LIMIT
    assert "gwx.0.0" not in log.room.invited


@pytest.mark.parametrize(("actor", "expected"), [("bob", Reason.NOT_OPERATOR), ("zed", Reason.NOT_MEMBER)])
@pytest.mark.parametrize("oper", [False, True])
def test_modes_need_an_operator(actor: str, expected: Reason, oper: bool) -> None:
    log = with_members("ann", "bob")
    assert log.room.may_operate(sid_of(actor), oper) == expected
    assert reason_of(log.mode(actor, "+m", oper=oper)) == expected


@pytest.mark.parametrize("actor", ["bob", "zed"])
def test_a_network_operator_takes_over_a_room_without_operators(actor: str) -> None:
    log = with_members("ann", "bob")
    log.mode("ann", "-o ann", "ann")
    assert reason_of(log.mode(actor, "+o bob", "bob")) in (Reason.NOT_OPERATOR, Reason.NOT_MEMBER)
    assert line_of(log.mode(actor, "+o bob", "bob", oper=True)) == f":{source_of(actor)} MODE {ROOM} +o bob"
    assert reason_of(log.mode(actor, "+o ann", "ann", oper=True)) == (None if actor == "bob" else Reason.NOT_MEMBER)


@pytest.mark.parametrize(
    ("modes", "actor", "expected"),
    [("", "ann", None), ("", "bob", Reason.NOT_OPERATOR), ("-t", "bob", None), ("-t", "zed", Reason.NOT_MEMBER)],
)
def test_who_may_set_the_topic(modes: str, actor: str, expected: Reason | None) -> None:
    log = with_members("ann", "bob")
    if modes:
        log.mode("ann", modes)
    assert log.room.may_set_topic(sid_of(actor)) == expected
    assert reason_of(log.do(actor, events.topic_set(source_of(actor), ROOM, "x"))) == expected


def test_a_topic_is_kept_with_who_set_it_and_when() -> None:
    log = with_members("ann")
    effect = log.do("ann", events.topic_set("", ROOM, "one : two"))
    assert (type(effect), line_of(effect)) == (TopicSet, f":{source_of('ann')} TOPIC {ROOM} :one : two")
    room = log.room
    assert (room.topic, room.topic_by, room.topic_at_ms) == ("one : two", source_of("ann"), log.at_ms)
    assert reason_of(log.do("ann", events.topic_set("", ROOM, "one : two"))) == Reason.NO_CHANGE
    assert type(log.do("ann", events.topic_set("", ROOM, ""))) is TopicSet
    assert (room.topic, room.topic_by, room.topic_at_ms) == ("", "", 0)


@pytest.mark.parametrize(
    ("modes", "actor", "target", "expected"),
    [
        ("", "bob", "zed", None),
        ("", "zed", "eve", Reason.NOT_MEMBER),
        ("", "bob", "ann", Reason.ALREADY_MEMBER),
        ("+i", "bob", "zed", Reason.NOT_OPERATOR),
        ("+i", "ann", "zed", None),
    ],
)
def test_who_may_invite_whom(modes: str, actor: str, target: str, expected: Reason | None) -> None:
    log = with_members("ann", "bob", modes=modes)
    assert log.room.may_invite(sid_of(actor), sid_of(target)) == expected
    effect = log.do(actor, events.invited(source_of(actor), target, ROOM, sid_of(target)))
    assert reason_of(effect) == expected


def test_away_is_shown_when_it_changes() -> None:
    log = with_members("ann")
    effect = log.do("ann", events.away("", "out"))
    assert (type(effect), line_of(effect)) == (ProfileChanged, f":{source_of('ann')} AWAY :out")
    assert effect.member is not None
    assert effect.member.away == "out"
    assert reason_of(log.do("ann", events.away("", "out"))) == Reason.NO_CHANGE
    assert line_of(log.do("ann", events.away("", None))) == f":{source_of('ann')} AWAY"
    assert log.room.members[sid_of("ann")].away is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        ":",
        "@",
        "@x",
        "PRIVMSG",
        "PRIVMSG #other :x",
        f"PRIVMSG {ROOM}",
        "JOIN #other",
        f"JOIN {ROOM}",
        f":new JOIN {ROOM}",
        f"KICK {ROOM}",
        f"MODE {ROOM}",
        f"TOPIC {ROOM}",
        f"INVITE {ROOM}",
        f"REDACT {ROOM}",
        "NICK",
        "WHOIS ann",
    ],
)
def test_what_is_no_event_is_malformed(line: str) -> None:
    assert reason_of(with_members("ann").do("ann", line)) in (Reason.MALFORMED, Reason.ALREADY_MEMBER)


def test_ranks_are_shown_highest_first() -> None:
    log = with_members("ann", "bob")
    log.mode("ann", "+vv ann bob", "ann", "bob")
    assert [member.prefix for member in log.room.members.values()] == ["@+", "+"]
    assert log.room.members[sid_of("bob")].modes == VOICE


def test_of_too_many_origins_the_newest_and_those_of_members_are_remembered() -> None:
    log = with_members("ann")  # appended by gwa.0, where ann is
    for number in range(ORIGINS_LIMIT):
        log.room.apply(Entry("2-0", f"gwz.{number}:1", [], [], b""))
    assert len(log.room.origins) == ORIGINS_LIMIT // 2 + 1
    assert log.room.is_duplicate(f"gwz.{ORIGINS_LIMIT - 1}:1")
    assert "gwa.0" in log.room.origins
    assert not log.room.is_duplicate("gwz.0:1"), "it is too old to be known"


# For any log


@given(BATCHES)
def test_all_replicas_agree(batches: Batches) -> None:
    one, other = Log(), Log(Room(ROOM.upper()))
    for batch in batches:
        mine, theirs = one.append(*batch), other.append(*batch)
        assert mine == theirs
        assert mine.plain == theirs.plain
        assert {effect.index for effect in mine} == set(range(len(batch))), "an event without an effect"
    assert dump(one.room) == dump(other.room)


@given(BATCHES)
def test_what_a_replica_learnt_while_folding_changes_nothing(batches: Batches) -> None:
    """Against replicas loaded afresh before each entry, which take no short path."""
    log = Log()
    for batch in batches:
        fresh = load(dump(log.room))
        effects = log.append(*batch)
        assert fresh.apply(log.entries[-1]) == effects


@given(BATCHES)
def test_a_client_sees_a_coherent_room(batches: Batches) -> None:
    """Applied to the view of a client, the lines of any log lead to the state; and nicks are unique."""
    log, view = Log(), View()
    for event in chain.from_iterable(batches):
        for effect in log.append(event):
            if type(effect) not in (MessageSent, MultilineSent, Redacted, Rejection):
                view.take(effect)
        assert log.room.nicks == {casefold(member.nick): sid for sid, member in log.room.members.items()}
        assert view == view_of(log.room)


@given(BATCHES)
def test_a_plain_entry_is_shown_byte_for_byte(batches: Batches) -> None:
    log = Log()
    for batch in batches:
        effects = log.append(*batch)
        if effects.plain:
            shown = "".join(f"{line_of(effect)}\r\n" for effect in effects).encode()
            assert shown == log.entries[-1].body


_GARBAGE = st.lists(st.tuples(st.text(), st.text() | EVENTS.map(lambda event: event[1])))


@given(_GARBAGE, st.text())
def test_no_entry_raises(batch: list[tuple[str, str]], id: str) -> None:
    """Not even one that no payload can hold."""
    room = with_members("ann", "bob").room
    room.apply(Entry(id, "", [sid for sid, _ in batch], [line for _, line in batch], b""))
    dump(room)


@given(st.lists(st.binary()))
def test_no_payload_raises(payloads: list[bytes]) -> None:
    room = with_members("ann", "bob").room
    for payload in payloads:
        room.apply(events.decode("2000000000000-0", "", payload))
