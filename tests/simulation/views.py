"""What a client knows from its transcript alone: its rooms with members, ranks, modes and topics.

The checker's second model: it reads lines as a strict IRC client does, and reports every impossible line.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from tests.simulation.model import SPEAKING, lower, split

PREFIXES = {"@": "o", "+": "v"}
PERHAPS = "perhaps v"
MARKED = re.compile(r"<(m\d+)>")
REPLAYED = re.compile(r" :(\x01ACTION )?\[\d\d:\d\d\] ")
"""The beginning of a message that is replayed after a JOIN, to a client without server-time."""


@dataclass(slots=True)
class Line:
    """A parsed line of a transcript. ``token``: the mark of a shown message, live or from history."""

    at: float
    text: str
    tags: dict[str, str]
    source: str
    verb: str
    params: list[str]
    token: str = ""
    is_history: bool = False

    @property
    def nick(self) -> str:
        return self.source.partition("!")[0]


def read(lines: list[tuple[float, str]], is_text: bool) -> list[Line]:
    """Parse a transcript."""
    read_lines = []
    histories: set[str] = set()
    for at, text in lines:
        tags, source, words = split("PLAIN text" if is_text else text)
        line = Line(at, text, tags, source, words[0], words[1:])
        if line.verb == "BATCH":
            if words[1].startswith("-"):  # its reference may be used again from now on
                histories.discard(words[1][1:])
            elif words[2:3] == ["chathistory"] or tags.get("batch") in histories:
                histories.add(words[1][1:])
        found = MARKED.search(text) if is_text or line.verb in SPEAKING else None
        if found is not None:
            line.token = found[1]
        line.is_history = tags.get("batch", "") in histories or REPLAYED.search(text) is not None
        read_lines.append(line)
    return read_lines


@dataclass(slots=True)
class RoomView:
    """A client's knowledge of a room. ``flags`` is None until the client has read them."""

    members: dict[str, set[str]]  # casefolded nick -> letters of the shown ranks, PERHAPS if an "@" may hide a "+"
    listed: list[str] = field(default_factory=list)
    is_complete: bool = False  # NAMES was read
    flags: set[str] | None = None
    key: str = ""
    limit: int = 0
    topic: str = ""


