"""The invariants, asserted over a run that has come to rest: what was promised, against what came of it.

The evidence is what clients read, what Redis was told, and what the lanes hold. What it means is decided by the
checker's own models (model.py, views.py). Each invariant is a function that tells of every breach; what cannot be
asked for, as the data are gone, is counted in ``Case.exempt``.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from gateway.logs.replica import ReplicaState
from tests.simulation.clients import Life, Sent
from tests.simulation.gateways import KEYS
from tests.simulation.model import SPEAKING, Person, RoomModel, Said, StreamId, events, lower, parse, split, stream_id
from tests.simulation.network import Network
from tests.simulation.redis_host import Base, Record
from tests.simulation.views import MARKED, PERHAPS, Line, View, read

RANKS = {"o": 1, "v": 2}
MAY_MISS = "Messages may be missing here"
"""How a lane begins to tell a room that it has come upon a state which holds what it has not shown."""


class Case:
    """The evidence of a run, sorted."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.store = network.redis.store
        self.exempt: Counter[str] = Counter()
        self.nodes = network.nodes
        self.lives = network.lives
        self.read: dict[Life, list[Line]] = {life: read(life.lines, life.is_text) for life in self.lives}
        self.by_sid: dict[str, Life] = {sid: life for life in self.lives for sid in life.sids}

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        """The entries of each log that Redis has not lost, also those that it has trimmed; by the log's name."""
        found: dict[str, list[Record]] = {}
        for record in self.store.records:
            if record.lost_in is None:
                found.setdefault(log_name(record.log), []).append(record)
        return found

    @cached_property
    def declared_dead(self) -> set[str]:
        """Gateways whose end some log has told."""
        payloads = [record.payload for record in self.store.records]
        return {payload.split()[2].decode() for payload in payloads if payload.startswith(b"-\r\nGONE ")}

    @cached_property
    def rooms(self) -> dict[str, RoomModel]:
        """What the rooms' logs mean, from their first entries on, or from the state that was put back after a wipe."""
        return self._rooms_before(len(self.store.losses))

    def _rooms_before(self, loss: int) -> dict[str, RoomModel]:
        """What they meant before this loss of data."""
        losses = self.store.losses
        until = losses[loss].number if loss < len(losses) else len(self.store.records)
        return self._rooms_at(loss, until, [base for base in self.store.bases if base.number <= until])

    def _rooms_at(self, loss: int, until: int, bases: list[Base]) -> dict[str, RoomModel]:
        """What so many entries meant with these bases, before this loss."""
        rooms: dict[str, RoomModel] = {}
        positions: dict[str, StreamId] = {}
        seeded: dict[str, str] = {}
        for base in bases:
            name = log_name(base.log)
            is_there = base.lost_in is None or base.lost_in >= loss
            if is_there and base.is_of_seed and seeded.get(name) != base.epoch:
                seeded[name] = base.epoch
                rooms[name], positions[name] = RoomModel.from_base(name, base.text), base.id
        for record in self.store.records[:until]:
            name = log_name(record.log)
            is_there = record.lost_in is None or record.lost_in >= loss
            if name.startswith("#") and is_there and record.id > positions.get(name, (0, 0)):
                room = rooms.setdefault(name, RoomModel(name))
                room.take(record.id, record.origin.decode(), record.payload)
        for room in rooms.values():  # what a lost connection has cut off cannot be told from other such pieces
            room.said = [said for said in room.said if MARKED.search(said.text)]
        return rooms

    @cached_property
    def said(self) -> dict[str, tuple[str, Said]]:
        """Where each message of a room stands: token -> (room, message)."""
        return {token(said.text): (name, said) for name, room in self.rooms.items() for said in room.said}

    def said_by(self, one: str) -> str:
        """The session that said a message in a room; "" for none."""
        return self.said[one][1].sid if one in self.said else ""

    @cached_property
    def quits(self) -> dict[str, float]:
        """When a session's first QUIT was appended, by session."""
        found: dict[str, float] = {}
        for record in self.store.records:
            for sid, line in events(record.payload):
                if line.partition(" ")[2].startswith("QUIT"):
                    found.setdefault(sid, record.at)
        return found

    @cached_property
    def whispered(self) -> dict[str, tuple[str, str]]:
        """Messages in inboxes: token -> the session that is meant, verb."""
        found = {}
        for name, records in self.records.items():
            if name.startswith("@"):
                for record in records:
                    for index, (sid, line) in enumerate(events(record.payload)):
                        event = parse(record.id, index, sid, line)
                        if event.verb in SPEAKING:
                            text = event.tags.get("+mark", "") if event.verb == "TAGMSG" else event.param(1)
                            found[token(text)] = event.fact("to"), event.verb
        return found

    @cached_property
    def in_lines(self) -> set[str]:
        """Messages of several lines."""
        payloads = (record.payload.decode() for record in self.store.records)
        return {one for text in payloads for line in text.split("\r\n") if "hubbub/more=" in line
                for one in MARKED.findall(line)}  # fmt: skip

    @cached_property
    def appended(self) -> Counter[str]:
        """How often each message was appended: more than once where Redis had lost it, and it was put back."""
        return Counter(one for record in self.store.records for one in tokens(record))

    @cached_property
    def lost(self) -> set[str]:
        """Messages in entries that Redis has lost, put back or not."""
        return {one for record in self.store.records if record.lost_in is not None for one in tokens(record)}

    @cached_property
    def interim(self) -> dict[str, tuple[str, ...]]:
        """Messages that were said in a room that a wipe had emptied, before it was put back: who was a member then.

        By what is put back under them they may be void, and their members may be kept out.
        """
        return {
            token(said.text): said.members for base, room in self._made_anew for said in room.said if said.id > base.id
        }

    @cached_property
    def intruders(self) -> dict[tuple[str, str], StreamId]:
        """(room, session) of the members of such a room when it was put back under them -> the id of their next JOIN.

        By that they are in, or kept out; until then their own lanes take them for members.
        """
        return {
            (room.name, sid): record.id
            for base, room in self._made_anew
            for record in reversed(self.store.records[base.number :])
            if record.log == base.log
            for sid, line in events(record.payload)
            if sid in room.members and " JOIN #" in line
        }

    @cached_property
    def _made_anew(self) -> list[tuple[Base, RoomModel]]:
        """The states that were put back, each with what the room was until then, if it was there."""
        found = []
        epochs: set[str] = set()
        for place, base in enumerate(self.store.bases):
            if base.is_of_seed and base.epoch not in epochs:
                epochs.add(base.epoch)
                loss = sum(loss.number <= base.number for loss in self.store.losses)
                room = self._rooms_at(loss, base.number, self.store.bases[:place]).get(log_name(base.log))
                if room is not None:
                    found.append((base, room))
        return found

    @cached_property
    def forgotten(self) -> set[str]:
        """Rooms that nobody follows, after a wipe: who died with it is told gone when somebody comes."""
        followed = {name for node in self.nodes for name in node.lane.replicas.rooms}
        return self.rooms.keys() - followed if any(loss.is_all for loss in self.store.losses) else set()

    @cached_property
    def lost_joins(self) -> set[tuple[str, str]]:
        """(room, session) of JOINs that Redis has lost."""
        return {(name, sid) for name, sid, line in self._lost_events if " JOIN #" in line}

    @cached_property
    def lost_parts(self) -> set[tuple[str, str]]:
        """The same of those who left, or were kicked out."""
        parts = {(name, sid) for name, sid, line in self._lost_events if " PART #" in line}
        kicks = [(name, split(line)[0]) for name, _, line in self._lost_events if " KICK #" in line]
        return parts | {(name, tags["hubbub/sids"]) for name, tags in kicks}

    @cached_property
    def half_redacted(self) -> set[str]:
        """Messages whose REDACT Redis has lost: a gateway that has seen it may still have them left out."""
        places = {split(line)[2][2].rpartition("-")[0] for _, _, line in self._lost_events if " REDACT #" in line}
        return {one for one, (_, said) in self.said.items() if f"{said.id[0]}-{said.id[1]}-{said.index}" in places}

    @cached_property
    def _lost_events(self) -> list[tuple[str, str, str]]:
        """(log, session, line) of entries that Redis has lost."""
        lost = [record for record in self.store.records if record.lost_in is not None]
        return [(log_name(record.log), sid, line) for record in lost for sid, line in events(record.payload)]

    def hears(self, life: Life, said: Said) -> bool:
        """Whether a member that was there must be shown a message."""
        if said.verb == "TAGMSG" and (life.is_text or "message-tags" not in life.caps):
            return False
        return said.sid not in life.sids or "echo-message" in life.caps

    def members(self, room: str) -> set[str]:
        return set(self.rooms[room].members) if room in self.rooms else set()


