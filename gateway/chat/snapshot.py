"""Snapshots: a room's state as text, and back.

Owns the format, which carries its version (docs/protocol.md, "Snapshots"). The caller keeps the position (epoch and
stream id) to which the state belongs. Pure.
"""

import json
from typing import Any

from gateway.chat.deduplication import MessageRecord
from gateway.chat.lives import Bound
from gateway.chat.member import Member
from gateway.chat.modes import LISTS
from gateway.chat.room import Room
from gateway.chat.state import State

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
    snapshot["said"] = [[given, *first] for given, first in room.seen_ids.items()]
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
    room.seen_ids = {given: MessageRecord(*first) for given, *first in snapshot["said"]}
    room.origins = dict(snapshot["origins"])
    room.life_began = _bound(snapshot["life_began"])
    room.hidden = [(_bound(begin), _bound(end)) for begin, end in snapshot["hidden"]]
    return room


def _bound(values: list[int]) -> Bound:
    ms, n, index = map(int, values)
    return ms, n, index
