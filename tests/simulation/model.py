"""The state that a room's log means: the checker's own fold, written only from docs/protocol.md ("The log").

Slow and plain, and a duplicate on purpose: it shares no code with gateway.chat. Payloads of a log in, a state and its
messages out.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zlib import crc32

StreamId = tuple[int, int]
Place = tuple[int, int, int]
Masks = dict[str, tuple[str, int]]
FirstUse = tuple[str, int, StreamId]
"""The first message with a client message id: user@host of its sender, the digest of its text, its entry."""

SPEAKING = ("PRIVMSG", "NOTICE", "TAGMSG")
OP, VOICE = 1, 2
GONE_MEMORY_MS = 24 * 3600 * 1000
INVITED_LIMIT = 100
REMEMBERED_MS = 10 * 60 * 1000
"""How long client message ids, and members removed by a GONE, are remembered."""


@dataclass(slots=True)
class Member:
    """A member: a session in a room."""

    sid: str
    nick: str
    user: str
    host: str
    realname: str
    account: str
    away: str | None
    modes: int
    token: int
    revision: int = 0
    is_bot: bool = False

    @property
    def source(self) -> str:
        return f"{self.nick}!{self.user}@{self.host}"


@dataclass(slots=True)
class Message:
    """An accepted message: place, sender, text, and the members at that moment."""

    id: StreamId
    index: int
    origin: str
    sid: str
    nick: str
    verb: str
    text: str
    members: tuple[str, ...]
    life: int


@dataclass(slots=True)
class Event:
    """A parsed event of an entry."""

    id: StreamId
    index: int
    sid: str
    tags: dict[str, str]
    source: str
    verb: str
    params: list[str]

    def fact(self, name: str) -> str:
        return self.tags.get(f"hubbub/{name}", "")

    @property
    def revision(self) -> int:
        return int(self.fact("revision") or 0)

    @property
    def has_oper(self) -> bool:
        return self.fact("oper") == "1"

    def param(self, place: int) -> str:
        return self.params[place] if len(self.params) > place else ""


@dataclass
class RoomModel:
    """The state of a room after an entry, and all its messages so far."""

    name: str
    members: dict[str, Member] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    key: str = ""
    limit: int = 0
    lists: dict[str, Masks] = field(default_factory=lambda: {"b": {}, "e": {}, "I": {}})
    topic: str = ""
    invited: list[str] = field(default_factory=list)
    dead_gateways: dict[str, int] = field(default_factory=dict)
    changed: StreamId = (0, 0)
    detached: dict[str, tuple[int, int]] = field(default_factory=dict)  # removed by a GONE: session -> (modes, time)
    origins: dict[str, int] = field(default_factory=dict)  # lane -> the number of its newest entry
    client_msgids: dict[str, FirstUse] = field(default_factory=dict)  # the oldest first
    messages: list[Message] = field(default_factory=list)
    rejected: set[str] = field(default_factory=set)
    redacted: set[str] = field(default_factory=set)
    is_alive: bool = False
    has_messages: bool = False
    life: int = 0  # the number of lives that have ended
    life_began: Place = (0, 0, 0)
    hidden_lives: set[int] = field(default_factory=set)
    hidden: list[tuple[Place, Place]] = field(default_factory=list)  # the same, as ranges of the log
    in_life: dict[int, set[str]] = field(default_factory=dict)  # life -> sessions that were in the room then

    # -- snapshots ------------------------------------------------------------------------------------

    @classmethod
    def from_base(cls, name: str, text: str) -> "RoomModel":
        """Read the state from a snapshot's JSON (docs/protocol.md, "Snapshots")."""
        saved: dict[str, Any] = json.loads(text)
        room = cls(name)
        room.members = {words[0]: Member(*words) for words in saved["members"]}
        room.flags = set(saved["flags"])
        room.key, room.limit, room.topic = saved["key"], saved["limit"], saved["topic"]
        room.lists = {letter: {mask: (by, at) for mask, by, at in saved[letter]} for letter in "beI"}
        room.invited = list(saved["invited"])
        room.dead_gateways = dict(saved["gone"])
        room.changed = stream_id(saved["changed"])
        room.detached = {sid: (modes, at) for sid, modes, at in saved["lost"]}
        room.origins = dict(saved["origins"])
        room.client_msgids = {
            client_msgid: (sender, digest, stream_id(at)) for client_msgid, sender, digest, at, _ in saved["said"]
        }
        room.has_messages = saved["has_messages"]
        room.is_alive = bool(saved["created_ms"])
        ms, n, index = saved["life_began"]
        room.life_began = ms, n, index
        room.hidden = [((a, b, c), (d, e, f)) for (a, b, c), (d, e, f) in saved["hidden"]]
        room.in_life[0] = set(room.members)
        return room

    # -- the fold -------------------------------------------------------------------------------------

    def apply(self, entry_id: StreamId, origin: str, payload: bytes) -> None:
        """Apply the next entry. A duplicate is rejected."""
        lane, _, count = origin.partition(":")
        is_again = int(count or 0) <= self.origins.get(lane, -1)
        if count and not is_again:
            self.origins[lane] = int(count)
        for index, (sid, line) in enumerate(events(payload)):
            event = parse(entry_id, index, sid, line)
            if not is_again and self._accept(event):
                if event.verb in SPEAKING:
                    self._record_message(event, origin)
            else:
                self.rejected.add(f"{entry_id[0]}-{entry_id[1]}.{index}")

    def _record_message(self, event: Event, origin: str) -> None:
        member = self.members.get(event.sid)
        nick = member.nick if member is not None else event.source.partition("!")[0]
        text = event.param(1) if event.verb != "TAGMSG" else event.tags.get("+mark", "")
        place = event.id, event.index
        self.messages.append(Message(*place, origin, event.sid, nick, event.verb, text, tuple(self.members), self.life))

    def _accept(self, event: Event) -> bool:
        """Apply an event; return whether it was accepted."""
        verb, sid = event.verb, event.sid
        if sid == "-":
            return verb == "GONE" and self._end_gateway(event.param(0), event.id[0])
        if event.verb in (*SPEAKING, "REDACT", "JOIN", "PART", "KICK", "MODE", "TOPIC") and self._is_other_room(
            event.param(0)
        ):
            return False
        if sid.partition(".")[0] in self.dead_gateways:
            return False
        if verb in SPEAKING:
            return self._say(event)
        if verb == "REDACT":
            return self._redact(event)
        if verb == "JOIN":
            return self._join(event)
        if verb == "QUIT" and sid in self.invited:
            self.invited.remove(sid)
        if verb in ("PART", "QUIT"):
            return self._remove(event, sid)
        if verb == "KICK":
            return self._may_operate(event) and self._remove(event, event.fact("sids"))
        if verb == "NICK":
            return self._rename(event)
        if verb == "MODE":
            return self._may_operate(event) and self._set_modes(event)
        if verb == "TOPIC":
            return self._set_topic(event)
        if verb == "INVITE":
            return self._invite(event)
        return verb in ("AWAY", "SETNAME", "BOT") and self._change_profile(event)

    def _is_other_room(self, room: str) -> bool:
        return lower(room) != self.name

    def _say(self, event: Event) -> bool:
        client_msgid = event.tags.get("+hubbub/id", "")
        first = self.client_msgids.get(client_msgid)
        if client_msgid and first is not None and event.id[0] - first[2][0] < REMEMBERED_MS:
            return False  # a duplicate, or the id of another message
        if not self._may_speak(event):
            return False
        if event.verb == "TAGMSG" and not any(name.startswith("+") for name in event.tags):
            return False
        self.has_messages = True
        if client_msgid:
            self._remember(client_msgid, event)
        return True

    def _remember(self, client_msgid: str, event: Event) -> None:
        _, _, sender = event.source.partition("!")
        own_tags = [f"{key}={value}" for key, value in sorted(event.tags.items()) if key.startswith("+")]
        text = event.param(1).encode()[:256] if event.verb != "TAGMSG" else "\0".join(own_tags).encode()
        digest = crc32(event.verb.encode() + b" " + text + event.fact("more").encode())
        self.client_msgids.pop(client_msgid, None)
        self.client_msgids[client_msgid] = sender, digest, event.id
        self.client_msgids = {
            one: first for one, first in self.client_msgids.items() if first[2][0] > event.id[0] - REMEMBERED_MS
        }

    def _redact(self, event: Event) -> bool:
        is_author = event.sid in self.members and event.fact("by") == event.sid
        if not (is_author or self._may_operate(event)):
            return False
        ms, n, index, _ = event.param(1).split("-")
        self.redacted.add(f"{ms}-{n}.{index}")
        return True

    # -- rules ----------------------------------------------------------------------------------------

    def _source(self, event: Event) -> str:
        member = self.members.get(event.sid)
        return member.source if member is not None else event.source

    def _is_banned(self, source: str) -> bool:
        return fits(self.lists["b"], source) and not fits(self.lists["e"], source)

    def _may_speak(self, event: Event) -> bool:
        member = self.members.get(event.sid)
        if member is None and (not self.members or "n" in self.flags):
            return False
        if member is not None and member.modes:
            return True
        return "m" not in self.flags and not self._is_banned(self._source(event))

    def _has_operator(self) -> bool:
        return any(member.modes & OP for member in self.members.values())

    def _may_operate(self, event: Event) -> bool:
        member = self.members.get(event.sid)
        if member is not None and member.modes & OP:
            return True
        return event.has_oper and bool(self.members) and not self._has_operator()

    def _may_join(self, event: Event) -> bool:
        if not self.members:
            return True
        if event.has_oper and not self._has_operator():
            return True
        is_invited = event.sid in self.invited or fits(self.lists["I"], event.source)
        return (
            not self._is_banned(event.source)
            and ("i" not in self.flags or is_invited)
            and (not self.key or event.fact("key") == self.key)
            and (not self.limit or len(self.members) < self.limit)
        )

    # -- coming and going -----------------------------------------------------------------------------

    def _join(self, event: Event) -> bool:
        if event.sid in self.members:
            return False
        modes = self._restored_modes(event)
        if modes is None:
            modes = 0
            if not self.members:
                self._end_life((*event.id, event.index))
            if not self._may_join(event):
                return False
            if not self.members:
                self.flags = {"n", "t"}
                modes = 0 if event.fact("lobby") == "1" else OP
        nick, user, host = re.split("[!@]", event.source)
        token = int(event.fact("token"))
        nick = self._resolve_nick(nick, event.sid, token)
        away = event.fact("away") or None
        saved = event.param(1), event.fact("account"), away
        member = Member(event.sid, nick, user, host, *saved, modes, token, event.revision, event.fact("bot") == "1")
        self.members[event.sid] = member
        self.is_alive = True
        self.in_life.setdefault(self.life, set()).add(event.sid)
        if event.sid in self.invited:
            self.invited.remove(event.sid)
        return True

    def _restored_modes(self, event: Event) -> int | None:
        """Return the modes of a member that returns after its gateway was declared dead; None for others."""
        was = event.fact("was")
        if was == event.sid or was.partition(".")[2] != event.sid.partition(".")[2]:
            return None
        if was in self.members:
            self.detached[was] = self.members.pop(was).modes, event.id[0]
        modes, at_ms = self.detached.pop(was, (0, -REMEMBERED_MS))
        return modes if event.id[0] - at_ms < REMEMBERED_MS else None

    def _resolve_nick(self, nick: str, sid: str, token: int) -> str:
        """Resolve a nick conflict: the session with the older claim gets its session id as nick."""
        holder = next((one for one in self.members.values() if lower(one.nick) == lower(nick)), None)
        if holder is None or holder.sid == sid:
            return nick
        if (token, sid) < (holder.token, holder.sid):
            return sid
        holder.nick = holder.sid
        return nick

    def _remove(self, event: Event, sid: str) -> bool:
        if self.members.pop(sid, None) is None:
            return False
        if not self.members and not self.detached:
            self._end_life((*event.id, event.index + 1))
        return True

    def _end_life(self, end: Place) -> None:
        """End a life of the room. Events between two lives belong to none."""
        if self.is_alive:
            if self.key or self.lists["b"] or self.flags & {"i", "s"}:
                self.hidden_lives.add(self.life)
                begin = self.life_began if self.life_began < end else (0, 0, 0)
                if self.hidden and self.hidden[-1][1] >= begin:
                    begin = min(begin, self.hidden.pop()[0])
                self.hidden.append((begin, end))
            self.life += 1
            self.life_began, self.is_alive = end, False
        self.flags, self.key, self.limit, self.topic = set(), "", 0, ""
        self.lists = {"b": {}, "e": {}, "I": {}}
        self.invited, self.changed = [], (0, 0)

    def _end_gateway(self, gateway: str, at_ms: int) -> bool:
        self.dead_gateways[gateway] = at_ms
        self.dead_gateways = {name: at for name, at in self.dead_gateways.items() if at > at_ms - GONE_MEMORY_MS}
        self.invited = [sid for sid in self.invited if sid.partition(".")[0] not in self.dead_gateways]
        lost = [sid for sid in self.members if sid.partition(".")[0] in self.dead_gateways]
        for sid in lost:
            self.detached[sid] = self.members.pop(sid).modes, at_ms
        self.detached = {sid: (modes, at) for sid, (modes, at) in self.detached.items() if at > at_ms - REMEMBERED_MS}
        return bool(lost)

    def _rename(self, event: Event) -> bool:
        member = self.members.get(event.sid)
        if member is None:
            return False
        token = int(event.fact("token"))
        nick = self._resolve_nick(event.param(0), event.sid, token)
        member.token = token
        if nick == member.nick:
            return False
        member.nick = nick
        return True

    # -- settings -------------------------------------------------------------------------------------

    def _set_modes(self, event: Event) -> bool:
        source, at_ms = self._source(event), event.id[0]
        sids = iter(event.fact("sids").split(","))
        params = iter(event.params[2:])
        is_adding, joins_decided, applied = True, False, False
        for letter in event.param(1):
            if letter in "+-":
                is_adding = letter == "+"
            elif letter in "ov":
                next(params, "")
                applied |= self._set_rank(next(sids, ""), OP if letter == "o" else VOICE, is_adding)
            elif letter in "beI":
                joins_decided |= self._set_mask(self.lists[letter], next(params, ""), is_adding, (source, at_ms))
            elif letter == "k":
                wanted = next(params, "") if is_adding else (next(params, "") and "")
                joins_decided |= wanted != self.key
                self.key = wanted
            elif letter == "l":
                limit = int(next(params, "0")) if is_adding else 0
                joins_decided |= limit != self.limit
                self.limit = limit
            elif (letter in self.flags) != is_adding:
                joins_decided = True
                self.flags ^= {letter}
        if joins_decided:  # a JOIN that was checked before is stale now
            self.changed = event.id
        return applied or joins_decided

    def _set_rank(self, sid: str, bit: int, is_adding: bool) -> bool:
        member = self.members.get(sid)
        if member is None or bool(member.modes & bit) == is_adding:
            return False
        member.modes ^= bit
        return True

    def _set_mask(self, masks: Masks, mask: str, is_adding: bool, by: tuple[str, int]) -> bool:
        known = next((one for one in masks if lower(one) == lower(mask)), None)
        if is_adding == (known is not None):
            return False
        if known is not None:
            del masks[known]
        else:
            masks[mask] = by
        return True

    def _set_topic(self, event: Event) -> bool:
        is_allowed = event.sid in self.members and "t" not in self.flags
        if not (is_allowed or self._may_operate(event)) or event.param(1) == self.topic:
            return False
        self.topic = event.param(1)
        return True

    def _invite(self, event: Event) -> bool:
        target = event.fact("sids")
        is_allowed = event.sid in self.members and "i" not in self.flags
        if target in self.members or not (is_allowed or self._may_operate(event)):
            return False
        if target in self.invited:
            self.invited.remove(target)
        self.invited = [*self.invited, target][-INVITED_LIMIT:]
        return True

    def _change_profile(self, event: Event) -> bool:
        """Change a member's profile by AWAY, SETNAME or BOT, unless the revision is older or nothing changes."""
        member, text = self.members.get(event.sid), event.param(0) or None
        if member is None or event.revision < member.revision:
            return False
        before = member.away, member.realname, member.is_bot
        if event.verb == "AWAY":
            member.away = text
        elif event.verb == "SETNAME":
            member.realname = text or ""
        else:
            member.is_bot = text == "1"
        if (member.away, member.realname, member.is_bot) == before and event.revision == member.revision:
            return False
        member.revision = event.revision
        return True