def log_name(key: bytes) -> str:
    return key.decode().partition("{")[2].rpartition("}")[0]


def token(text: str) -> str:
    return text.strip("<>")


def tokens(record: Record) -> list[str]:
    return MARKED.findall(record.payload.decode())


# -- 1. log --------------------------------------------------------------------------------------------


def log(case: Case) -> Iterator[str]:
    """Predecessors chain; an origin is in a log once; what Redis has is the end of what was appended."""
    yield from case.store.faults
    for name, records in case.records.items():
        for origin, count in Counter(record.origin for record in records if record.origin).items():
            if count > 1 and not case.store.losses:  # later ones are void
                yield f"{name} has {count} entries of {origin.decode()}"
        ids = [record.id for record in records]
        if ids != sorted(set(ids)):
            yield f"{name} is not in the order of its ids"
        key = KEYS.log(name).encode()
        kept = [entry_id for entry_id, _ in case.store._data.get(key, [])]
        if kept != ids[len(ids) - len(kept) :]:
            yield f"{name} in Redis is not the end of what was appended"


# -- 2. to 4. order, once, complete ---------------------------------------------------------------------


def order_once_complete(case: Case) -> Iterator[str]:
    """A session is shown exactly what is said while it is a member, in the log's order; what ended early, a part.

    That is three invariants in one comparison, and told apart where it fails.
    """
    for life in case.lives:
        for name, room in case.rooms.items():
            expected = [
                token(said.text)
                for said in room.said
                if any(sid in said.members for sid in life.sids) and case.hears(life, said)
            ]
            known = set(expected)
            got = [line.token for line in case.read[life] if line.token in known and not line.is_history]
            if life.is_text:  # it is shown the last lines again when it comes back to a room
                got = list(dict.fromkeys(got))
            if case.lost & known:
                yield from _put_back(case, life, name, expected, got)
                expected = [one for one in expected if one not in case.lost]
                got = [one for one in got if one not in case.lost]
            wanted = expected[: len(got)] if life.is_over else expected
            if got != wanted and _is_told(case, life, name) and got == [one for one in expected if one in got]:
                case.exempt["missed, and told of it"] += len(set(wanted) - set(got))
            elif got != wanted:
                yield f"{life.name} ({life.nick}) in {name}: {_difference(wanted, got)}"


