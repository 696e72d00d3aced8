"""Invariants of messages on their way: which client is shown which message, and how often, and in which order."""

from collections import Counter
from collections.abc import Iterator

from tests.simulation.clients import SimulatedConnection
from tests.simulation.evidence import token, tokens
from tests.simulation.invariants.invariant import Invariant
from tests.simulation.model import Message, lower
from tests.simulation.views import Line

MAY_MISS = "Messages may be missing here"
"""How the NOTICE begins by which a lane tells a room that its replica was reloaded and has skipped messages."""
MISSED = "missed, with a notice"


class ExactlyOnceInOrder(Invariant):
    """A member is shown every message that is sent while it is one, each once, in the order of the log.

    A connection that ends early is shown the beginning of them.
    """

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for connection in evidence.connections:
            for name, room in evidence.rooms.items():
                expected = [
                    token(message.text)
                    for message in room.messages
                    if any(sid in message.members for sid in connection.sids) and _must_see(connection, message)
                ]
                known = set(expected)
                transcript = evidence.transcripts[connection]
                got = [line.token for line in transcript if line.token in known and not line.is_history]
                if connection.is_text:  # it is shown the last lines again when it returns to a room
                    got = list(dict.fromkeys(got))
                if evidence.lost_messages & known:
                    yield from self._check_restored(connection, name, expected, got)
                    expected = [one for one in expected if one not in evidence.lost_messages]
                    got = [one for one in got if one not in evidence.lost_messages]
                wanted = expected[: len(got)] if connection.is_over else expected
                is_in_order = got == [one for one in expected if one in got]
                if got != wanted and is_in_order and self._has_notice(connection, name):
                    self.exempt(MISSED, len(set(wanted) - set(got)))
                elif got != wanted:
                    yield f"{connection.name} ({connection.nick}) in {name}: {_difference(wanted, got)}"

    def _check_restored(
        self, connection: SimulatedConnection, room: str, expected: list[str], got: list[str]
    ) -> Iterator[str]:
        """A message that Redis lost and a lane restored is shown once, at the old place or at the new one."""
        evidence = self.evidence
        restored = [one for one in expected if one in evidence.lost_messages]
        self.exempt("restored: order", len(restored))
        twice = [one for one in restored if got.count(one) > 1]
        if twice:
            yield f"{connection.name} in {room}: restored and shown twice: {twice}"
        missing = [one for one in restored if one not in got]
        if missing and not connection.is_over:
            joins = [line.at for line in evidence.transcripts[connection] if is_join(connection, line, room)]
            lost_at = min(record.at for record in evidence.store.records if set(missing) & set(tokens(record)))
            own = {(room, sid) for sid in connection.sids}
            if evidence.lost_joins & own or max(joins, default=0.0) > lost_at:
                self.exempt("restored after a JOIN that was after it", len(missing))
            elif evidence.lost_parts & own:
                self.exempt("restored before a PART or KICK that was before it", len(missing))
            elif self._has_notice(connection, room):
                self.exempt(MISSED, len(missing))
            else:
                yield f"{connection.name} in {room}: restored and not shown: {missing}"

    def _has_notice(self, connection: SimulatedConnection, room: str) -> bool:
        """Whether a client was shown the NOTICE that messages of a room may be missing."""
        return any(
            MAY_MISS in line.text and (connection.is_text or lower(line.params[0]) == room)
            for line in self.evidence.transcripts[connection]
        )


def _must_see(connection: SimulatedConnection, message: Message) -> bool:
    """Whether a member must be shown a message."""
    if message.verb == "TAGMSG" and (connection.is_text or "message-tags" not in connection.caps):
        return False
    return message.sid not in connection.sids or "echo-message" in connection.caps


def is_join(connection: SimulatedConnection, line: Line, room: str) -> bool:
    """Whether a line shows that somebody, perhaps the reader, joins a room."""
    if connection.is_text:
        return lower(line.text) == f"* you joined {room}"
    return line.verb == "JOIN" and lower(line.params[0]) == room


def _difference(wanted: list[str], got: list[str]) -> str:
    twice = [one for one, count in Counter(got).items() if count > 1]
    if twice:
        return f"twice: {twice}"
    missing = [one for one in wanted if one not in got]
    return f"missing: {missing}; it got {got}" if missing else f"out of order: {got}, not {wanted}"