# -- lines ----------------------------------------------------------------------------------------------


def events(payload: bytes) -> list[tuple[str, str]]:
    """Return (session id, line) of each event of an entry; a marker has none."""
    head, _, body = payload.decode().partition("\r\n")
    return list(zip(head.split(" "), body.split("\r\n"), strict=False)) if body else []


def parse(entry_id: StreamId, index: int, sid: str, line: str) -> Event:
    tags, source, params = split(line)
    return Event(entry_id, index, sid, tags, source, params[0], params[1:])


def split(line: str) -> tuple[dict[str, str], str, list[str]]:
    """Return (tags, source, verb and parameters) of an IRC line."""
    tags: dict[str, str] = {}
    source = ""
    if line.startswith("@"):
        text, _, line = line[1:].partition(" ")
        pairs = (tag.partition("=") for tag in text.split(";"))
        tags = {
            name: re.sub(r"\\(.)", lambda found: _ESCAPED.get(found[1], found[1]), value) for name, _, value in pairs
        }
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    middle, colon, last = line.partition(" :")
    return tags, source, [*middle.split(), last] if colon else middle.split()


def stream_id(text: str) -> StreamId:
    ms, _, n = text.partition("-")
    return int(ms), int(n)


def lower(name: str) -> str:
    return name.translate(_LOWER)


_ESCAPED = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_LOWER = {ord(c): ord(c) + 32 for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def fits(masks: Sequence[str] | Masks, source: str) -> bool:
    return any(_pattern(mask).fullmatch(lower(source)) is not None for mask in masks)


@lru_cache(maxsize=1000)
def _pattern(mask: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in lower(mask)))