def _put_back(case: Case, life: Life, room: str, expected: list[str], got: list[str]) -> Iterator[str]:
    """What Redis lost and a lane put back is shown once, in the old place or in the new."""
    back = [one for one in expected if one in case.lost]
    case.exempt["put back: order"] += len(back)
    twice = [one for one in back if got.count(one) > 1]
    if twice:
        yield f"{life.name} in {room}: put back and shown twice: {twice}"
    missing = [one for one in back if one not in got]
    if missing and not life.is_over:
        joins = [line.at for line in case.read[life] if _is_join(life, line, room)]
        lost_at = min(record.at for record in case.store.records if set(missing) & set(tokens(record)))
        own = {(room, sid) for sid in life.sids}
        if case.lost_joins & own or max(joins, default=0.0) > lost_at:
            case.exempt["put back behind a JOIN that was behind it"] += len(missing)
        elif case.lost_parts & own:
            case.exempt["put back before a PART or KICK that was before it"] += len(missing)
        elif _is_told(case, life, room):
            case.exempt["missed, and told of it"] += len(missing)
        else:
            yield f"{life.name} in {room}: put back and not shown: {missing}"


def _is_join(life: Life, line: Line, room: str) -> bool:
    """Whether somebody, perhaps the reader, comes into a room."""
    if life.is_text:
        return lower(line.text) == f"* you joined {room}"
    return line.verb == "JOIN" and lower(line.params[0]) == room


