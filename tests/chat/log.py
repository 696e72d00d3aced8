"""A room's log for tests: entries with ascending ids, folded at once; and a client's view of the lines."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from gateway.chat import events
from gateway.chat.effects import Effect, Joined, ModesSet, MultilineSent
from gateway.chat.events import Entry
from gateway.chat.member import OP, VOICE
from gateway.chat.modes import parse
from gateway.chat.render import effect_lines
from gateway.chat.room import Room
from gateway.chat.state import State
from gateway.wire import message
from gateway.wire.casefold import casefold

ROOM = "#Room"
START_MS = 1_700_000_000_000


def sid_of(nick: str) -> str:
    """Each nick of a test has a session of its own; the first letter names its gateway."""
    return f"gw{nick[0]}.0.{nick}"


def source_of(nick: str) -> str:
    return f"{nick}!{nick}@host"


Batches = list[list[tuple[str, str]]]


class Log:
    """Writes a room's events and applies them. A test names the type of the effect that it expects."""

    def __init__(self, room: Room | None = None) -> None:
        self.room = room or Room(ROOM)
        self.entries: list[Entry] = []
        self.at_ms = START_MS

    @property
    def last_id(self) -> str:
        return f"{self.at_ms}-0"

    def append(self, *batch: tuple[str, str]) -> Any:
        self.at_ms += 1
        entry = events.decode(self.last_id, f"gwa.0:{self.at_ms}", events.encode(batch))
        self.entries.append(entry)
        return self.room.apply(entry)

    def do(self, nick: str, line: str) -> Any:
        """One event by the session of a nick: its only effect, but for what the network does then."""
        (effect,) = [effect for effect in self.append((sid_of(nick), line)) if effect.sid]
        return effect

    def join(self, *nicks: str, **facts: str | int) -> Any:
        for nick in nicks:
            known: dict[str, str | int] = {"token": 100, "seen": self.last_id}
            line = events.joined(source_of(nick), ROOM, f"Real {nick}", known | facts)
            effects = self.append((sid_of(nick), line))
        return effects

    def say(self, nick: str, text: str = "hello", verb: str = "PRIVMSG") -> Any:
        return self.do(nick, events.said(source_of(nick), verb, ROOM, text))

    def say_lines(self, nick: str, first: str, more: str, client_tags: str = "") -> Any:
        return self.do(nick, events.said_in_lines(source_of(nick), "PRIVMSG", ROOM, first, more, client_tags))

    def redact(self, nick: str, msgid: str, by: str, reason: str = "", oper: bool = False) -> Any:
        return self.do(nick, events.redacted_in_room(source_of(nick), ROOM, msgid, sid_of(by), reason, oper))

    def mode(self, nick: str, modes: str, *targets: str, oper: bool = False) -> Any:
        sids = [sid_of(target) for target in targets]
        return self.do(nick, events.mode_set(source_of(nick), ROOM, modes, sids, oper))


def with_members(*nicks: str, modes: str = "") -> Log:
    """A room of these; the first is its operator and sets the modes."""
    log = Log()
    log.join(*nicks)
    if modes:
        assert type(log.mode(nicks[0], modes)) is ModesSet
    return log


def line_of(effect: Effect) -> str:
    """The only line that shows an effect; of a message of several lines all its text, with the separators."""
    if isinstance(effect, MultilineSent):
        return f":{effect.source} {effect.verb} {effect.room} :{effect.text}"
    (line,) = effect_lines(effect)
    return line


def folded(batches: Batches) -> Log:
    log = Log()
    for batch in batches:
        log.append(*batch)
    return log


def full_room() -> Room:
    """Something in every field."""
    log = with_members("ann", modes="+i")
    log.do("ann", events.parted("", ROOM))
    log.join("ann", "bob")
    log.mode("ann", "+mkl key 9")
    log.mode("ann", "+veIb bob *!*@e *!*@i *!*@b", "bob")
    log.do("ann", events.topic_set("", ROOM, "Grüße"))
    log.do("bob", events.away("", "out"))
    log.do("ann", events.invited("", "cat", ROOM, sid_of("cat")))
    log.join("zed", key="key")
    log.append(events.gone("gwz"), events.rules(3))
    log.do("ann", f"@+hubbub/id=7 {events.said('', 'PRIVMSG', ROOM, 'x')}")
    return log.room


