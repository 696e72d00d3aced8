"""Invariants of the history that clients can request."""

from collections.abc import Iterator

from tests.simulation.clients import SimulatedConnection
from tests.simulation.evidence import token
from tests.simulation.gateways import KEYS
from tests.simulation.invariants.invariant import Invariant
from tests.simulation.model import RoomModel, lower


class CompleteHistory(Invariant):
    """A member that requests a room's history gets every accepted message that Redis holds, once and in order.

    Left out are messages that were deleted by REDACT, and those of hidden lives of the room.
    """

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for connection in evidence.connections:
            if connection.is_over or "draft/chathistory" not in connection.caps:
                continue
            for name in sorted(evidence.member_rooms(connection)):
                got, wanted = self._got(connection, name), self._wanted(name, evidence.rooms[name])
                if got != wanted:
                    yield f"{connection.name}: the history of {name} is {got}, not {wanted}"

    def _got(self, connection: SimulatedConnection, room: str) -> list[str]:
        evidence = self.evidence
        return [
            line.token
            for line in evidence.transcripts[connection]
            if line.is_history
            and line.at > evidence.network.asked_at
            and line.token
            and lower(line.params[0]) == room
            and line.token not in evidence.lost_redactions
        ]

    def _wanted(self, name: str, room: RoomModel) -> list[str]:
        evidence = self.evidence
        held = evidence.store._data.get(KEYS.log(name).encode(), [])
        first = held[0][0] if held else (2**63, 0)
        return [
            token(message.text)
            for message in room.messages
            if message.verb != "TAGMSG"
            and message.id >= first
            and f"{message.id[0]}-{message.id[1]}.{message.index}" not in room.redacted
            and token(message.text) not in evidence.lost_redactions
            and message.life not in room.hidden_lives
        ]


class HiddenHistory(Invariant):
    """A message of a life of a room that ended protected is shown only to clients that were members in that life."""

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for connection in evidence.connections:
            for line in evidence.transcripts[connection]:
                if line.token not in evidence.messages or line.token in evidence.lost_messages:
                    continue
                name, message = evidence.messages[line.token]
                room = evidence.rooms[name]
                was_member = room.in_life.get(message.life, set()) & set(connection.sids)
                if was_member or message.sid in connection.sids or message.life not in room.hidden_lives:
                    continue
                if evidence.lost_joins & {(name, sid) for sid in connection.sids}:
                    self.exempt("shown, its JOIN being lost and restored later")
                else:
                    yield f"{connection.name} is shown {line.token} of a life of {name} that is hidden from it"