def _is_told(case: Case, life: Life, room: str) -> bool:
    """Whether a client was told that messages of a room may be missing."""
    return any(MAY_MISS in line.text and (life.is_text or lower(line.params[0]) == room) for line in case.read[life])


def _difference(wanted: list[str], got: list[str]) -> str:
    twice = [one for one, count in Counter(got).items() if count > 1]
    if twice:
        return f"twice: {twice}"
    missing = [one for one in wanted if one not in got]
    return f"missing: {missing}; it got {got}" if missing else f"out of order: {got}, not {wanted}"


def only_what_holds(case: Case) -> Iterator[str]:
    """3. once: nobody is shown what is in no log or void, what is not for them, or their own without echo."""
    for life in case.lives:
        for line in case.read[life]:
            if line.is_history:
                yield from _recalled(case, life, line)
            if not line.token or line.is_history:
                continue
            if line.token in case.lost:
                case.exempt["shown, and then lost by Redis"] += 1
            elif line.token in case.said:
                name, said = case.said[line.token]
                is_own_echo = said.sid in life.sids and "echo-message" in life.caps
                # Its gateway was taken for dead: it goes on hearing what is said meanwhile, also where that ended then.
                was_away = len(life.sids) > 1 or life.sids[0].partition(".")[0] in case.declared_dead
                is_stranger = not any(sid in said.members for sid in life.sids)
                if is_stranger and case.lost_joins & {(name, sid) for sid in life.sids}:
                    case.exempt["shown, its JOIN being lost and put back behind"] += 1
                    continue
                if is_stranger and any(sid in case.interim.get(line.token, ()) for sid in life.sids):
                    case.exempt["shown in a wiped room, its JOIN being void by what was put back under it"] += 1
                    continue
                if is_stranger and any(said.id < case.intruders.get((name, sid), (0, 0)) for sid in life.sids):
                    case.exempt["shown in a wiped room, before its JOIN was judged by what was put back under it"] += 1
                    continue
                if not life.is_text and is_stranger and not is_own_echo and not was_away:
                    yield f"{life.name} is shown {line.token} of {name} and was no member"
                elif said.sid in life.sids and not is_own_echo and not life.is_text:
                    yield f"{life.name} is shown its own {line.token}"
            elif line.token in case.interim:
                case.exempt["said in a wiped room, and void by what was put back under it"] += 1
            elif line.token in case.whispered:
                yield from _whisper(case, life, line)
            else:
                yield f"{life.name} is shown {line.token}, which is in no log or void"


def _whisper(case: Case, life: Life, line: Line) -> Iterator[str]:
    to, _ = case.whispered[line.token]
    count = sum(one.token == line.token and not one.is_history for one in case.read[life])
    is_own = any(sent.token == line.token for sent in life.sent)
    if to not in life.sids and not (is_own and "echo-message" in life.caps):
        yield f"{life.name} is shown {line.token}, which is for {to}"
    if count > (to in life.sids) + (is_own and "echo-message" in life.caps):
        yield f"{life.name} is shown {line.token} {count} times"


def _recalled(case: Case, life: Life, line: Line) -> Iterator[str]:
    """The history of direct messages has what a session sent and received itself."""
    to, _ = case.whispered.get(line.token, ("", ""))
    if to and to not in life.sids and not any(sent.token == line.token for sent in life.sent):
        yield f"{life.name} is shown {line.token} by the history, which is for {to}"


def history(case: Case) -> Iterator[str]:
    """4. complete: what was said is in the history, once and in order, as far as Redis keeps it."""
    for life in case.lives:
        asked = [line for line in case.read[life] if line.is_history and line.at > case.network.asked_at]
        for name, room in case.rooms.items():
            if (
                life.is_over
                or "draft/chathistory" not in life.caps
                or not any(sid in room.members for sid in life.sids)
            ):
                continue
            told = [line.token for line in asked if line.token and lower(line.params[0]) == name]
            told = [one for one in told if one not in case.half_redacted]
            kept = case.store._data.get(KEYS.log(name).encode(), [])
            first = kept[0][0] if kept else (2**63, 0)
            wanted = [
                token(said.text)
                for said in room.said
                if said.verb != "TAGMSG"
                and said.id >= first
                and f"{said.id[0]}-{said.id[1]}.{said.index}" not in room.redacted
                and token(said.text) not in case.half_redacted
                and said.life not in room.hidden_lives
            ]
            if told != wanted:
                yield f"{life.name}: the history of {name} is {told}, not {wanted}"