@dataclass
class View:
    """What a client knows of a room from its lines alone; asserts that they are coherent."""

    members: dict[str, set[str]] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)
    realnames: dict[str, str] = field(default_factory=dict)
    topic: str = ""
    settings: set[tuple[str, str]] = field(default_factory=set)

    def take(self, effect: Effect) -> None:
        """The effect's lines; of a JOIN, also what is shown beside it (IRCv3 extended-join, away-notify)."""
        for line in effect_lines(effect):
            self.apply(line)
        if isinstance(effect, Joined):
            nick = casefold(effect.member.nick)
            self.realnames[nick] = effect.member.realname
            if effect.member.away is not None:
                self.away[nick] = effect.member.away

    def apply(self, line: str) -> None:
        parsed = message.parse(line)
        assert parsed is not None
        nick = casefold((parsed.source or "").partition("!")[0])
        if "!" in (parsed.source or "") and parsed.verb not in ("JOIN", "TOPIC", "MODE", "KICK", "INVITE"):
            assert nick in self.members, f"by an absent nick: {line}"
        match parsed.verb, parsed.params:
            case "JOIN", [_]:
                assert nick not in self.members, f"joined twice: {line}"
                self.members[nick] = set()
            case (("PART" | "QUIT"), _):
                self._lose(nick)
            case "KICK", [_, target, _]:
                self._lose(casefold(target))
            case "NICK", [new]:
                assert casefold(new) == nick or casefold(new) not in self.members, f"nick taken: {line}"
                self.members[casefold(new)] = self.members.pop(nick)
                for told in (self.away, self.realnames):
                    if nick in told:
                        told[casefold(new)] = told.pop(nick)
            case "AWAY", text:
                self.away.pop(nick, None)
                if text:
                    self.away[nick] = text[0]
            case "TOPIC", [_, text]:
                self.topic = text
            case "MODE", [_, modes, *params]:
                for change in parse(modes, params):
                    self._set(change.adding, change.letter, change.param or "")
            case "SETNAME", [realname]:
                self.realnames[nick] = realname
            case (("INVITE" | "ACCOUNT" | "CHGHOST" | "BOT"), _):
                pass
            case _:
                raise AssertionError(f"unknown to clients: {line}")

    def _lose(self, nick: str) -> None:
        del self.members[nick]
        self.away.pop(nick, None)
        self.realnames.pop(nick, None)

    def _set(self, adding: bool, letter: str, param: str) -> None:
        held = self.members[casefold(param)] if letter in "ov" else self.settings
        item = letter if letter in "ov" else (letter, param)
        if letter in "kl":
            self.settings = {other for other in self.settings if other[0] != letter}
            held = self.settings
        else:
            assert (item in held) != adding, f"set what is set: {letter} {param}"
        if adding:
            held.add(item)  # type: ignore[arg-type]
        elif letter not in "kl":
            held.remove(item)  # type: ignore[arg-type]


def view_of(room: State) -> View:
    """The view of a client that knows all of a room's state."""
    ranks = {0: set(), OP: {"o"}, VOICE: {"v"}, OP | VOICE: {"o", "v"}}
    settings = {(flag, "") for flag in room.flags}
    settings |= {(letter, mask) for letter in "beI" for mask in room.mask_list(letter)}
    settings |= {("k", room.key)} if room.key else set()
    settings |= {("l", str(room.limit))} if room.limit else set()
    return View(
        {casefold(member.nick): ranks[member.modes] for member in room.members.values()},
        {casefold(member.nick): member.away for member in room.members.values() if member.away is not None},
        {casefold(member.nick): member.realname for member in room.members.values()},
        room.topic,
        settings,
    )


# Events as Hypothesis makes them: few names, so that they meet.

