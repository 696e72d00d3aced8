"""The difference between two states of a room, as the effects that lead from one to the other. Pure."""

from collections.abc import Iterator

from gateway.chat import events
from gateway.chat.effects import Effect, Kind
from gateway.chat.member import Member
from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS, Change, lines, reranked
from gateway.chat.profile_updates import news
from gateway.chat.state import State
from gateway.wire.casefold import casefold


def difference(old: State, new: State, server: str = events.NETWORK) -> list[Effect]:
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