class OnlyOwnMessages(Invariant):
    """A client is shown only accepted messages, of rooms of which it is a member, and direct messages to it.

    Its own messages it is shown only with echo-message.
    """

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for connection in evidence.connections:
            for line in evidence.transcripts[connection]:
                if line.is_history:
                    yield from self._check_recalled(connection, line)
                elif not line.token:
                    continue
                elif line.token in evidence.lost_messages:
                    self.exempt("shown, and then lost by Redis")
                elif line.token in evidence.messages:
                    yield from self._check_room_message(connection, line)
                elif line.token in evidence.said_before_seed:
                    self.exempt("sent to a wiped room, and rejected by the state that was seeded under it")
                elif line.token in evidence.direct_messages:
                    yield from self._check_direct_message(connection, line)
                else:
                    yield f"{connection.name} is shown {line.token}, which is in no log or rejected"

    def _check_room_message(self, connection: SimulatedConnection, line: Line) -> Iterator[str]:
        evidence = self.evidence
        name, message = evidence.messages[line.token]
        is_member = any(sid in message.members for sid in connection.sids)
        is_own = message.sid in connection.sids
        # If its gateway was declared dead, a session receives what is sent meanwhile, to its end or its return.
        was_declared_dead = len(connection.sids) > 1 or connection.sids[0].partition(".")[0] in evidence.declared_dead
        reason = "" if is_member else self._exemption(connection, name, message)
        if reason:
            self.exempt(reason)
        elif connection.is_text or (is_own and "echo-message" in connection.caps):
            return
        elif not is_member and not was_declared_dead:
            yield f"{connection.name} is shown {line.token} of {name} and was no member"
        elif is_own:
            yield f"{connection.name} is shown its own {line.token}"

    def _exemption(self, connection: SimulatedConnection, room: str, message: Message) -> str:
        """The reason why a client that is no member in the log may have been one when it was shown a message."""
        evidence = self.evidence
        own = {(room, sid) for sid in connection.sids}
        if evidence.lost_joins & own:
            return "shown, its JOIN being lost and restored later"
        if any(sid in evidence.said_before_seed.get(token(message.text), ()) for sid in connection.sids):
            return "shown in a wiped room, its JOIN being rejected by the state that was seeded under it"
        if any(message.id < evidence.unconfirmed_members.get(one, (0, 0)) for one in own):
            return "shown in a wiped room, before its JOIN was checked by the state that was seeded under it"
        return ""

    def _check_direct_message(self, connection: SimulatedConnection, line: Line) -> Iterator[str]:
        to, _ = self.evidence.direct_messages[line.token]
        transcript = self.evidence.transcripts[connection]
        count = sum(one.token == line.token and not one.is_history for one in transcript)
        is_echo = _has_sent(connection, line.token) and "echo-message" in connection.caps
        if to not in connection.sids and not is_echo:
            yield f"{connection.name} is shown {line.token}, which is for {to}"
        if count > (to in connection.sids) + is_echo:
            yield f"{connection.name} is shown {line.token} {count} times"

    def _check_recalled(self, connection: SimulatedConnection, line: Line) -> Iterator[str]:
        """The history of direct messages has those that the session itself sent and received."""
        to, _ = self.evidence.direct_messages.get(line.token, ("", ""))
        if to and to not in connection.sids and not _has_sent(connection, line.token):
            yield f"{connection.name} is shown {line.token} by the history, which is for {to}"


def _has_sent(connection: SimulatedConnection, one: str) -> bool:
    return any(sent.token == one for sent in connection.sent)


class WholeMessages(Invariant):
    """A message of several lines is shown with all of its lines, one directly after the other."""

    def check(self) -> Iterator[str]:
        for connection in self.evidence.connections:
            lines = self.evidence.transcripts[connection]
            for at, line in enumerate(lines):
                if line.token not in self.evidence.multiline or (connection.is_over and len(lines) < at + 3):
                    continue
                if not any(one.text.endswith(f"{line.token} ends") for one in lines[at + 1 : at + 3]):
                    yield f"{connection.name} is shown only a part of {line.token}"