def hidden(case: Case) -> Iterator[str]:
    """Nothing that was said in a life of a room that ended protected is shown to who was not there in that life."""
    for life in case.lives:
        for line in case.read[life]:
            if line.token not in case.said or line.token in case.lost:
                continue
            name, said = case.said[line.token]
            room = case.rooms[name]
            is_stranger = not room.in_life.get(said.life, set()) & set(life.sids) and said.sid not in life.sids
            if not is_stranger or said.life not in room.hidden_lives:
                continue
            if case.lost_joins & {(name, sid) for sid in life.sids}:
                case.exempt["shown, its JOIN being lost and put back behind"] += 1
            else:
                yield f"{life.name} is shown {line.token} of a life of {name} that is hidden from it"


def whole(case: Case) -> Iterator[str]:
    """A message of several lines is shown with all of them, one behind the other."""
    for life in case.lives:
        lines = case.read[life]
        for at, line in enumerate(lines):
            if line.token not in case.in_lines or (life.is_over and len(lines) < at + 3):
                continue
            if not any(told.text.endswith(f"{line.token} ends") for told in lines[at + 1 : at + 3]):
                yield f"{life.name} is shown only a part of {line.token}"


# -- 5. and 6. fate, fifo -------------------------------------------------------------------------------


def fate(case: Case) -> Iterator[str]:
    """Each message sent was delivered, or refused with a word, and never both; or its sender is gone."""
    for life in case.lives:
        if life.is_over or life.is_text:
            continue
        by_target: dict[str, list[Sent]] = {}
        for sent in life.sent:
            if sent.token:
                by_target.setdefault(lower(split(sent.line)[2][1]), []).append(sent)
        for target, sends in by_target.items():
            yield from _fates(case, life, target, sends)


def _fates(case: Case, life: Life, target: str, sends: list[Sent]) -> Iterator[str]:
    loud = [sent for sent in sends if split(sent.line)[2][0] != "NOTICE"]  # nothing is ever answered to a NOTICE
    logged = [sent.token for sent in loud if _is_in_a_log(case, sent.token)]
    refusals = others = 0  # others: which may be the answer to another command
    for line in case.read[life]:
        if line.verb == "404" and lower(line.params[1]) == target:
            refusals += 1
        elif line.verb in ("401", "403"):
            others += lower(line.params[1]) == target
        elif line.verb == "NOTICE" and "!" not in line.source:
            others += f" {target} failed" in lower(line.params[1])
    if len(logged) + refusals + others < len(loud):
        missing = [sent.token for sent in loud if sent.token not in logged]
        yield f"{life.name}: no word of {len(loud) - len(logged) - refusals - others} of {missing} to {target}"
    delivered = [sent.token for sent in loud if sent.token in case.said or _arrived(case, sent.token)]
    if len(delivered) + refusals > len(loud):
        yield f"{life.name}: refused and delivered to {target}: {delivered}, {refusals} refusals"


def _is_in_a_log(case: Case, one: str) -> bool:
    return one in case.said or one in case.lost or one in case.interim or _arrived(case, one)


def _arrived(case: Case, one: str) -> bool:
    """Whether a direct message came to whom it was for, as far as they were there to the end."""
    sid, verb = case.whispered.get(one, ("", ""))
    to = case.by_sid.get(sid)
    if to is None:
        return False
    is_shown = not to.is_text and (verb != "TAGMSG" or "message-tags" in to.caps)
    return to.is_over or not is_shown or any(line.token == one for line in case.read[to])


