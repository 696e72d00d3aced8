"""The difference between two states of a room, as the effects that lead from one to the other. Pure."""

from collections.abc import Iterator

from gateway.chat.effects import Departure, Effect, Joined, Left, ModesSet, ProfileChanged, Renamed, TopicSet
from gateway.chat.events import NETWORK
from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS, Change, reranked
from gateway.chat.profile_updates import diff
from gateway.chat.state import State
from gateway.wire.casefold import casefold


def difference(old: State, new: State) -> list[Effect]:
    """The effects that lead a client's view of a room from one state to another.

    For a replica that was reloaded: what happened in between is not known, only the result. So members who are missing
    are shown to part (they may well be in other rooms), and the network sets the modes.
    """
    return [*_departures(old, new), *_renames(old, new), *_arrivals(old, new), *_settings(old, new)]


def _departures(old: State, new: State) -> Iterator[Effect]:
    for sid, member in old.members.items():
        if sid not in new.members:
            yield Left(0, sid, new.name, member, Departure.PART, member.source, member.nick, "")


def _renames(old: State, new: State) -> Iterator[Effect]:
    """Each nick when it is free; a ring of nicks is opened by renaming one member to their session id."""
    shown = {sid: member.nick for sid, member in old.members.items() if sid in new.members}
    waiting = [sid for sid, nick in shown.items() if nick != new.members[sid].nick]
    while waiting:
        taken = {casefold(nick): sid for sid, nick in shown.items()}
        free = [sid for sid in waiting if taken.get(casefold(new.members[sid].nick), sid) == sid]
        sid = free[0] if free else waiting[0]
        nick = new.members[sid].nick if free else sid
        yield Renamed(0, sid, new.members[sid], shown[sid], nick)
        shown[sid] = nick
        if free:
            waiting.remove(sid)


def _arrivals(old: State, new: State) -> Iterator[Effect]:
    for sid, member in new.members.items():
        known = old.members.get(sid)
        if known is None:
            yield Joined(0, sid, new.name, member)
        else:
            for update in diff(known, member):
                yield ProfileChanged(0, sid, member, update, member.revision)


def _settings(old: State, new: State) -> Iterator[Effect]:
    changes = list(_mode_changes(old, new))
    if changes:
        yield ModesSet(0, "", new.name, NETWORK, changes)
    if old.topic != new.topic:
        yield TopicSet(0, "", new.name, new.topic_by or NETWORK, new.topic)


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
        yield from reranked(known.modes if known else 0, member.modes, member.nick, sid)