_SIDS = st.sampled_from(["gwa.0.1", "gwa.0.2", "gwb.0.1", "gwb.1.1", "gwc.0.1"])
_NICKS = st.sampled_from(["ann", "Ann", "bob", "cat", "gwa.0.1", "gwb.0.1"])
_SOURCES = st.builds("{}!{}@{}".format, _NICKS, st.just("u"), st.sampled_from(["h1", "h1", "h2"]))
_TEXTS = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=5)
_MASKS = st.sampled_from(["ann!*@*", "BOB!*@*", "*!*@h1", "*!*@H2", "*"])
_MODES = st.text("+-ovbeIklimnst", max_size=6)
_MODE_PARAMS = st.lists(st.one_of(_NICKS, _MASKS, st.sampled_from(["2", "5", "key"])), max_size=6)
_TOKENS = st.integers(0, 5)
_TWO_SIDS = st.lists(_SIDS, min_size=1, max_size=3)


@st.composite
def _joins(draw: st.DrawFn) -> str:
    facts: dict[str, str | int] = {"token": draw(_TOKENS)}
    facts["seen"] = draw(st.sampled_from(["0-0", f"{START_MS + 5}-0", "9999999999999-0"]))
    for name in draw(st.sets(st.sampled_from(["key", "oper", "lobby"]))):
        facts[name] = "key" if name == "key" else 1
    facts |= draw(st.dictionaries(st.just("away"), _TEXTS))
    if draw(st.booleans()):
        facts["was"] = draw(_SIDS)
    return events.joined(draw(_SOURCES), draw(st.sampled_from([ROOM, "#room"])), draw(_TEXTS), facts)


LINES = st.one_of(
    _joins(),
    _joins(),
    st.builds(events.said, _SOURCES, st.sampled_from(["PRIVMSG", "NOTICE"]), st.just(ROOM), _TEXTS),
    st.builds(
        events.said_in_lines,
        _SOURCES,
        st.sampled_from(["PRIVMSG", "NOTICE"]),
        st.just(ROOM),
        _TEXTS,
        st.text("a\n\r; ", max_size=5),
        st.sampled_from(["", "+a=b", "+hubbub/id=1"]),
    ),
    st.builds(
        events.redacted_in_room,
        _SOURCES,
        st.just(ROOM),
        st.sampled_from([f"{START_MS}-0-0-00000000", "x"]),
        _SIDS,
        _TEXTS,
        st.booleans(),
    ),
    st.builds(events.tagmsg, _SOURCES, st.just(ROOM), st.sampled_from(["+typing=active", "x=1", "+hubbub/id=1"])),
    st.builds(
        lambda source, given: f"@+hubbub/id={given} {events.said(source, 'PRIVMSG', ROOM, given)}",
        _SOURCES,
        st.sampled_from(["1", "2", "", "x" * 65]),
    ),
    st.builds(events.parted, _SOURCES, st.just(ROOM), _TEXTS),
    st.builds(events.quitted, _SOURCES, _TEXTS),
    st.builds(events.renamed, _SOURCES, _NICKS, _TOKENS.map(str)),
    st.builds(events.kicked, _SOURCES, st.just(ROOM), _NICKS, _SIDS, _TEXTS),
    st.builds(
        lambda source, modes, params, sids, oper: events.mode_set(source, ROOM, " ".join([modes, *params]), sids, oper),
        _SOURCES,
        _MODES,
        _MODE_PARAMS,
        _TWO_SIDS,
        st.booleans(),
    ),
    st.builds(events.topic_set, _SOURCES, st.just(ROOM), _TEXTS),
    st.builds(events.invited, _SOURCES, _NICKS, st.just(ROOM), _SIDS),
    st.builds(events.away, _SOURCES, st.none() | _TEXTS, st.integers(0, 3)),
    st.builds(events.realname_set, _SOURCES, _TEXTS, st.integers(0, 3)),
    st.builds(events.account_set, _SOURCES, st.sampled_from(["", "ann", "a b", "*"]), st.integers(0, 3)),
    st.builds(events.host_changed, _SOURCES, st.just("u"), st.sampled_from(["h1", "h2", "", "h!"]), st.integers(0, 3)),
)
GONE = st.sampled_from([events.gone("gwa"), events.gone("gwc"), events.rules(2)])
EVENTS = st.one_of(*[st.tuples(_SIDS, LINES)] * 8, GONE)
BATCHES = st.lists(st.lists(EVENTS, min_size=1, max_size=3), max_size=25)