def fifo(case: Case) -> Iterator[str]:
    """What a session says to one target keeps its order."""
    for life in case.lives:
        sent = [one.token for one in life.sent if one.token]
        for name, room in case.rooms.items():
            logged = [token(said.text) for said in room.said if said.sid in life.sids]
            # A reader of plain text whose connection ends within a line has said so much of it.
            logged = [one for one in logged if one in sent and one not in case.lost]
            if logged != sorted(logged, key=sent.index):
                yield f"{life.name} said {sent}; {name} has {logged}"
        for other in case.lives:
            heard = [
                line.token
                for line in case.read[other]
                if line.token in sent and case.whispered.get(line.token, ("",))[0] in other.sids
            ]
            heard = list(dict.fromkeys(heard))
            if heard != sorted(heard, key=sent.index):
                yield f"{life.name} said {sent}; {other.name} heard {heard}"


# -- 7. barrier -----------------------------------------------------------------------------------------


def barrier(case: Case) -> Iterator[str]:
    """Every PING is answered; and what anyone was shown before a PING comes before its PONG."""
    vouched: dict[str, float] = {}
    for life in case.lives:
        for line in case.read[life]:
            if line.token:
                vouched[line.token] = min(line.at, vouched.get(line.token, line.at))
    for life in case.lives:
        pongs = {line.params[1]: place for place, line in enumerate(case.read[life]) if line.verb == "PONG"}
        for sent in life.sent:
            if sent.line.startswith("PING "):
                word = sent.line.removeprefix("PING ")
                if word in pongs:
                    yield from _kept(case, life, sent, pongs[word], vouched)
                elif not life.is_over and not life.is_text:
                    yield f"{life.name}: no answer to {sent.line}"


def _kept(case: Case, life: Life, sent: Sent, pong: int, vouched: dict[str, float]) -> Iterator[str]:
    lines = case.read[life]
    if any(line.verb == "NOTICE" and "PING" in line.text and "failed" in line.text for line in lines[:pong]):
        return  # without the promise, and it was said
    before = {line.token for line in lines[:pong] if line.token}
    for line in lines[pong:]:
        if line.token in case.lost:
            continue
        if line.token and not line.is_history and line.token not in before and vouched[line.token] < sent.at:
            if any((lower(line.params[0]), sid) in case.lost_parts for sid in life.sids):
                case.exempt["after a PONG, in a room that it had left, its PART being lost"] += 1
                continue
            yield f"{life.name}: {line.token} comes after the PONG of {sent.line}, and was known before the PING"


# -- 8. view --------------------------------------------------------------------------------------------


def view(case: Case) -> Iterator[str]:
    """A transcript alone is always coherent; at rest what it tells is so."""
    for life in case.lives:
        if life.is_text:
            continue
        seen = View(life.caps)
        for line in case.read[life]:
            for wrong in seen.take(line):
                if wrong.startswith("a message by") and case.quits.get(case.said_by(line.token), line.at) < line.at:
                    seen.afterwords += 1  # its QUIT was shown elsewhere, before this client came
                    continue
                yield f"{life.name} at {line.at:.3f}: {wrong}: {line.text}"
        case.exempt["said before a QUIT that another log showed first"] += seen.afterwords
        if not life.is_over and life.is_registered:
            yield from _at_rest(case, life, seen)
            for nick, is_there in seen.watched.items():
                if is_there != (case.store.hget(KEYS.nick(nick).encode(), b"registered") == b"1"):
                    yield f"{life.name}: {nick} is {'free' if is_there else 'there'}, and it was told otherwise"


def _as_told(life: Life, member: Person, seen: View) -> Iterator[str]:
    """Whoever asks knows what the others of its rooms have told of themselves since it came."""
    told = seen.told.get(lower(member.nick), {})
    truth = {"SETNAME": member.realname} if "setname" in life.caps else {}
    if "away-notify" in life.caps and member.sid not in life.sids:
        truth["AWAY"] = member.away or ""
    for verb in [verb for verb in truth if verb in told]:
        if told[verb] != truth[verb]:
            yield f"{life.name}: {member.nick} told by {verb} {truth[verb]!r}, and it knows {told[verb]!r}"


