"""Snapshots of a room: its state as text, and the way from one state to another.

Owns the snapshot's format, which carries its version. Pure; the caller keeps the position (epoch and stream
id) to which the state belongs.
"""

import json
from collections.abc import Iterator
from typing import Any

from gateway.chat import events
from gateway.chat.deduplication import ClientMsgid
from gateway.chat.effects import Effect, Kind, Member
from gateway.chat.lives import Bound
from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS, Change, lines, reranked
from gateway.chat.profile_updates import news
from gateway.chat.room import Room
from gateway.chat.state import State
from gateway.wire.casefold import casefold

FORMAT = 2

_PLAIN_FIELDS = (
    "changed",
    "created_ms",
    "has_messages",
    "key",
    "limit",
    "name",
    "rules",
    "topic",
    "topic_at_ms",
    "topic_by",
)
_MEMBER_FIELDS = ("sid", "nick", "user", "host", "realname", "account", "away", "modes", "token", "revision", "is_bot")


def dump(room: State) -> str:
    """The state as JSON: equal states give equal texts, `load` gives it back exactly, orders included."""
    snapshot: dict[str, Any] = {"format": FORMAT}
    snapshot |= {field: getattr(room, field) for field in _PLAIN_FIELDS}
    snapshot["flags"] = "".join(sorted(room.flags))
    for letter in LISTS:
        snapshot[letter] = [[mask, by, at_ms] for mask, (by, at_ms) in room.mask_list(letter).items()]
    snapshot["members"] = [[getattr(member, field) for field in _MEMBER_FIELDS] for member in room.members.values()]
    snapshot["invited"] = list(room.invited)
    snapshot["gone"] = list(room.gone.items())
    snapshot["lost"] = [[sid, modes, at_ms] for sid, (modes, at_ms) in room.lost.items()]
    snapshot["said"] = [[given, *first] for given, first in room.said.items()]
    snapshot["origins"] = list(room.origins.items())
    snapshot["life_began"] = room.life_began
    snapshot["hidden"] = room.hidden
    return json.dumps(snapshot, sort_keys=True, separators=(",", ":"))


def load(text: str) -> Room:
    """The room of a snapshot; ValueError for what `dump` of this format cannot have written."""
    try:
        snapshot = json.loads(text)
        if snapshot["format"] != FORMAT:
            raise ValueError(f"a snapshot of format {snapshot['format']}, not {FORMAT}")
        return _restore(snapshot)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a snapshot of a room") from error


def _restore(snapshot: dict[str, Any]) -> Room:
    room = Room(snapshot["name"])
    for field in _PLAIN_FIELDS:
        setattr(room, field, snapshot[field])
    room.flags = set(snapshot["flags"])
    for letter in LISTS:
        room.mask_list(letter).update({mask: (by, at_ms) for mask, by, at_ms in snapshot[letter]})
    for values in snapshot["members"]:
        room.add(Member(*values))
    room.invited = dict.fromkeys(snapshot["invited"])
    room.gone = dict(snapshot["gone"])
    room.lost = {sid: (modes, at_ms) for sid, modes, at_ms in snapshot["lost"]}
    room.said = {given: ClientMsgid(*first) for given, *first in snapshot["said"]}
    room.origins = dict(snapshot["origins"])
    room.life_began = _bound(snapshot["life_began"])
    room.hidden = [(_bound(begin), _bound(end)) for begin, end in snapshot["hidden"]]
    return room


def _bound(values: list[int]) -> Bound:
    ms, n, index = map(int, values)
    return ms, n, index


def difference(old: State, new: State, server: str = "hubbub") -> list[Effect]:
    """What leads a client's view of a room from one state to another, in ordinary lines.

    For replicas that had to be loaded anew: what happened in between is not known, only what came of it. So
    who is missing parts (they may well be in other rooms), and modes are set by `server`.
    """
    return [*_departures(old, new), *_renames(old, new), *_arrivals(old, new), *_settings(old, new, server)]


def _departures(old: State, new: State) -> Iterator[Effect]:
    for sid, member in old.members.items():
        if sid not in new.members:
            yield Effect(Kind.LEFT, 0, sid, events.parted(member.source, new.name), member=member)


def _renames(old: State, new: State) -> Iterator[Effect]:
    """Each nick when it is free; a ring of nicks is opened by calling one member by their session id."""
    shown = {sid: member.nick for sid, member in old.members.items() if sid in new.members}
    waiting = [sid for sid, nick in shown.items() if nick != new.members[sid].nick]
    while waiting:
        taken = {casefold(nick): sid for sid, nick in shown.items()}
        free = [sid for sid in waiting if taken.get(casefold(new.members[sid].nick), sid) == sid]
        sid = free[0] if free else waiting[0]
        nick = new.members[sid].nick if free else sid
        yield _renamed(new.members[sid], shown[sid], nick)
        shown[sid] = nick
        if free:
            waiting.remove(sid)


def _renamed(member: Member, old_nick: str, nick: str) -> Effect:
    line = f":{old_nick}!{member.user}@{member.host} NICK {nick}"
    return Effect(Kind.RENAMED, 0, member.sid, line, member=member, old=old_nick)


def _arrivals(old: State, new: State) -> Iterator[Effect]:
    for sid, member in new.members.items():
        known = old.members.get(sid)
        if known is None:
            yield Effect(Kind.JOINED, 0, sid, f":{member.source} JOIN {new.name}", member=member)
        else:
            for kind, line in news(known, member):
                yield Effect(kind, 0, sid, line, member=member, old=str(member.revision))


def _settings(old: State, new: State, server: str) -> Iterator[Effect]:
    for line in lines(f":{server} MODE {new.name}", _mode_changes(old, new)):
        yield Effect(Kind.CHANGED, 0, "", line)
    if old.topic != new.topic:
        line = events.topic_set(new.topic_by or server, new.name, new.topic)
        yield Effect(Kind.TOPIC, 0, "", line)


def _mode_changes(old: State, new: State) -> Iterator[Change]:
    for flag in FLAGS:
        if (flag in old.flags) != (flag in new.flags):
            yield Change(flag in new.flags, flag, None)
    if old.key != new.key:
        yield Change(bool(new.key), KEY, new.key or "*")
    if old.limit != new.limit:
        yield Change(bool(new.limit), LIMIT, str(new.limit) if new.limit else None)
    for letter in LISTS:
        before, after = old.mask_list(letter), new.mask_list(letter)
        yield from [Change(False, letter, mask) for mask in before if mask not in after]
        yield from [Change(True, letter, mask) for mask in after if mask not in before]
    for sid, member in new.members.items():
        known = old.members.get(sid)
        yield from reranked(known.modes if known else 0, member.modes, member.nick)