class View:
    """The knowledge of one client. ``read`` yields the problems of each line."""

    def __init__(self, caps: Collection[str]) -> None:
        self.nick = ""
        self.rooms: dict[str, RoomView] = {}
        self.caps = caps
        self.profiles: dict[str, dict[str, str]] = {}  # casefolded nick -> its AWAY and SETNAME
        self.monitored: dict[str, bool] = {}  # casefolded nick -> whether it is online (MONITOR)
        self.quit: dict[str, set[str]] = {}  # casefolded nick that has quit -> rooms joined by that nick since
        self.late_messages = 0  # messages by users that have quit, from a slower log

    def read(self, line: Line) -> Iterator[str]:
        if line.is_history:
            return
        reader = getattr(self, f"_read_{line.verb.lower()}", None)
        if line.verb in SPEAKING:
            reader = self._read_message
        if reader is not None:
            yield from reader(line)

    def _is_me(self, nick: str) -> bool:
        return lower(nick) == lower(self.nick)

    def _with(self, nick: str) -> list[RoomView]:
        return [room for room in self.rooms.values() if lower(nick) in room.members]

    @property
    def _knows_all(self) -> bool:
        """Whether NAMES was read of all rooms. Between JOIN and NAMES a client does not know the other members."""
        return all(room.is_complete for room in self.rooms.values())

    def _room(self, line: Line, place: int = 0) -> RoomView | None:
        return self.rooms.get(lower(line.params[place]))

    def _read_001(self, line: Line) -> Iterator[str]:
        self.nick = line.params[0]
        yield from ()

    def _read_message(self, line: Line) -> Iterator[str]:
        if "!" not in line.source or not line.params[0].startswith("#"):
            return
        room = self._room(line)
        if room is None:
            if not ("label" in line.tags or self._is_me(line.nick)):  # its own echo, sent without being a member
                yield "a message of a room that it is not in"
        elif room.is_complete and "n" in (room.flags or ()) and lower(line.nick) not in room.members:
            # A QUIT removes the user from every room at once, whichever log has it first.
            if lower(line.nick) in self.quit and lower(line.params[0]) not in self.quit[lower(line.nick)]:
                self.late_messages += 1
                return
            yield f"a message by {line.nick}, who is not there"

    def _read_join(self, line: Line) -> Iterator[str]:
        name, room, nick = lower(line.params[0]), self._room(line), lower(line.nick)
        if len(line.params) != (3 if "extended-join" in self.caps else 1):
            yield f"a JOIN with {len(line.params)} parameters"
        profile = (
            self.profiles.setdefault(nick, {}) if self._with(nick) else self.profiles.setdefault(nick, {"AWAY": ""})
        )
        profile |= {"SETNAME": line.params[2]} if len(line.params) == 3 else {}
        if self._is_me(line.nick):
            if room is not None:
                yield "its own JOIN twice"
            self.rooms[name] = RoomView({lower(line.nick): set()})
        elif room is None:
            yield "a JOIN in a room that it is not in"
        elif lower(line.nick) in room.members and room.is_complete:
            yield f"a JOIN of {line.nick}, who is there"
        else:
            room.members[lower(line.nick)] = set()
            self.quit.get(lower(line.nick), set()).add(name)

    def _read_away(self, line: Line) -> Iterator[str]:
        if "away-notify" not in self.caps or self._is_me(line.nick):
            yield "an AWAY that it has not asked for"
        yield from self._read_profile(line)

    def _read_setname(self, line: Line) -> Iterator[str]:
        if "setname" not in self.caps:
            yield "a SETNAME that it has not asked for"
        yield from self._read_profile(line)

    def _read_profile(self, line: Line) -> Iterator[str]:
        is_known = self._is_me(line.nick) or self._with(line.nick)
        if not is_known and self._knows_all and "extended-monitor" not in self.caps:
            yield f"{line.verb} of {line.nick}, who is nowhere"
        self.profiles.setdefault(lower(line.nick), {})[line.verb] = "".join(line.params)

    def _read_730(self, line: Line) -> Iterator[str]:
        self.monitored |= {lower(target.partition("!")[0]): True for target in line.params[1].split(",")}
        yield from ()

    def _read_731(self, line: Line) -> Iterator[str]:
        self.monitored |= {lower(target): False for target in line.params[1].split(",")}
        yield from ()

    def _leave(self, line: Line, nick: str) -> Iterator[str]:
        room = self._room(line)
        if room is None:
            yield "someone leaves a room that it is not in"
        elif self._is_me(nick):
            del self.rooms[lower(line.params[0])]
        elif room.members.pop(lower(nick), None) is None and room.is_complete:
            yield f"{nick} leaves a room and was not there"
        self.profiles = {nick: profile for nick, profile in self.profiles.items() if self._with(nick)}

    def _read_part(self, line: Line) -> Iterator[str]:
        yield from self._leave(line, line.nick)

    def _read_kick(self, line: Line) -> Iterator[str]:
        yield from self._leave(line, line.params[1])

    def _read_quit(self, line: Line) -> Iterator[str]:
        rooms = self._with(line.nick)
        if self._is_me(line.nick):
            yield "its own QUIT"
        if not rooms and self._knows_all:
            yield f"a QUIT of {line.nick}, who is nowhere"
        self.quit[lower(line.nick)] = set()
        self.profiles.pop(lower(line.nick), None)
        for room in rooms:
            del room.members[lower(line.nick)]

    def _read_nick(self, line: Line) -> Iterator[str]:
        old, new = lower(line.nick), lower(line.params[0])
        if line.nick == line.params[0]:
            yield f"a NICK of {line.nick} to what it is"
        rooms = self._with(old)
        if self._is_me(old):
            self.nick = line.params[0]
        elif not rooms and self._knows_all:
            yield f"a NICK of {line.nick}, who is nowhere"
        if old in self.profiles:
            self.profiles[new] = self.profiles.pop(old)
        if old in self.quit:  # a slower log may have shown a JOIN since
            self.quit[new] = set(self.quit[old])
        for room in rooms:
            if new != old and new in room.members:
                yield f"two called {new}"
            room.members[new] = room.members.pop(old)

    def _read_353(self, line: Line) -> Iterator[str]:
        room = self._room(line, 2)
        if room is not None:
            room.listed += line.params[3].split()
        yield from ()

    def _read_366(self, line: Line) -> Iterator[str]:
        room = self._room(line, 1)
        if room is None:
            return
        listed, room.listed = room.listed, []
        if any(("!" in name) != ("userhost-in-names" in self.caps) for name in listed):
            yield "NAMES in another form than was asked for"
        names = [name.partition("!")[0] for name in listed]
        members = {lower(name.lstrip("@+")): {PREFIXES[c] for c in name if c in PREFIXES} for name in names}
        for ranks in members.values() if "multi-prefix" not in self.caps else ():
            ranks |= {PERHAPS} if "o" in ranks else set()
        if room.is_complete and members.keys() != room.members.keys():
            yield f"NAMES says {sorted(members)}, it knew {sorted(room.members)}"
        if not room.is_complete:
            room.members, room.is_complete = members, True
        if lower(self.nick) not in members:
            yield "NAMES without itself"

    def _read_324(self, line: Line) -> Iterator[str]:
        room = self._room(line, 1)
        if room is None:
            return
        params = iter(line.params[3:])
        modes = RoomView({}, flags=set())
        assert modes.flags is not None
        for letter in line.params[2].removeprefix("+"):
            if letter == "k":
                modes.key = next(params)
            elif letter == "l":
                modes.limit = int(next(params))
            else:
                modes.flags.add(letter)
        if room.flags is not None and (modes.flags, modes.key, modes.limit) != (room.flags, room.key, room.limit):
            yield f"the modes are {line.params[2:]}, it knew {sorted(room.flags)} {room.key} {room.limit}"
        room.flags, room.key, room.limit = modes.flags, modes.key, modes.limit

    def _read_mode(self, line: Line) -> Iterator[str]:
        room = self._room(line)
        if room is None:
            if line.params[0].startswith("#"):
                yield "a MODE of a room that it is not in"
            return
        is_adding, params = True, iter(line.params[2:])
        for letter in line.params[1]:
            if letter in "+-":
                is_adding = letter == "+"
            elif letter in "ov":
                yield from self._rank(room, lower(next(params)), letter, is_adding)
            elif letter in "beI":
                next(params)
            elif letter == "k":
                param = next(params)
                room.key = param if is_adding else ""
            elif letter == "l":
                room.limit = int(next(params)) if is_adding else 0
            elif room.flags is not None:
                if (letter in room.flags) == is_adding:
                    yield f"{line.params[1]}, which is so already"
                room.flags ^= {letter}

    def _rank(self, room: RoomView, nick: str, letter: str, is_adding: bool) -> Iterator[str]:
        ranks = room.members.get(nick)
        if ranks is None:
            if room.is_complete:
                yield f"a rank for {nick}, who is not there"
        elif is_adding:
            ranks.add(letter)
            ranks.discard(PERHAPS if letter == "v" else "")
        else:
            ranks.difference_update({letter, PERHAPS} if letter == "v" else {letter})

    def _read_topic(self, line: Line) -> Iterator[str]:
        room = self._room(line)
        if room is None:
            yield "a TOPIC of a room that it is not in"
        else:
            room.topic = line.params[1]

    def _read_redact(self, line: Line) -> Iterator[str]:
        if self._room(line) is None:
            yield "a REDACT of a room that it is not in"

    def _read_332(self, line: Line) -> Iterator[str]:
        room = self._room(line, 1)
        if room is not None:
            if room.is_complete and room.topic != line.params[2]:
                yield f"the topic is {line.params[2]}, it knew {room.topic}"
            room.topic = line.params[2]