def _at_rest(case: Case, life: Life, seen: View) -> Iterator[str]:
    joined = {name for name, room in case.rooms.items() if any(sid in room.members for sid in life.sids)}
    if joined != seen.rooms.keys():
        yield f"{life.name} is in {sorted(joined)}, and knows of {sorted(seen.rooms)}"
    for name in sorted(joined & seen.rooms.keys()):
        model, known = case.rooms[name], seen.rooms[name]
        members = {lower(member.nick): member.modes for member in model.members.values()}
        if members.keys() != known.members.keys():
            yield f"{life.name}: {sorted(members)} are in {name}, and it knows of {sorted(known.members)}"
            continue
        for member in model.members.values():
            yield from _as_told(life, member, seen)
        for nick, letters in known.members.items():
            shown = sum(RANKS[letter] for letter in letters - {PERHAPS})
            if members[nick] != shown and not (PERHAPS in letters and members[nick] == shown | RANKS["v"]):
                yield f"{life.name}: {nick} in {name} is {members[nick]}, and it knows {letters}"
        if known.flags is not None and (known.flags, known.key, known.limit) != (model.flags, model.key, model.limit):
            yield f"{life.name}: {name} is {model.flags}, and it knows {known.flags}"
        if known.topic != model.topic:
            yield f"{life.name}: the topic of {name} is {model.topic!r}, and it knows {known.topic!r}"


# -- 9. agreement ---------------------------------------------------------------------------------------


def agreement(case: Case) -> Iterator[str]:
    """Every replica is live and is what its log means, from the base on as from the first entry; nicks are unique."""
    for name, room in case.rooms.items():
        from_base = _from_base(case, name)
        if from_base is not None and _facts(from_base) != _facts(room):
            yield f"{name} from its base: {_facts(from_base)}, not {_facts(room)}"
        for node in case.nodes:
            followed = node.lane.replicas.rooms.get(name)
            if followed is None:
                continue
            if followed.replica.standing is not ReplicaState.LIVE or followed.fresh is not None:
                yield f"{node.lane.id} does not follow {name}: {followed.replica.standing}"
            elif _replica_facts(followed.room) != _facts(room):
                yield f"{name} at {node.lane.id}: {_replica_facts(followed.room)}, not {_facts(room)}"
    holders: dict[str, str] = {}
    for name, room in case.rooms.items():
        for member in room.members.values() if name not in case.forgotten else ():
            if holders.setdefault(lower(member.nick), member.sid) != member.sid:
                yield f"{member.nick} is two sessions: {member.sid}, {holders[lower(member.nick)]}"


def _from_base(case: Case, name: str) -> RoomModel | None:
    base = case.store.get(KEYS.base(name).encode())
    if base is None:
        return None
    head, _, text = base.decode().partition("\n")
    room = RoomModel.from_base(name, text)
    ms, n = map(int, head.split(" ")[2].split("-"))
    for record in case.records.get(name, ()):
        if record.id > (ms, n):
            room.take(record.id, record.origin.decode(), record.payload)
    return room


def _person(member: Any) -> Any:
    names = member.sid, member.nick, member.user, member.host, member.realname
    return names, member.away, member.modes, member.token, member.revision, member.is_bot


def _facts(room: RoomModel) -> Any:
    people = [_person(member) for member in room.members.values()]
    lists = [dict(room.lists[letter]) for letter in "beI"]
    flags = "".join(sorted(room.flags))
    lives, ids = (room.life_began, room.hidden), list(room.ids.items())
    past = room.has_messages, room.gone, lives, ids
    return people, flags, room.key, room.limit, lists, room.topic, room.invited, past


def _replica_facts(room: Any) -> Any:
    people = [_person(member) for member in room.members.values()]
    lists = [dict(room.bans), dict(room.excepts), dict(room.invexes)]
    flags = "".join(sorted(room.flags))
    ids = [(given, (first.sender, first.digest, stream_id(first.stream_id))) for given, first in room.said.items()]
    lives = room.life_began, room.hidden
    past = room.has_messages, room.gone, lives, ids
    return people, flags, room.key, room.limit, lists, room.topic, list(room.invited), past


def restored(case: Case) -> Iterator[str]:
    """A room that a wipe took is put back, if anyone who saw himself in it was there all the time."""
    for place, loss in enumerate(case.store.losses):
        for name, room in case._rooms_before(place).items() if loss.is_all else ():
            stayed = [life for life in case.lives if not life.is_over and any(sid in room.members for sid in life.sids)]
            bases = [base for base in case.store.bases if log_name(base.log) == name and base.number >= loss.number]
            if any(_was_in(case, life, name, loss.at) for life in stayed) and not any(one.is_of_seed for one in bases):
                yield f"{name} was wiped at {loss.at:.3f}, and is not what it was"


def _was_in(case: Case, life: Life, room: str, at: float) -> bool:
    return any(_is_join(life, line, room) and line.at < at for line in case.read[life])


# -- 10. no ghosts, no leaks ----------------------------------------------------------------------------


def orphans(case: Case) -> Iterator[str]:
    """Members, claims, lanes and leases are those that there are."""
    users = {
        sid: client.session
        for node in case.nodes
        for sid, client in node.lane.clients.items()
        if not client.is_departing
    }
    for name, room in case.rooms.items():
        there = {sid for sid, session in users.items() if name in session.rooms}
        if there != set(room.members) and not there and name in case.forgotten:
            case.exempt["a ghost in a room that nobody has followed since a wipe"] += len(room.members)
        elif there != set(room.members):
            yield f"{name} has {sorted(room.members)}, in it are {sorted(there)}"
    claims: dict[str, str] = {}
    living = {gateway.id for gateway in case.network.gateways if gateway.is_alive}
    for key in case.store.names():
        kind, _, rest = log_name(key).partition(":")
        if kind == "nick":
            claims[rest] = (case.store.hget(key, b"sid") or b"").decode()
        elif kind[:1] == "@" and key.endswith(b":log") and case.store.ttl_s(key) is not None:
            continue  # for its lane, should it come back
        elif (kind == "gw" and rest not in living) or (kind[:1] == "@" and kind[1:].partition(".")[0] not in living):
            yield f"{key.decode()} is of nobody"
    wanted = {lower(session.nick): sid for sid, session in users.items() if session.nick}
    if claims != wanted:
        yield f"the claims are {claims}, not {wanted}"
    leases = {member.decode() for member in case.store.zrange(KEYS.gateways.encode(), b"0", b"-1")}
    if leases != living:
        yield f"leases have {sorted(leases)}, there are {sorted(living)}"


def leaks(case: Case) -> Iterator[str]:
    """Nothing is parked, queued or forgotten in a lane."""
    for where, verb, error in case.network.troubles:
        yield f"{where} failed at {verb}: {error!r}"
    for node in case.nodes:
        lane = node.lane
        ends = {life.end.fd for life in case.lives if life.node is node and not life.is_over}
        held = {c.connection.fd for c in lane.clients.values()} | {c.fd for c in lane.connections.opening}
        rooms = lane.replicas.rooms
        people = {sid for followed in rooms.values() for sid in followed.room.members}
        for what, amount in (
            ("handlers parked", len(lane.intake.tasks)),
            ("events queued", lane.log_writer.queued),
            ("PINGs waiting", len(lane.barrier._asking) + len(lane.barrier._reaching)),
            ("questions open", len(lane.questions._open)),
            ("claims unreleased", len(lane.directory._unreleased)),
            ("clients throttled", sum(client.throttled for client in lane.clients.values())),
            ("events unlogged", sum(client.unlogged for client in lane.clients.values())),
            ("waiting for rooms", sum(len(followed.waiting) for followed in rooms.values())),
            ("connections too many or too few", len(ends ^ held)),
            ("people unknown or gone", len(people ^ set(lane.people._by_sid))),
            ("outdated names", len(lane.people.stale_names)),
            ("commands unanswered", len(lane.link._awaiting)),
            ("link down", not lane.link.is_up),
        ):
            if amount:
                yield f"{lane.id}: {what}: {amount}"


INVARIANTS: tuple[Callable[[Case], Iterator[str]], ...] = (
    log,
    order_once_complete,
    only_what_holds,
    history,
    hidden,
    whole,
    fate,
    fifo,
    barrier,
    view,
    agreement,
    restored,
    orphans,
    leaks,
)


def check(network: Network) -> tuple[list[str], Counter[str]]:
    """Every breach of every invariant, and what was exempt."""
    case = Case(network)
    breaches = [f"{rule.__name__}: {breach}" for rule in INVARIANTS for breach in rule(case)]
    return breaches, +case.exempt
