"""Invariants of a sender: the outcome of each message, their order, and the promise of PONG."""

from collections.abc import Iterator

from tests.simulation.clients import Sent, SimulatedConnection
from tests.simulation.evidence import token
from tests.simulation.invariants.invariant import Invariant
from tests.simulation.model import lower, split


class OneOutcome(Invariant):
    """Each message is delivered or answered by an error reply, never both, unless its sender is gone."""

    def check(self) -> Iterator[str]:
        for connection in self.evidence.connections:
            if connection.is_over or connection.is_text:
                continue
            by_target: dict[str, list[Sent]] = {}
            for sent in connection.sent:
                if sent.token:
                    by_target.setdefault(lower(split(sent.line)[2][1]), []).append(sent)
            for target, sends in by_target.items():
                yield from self._check_target(connection, target, sends)

    def _check_target(self, connection: SimulatedConnection, target: str, sends: list[Sent]) -> Iterator[str]:
        evidence = self.evidence
        answered = [sent for sent in sends if split(sent.line)[2][0] != "NOTICE"]  # a NOTICE is never answered
        logged = [sent.token for sent in answered if self._is_in_a_log(sent.token)]
        errors, others = self._error_replies(connection, target)
        if len(logged) + errors + others < len(answered):
            missing = [sent.token for sent in answered if sent.token not in logged]
            count = len(answered) - len(logged) - errors - others
            yield f"{connection.name}: no outcome of {count} of {missing} to {target}"
        delivered = [sent.token for sent in answered if sent.token in evidence.messages or evidence.arrived(sent.token)]
        if len(delivered) + errors > len(answered):
            yield f"{connection.name}: delivered to {target} and refused: {delivered}, {errors} error replies"

    def _error_replies(self, connection: SimulatedConnection, target: str) -> tuple[int, int]:
        """(error replies to messages to a target, those that may be the reply to another command)."""
        errors = others = 0
        for line in self.evidence.transcripts[connection]:
            if line.verb == "404" and lower(line.params[1]) == target:
                errors += 1
            elif line.verb in ("401", "403"):
                others += lower(line.params[1]) == target
            elif line.verb == "NOTICE" and "!" not in line.source:
                others += f" {target} failed" in lower(line.params[1])
        return errors, others

    def _is_in_a_log(self, one: str) -> bool:
        evidence = self.evidence
        return (
            one in evidence.messages
            or one in evidence.lost_messages
            or one in evidence.said_before_seed
            or evidence.arrived(one)
        )


class SenderOrder(Invariant):
    """The messages of one session to one target keep their order, in the room's log and at the recipient."""

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for connection in evidence.connections:
            sent = [one.token for one in connection.sent if one.token]
            for name, room in evidence.rooms.items():
                logged = [token(message.text) for message in room.messages if message.sid in connection.sids]
                # A plain-text client whose connection breaks within a line has sent the beginning of that line.
                logged = [one for one in logged if one in sent and one not in evidence.lost_messages]
                if logged != sorted(logged, key=sent.index):
                    yield f"{connection.name} sent {sent}; {name} has {logged}"
            for other in evidence.connections:
                received = [
                    line.token
                    for line in evidence.transcripts[other]
                    if line.token in sent and evidence.direct_messages.get(line.token, ("",))[0] in other.sids
                ]
                received = list(dict.fromkeys(received))
                if received != sorted(received, key=sent.index):
                    yield f"{connection.name} sent {sent}; {other.name} received {received}"


class Barrier(Invariant):
    """Every PING is answered, and a message that any client was shown before the PING comes before the PONG."""

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        first_shown: dict[str, float] = {}
        for connection in evidence.connections:
            for line in evidence.transcripts[connection]:
                if line.token:
                    first_shown[line.token] = min(line.at, first_shown.get(line.token, line.at))
        for connection in evidence.connections:
            transcript = evidence.transcripts[connection]
            pongs = {line.params[1]: place for place, line in enumerate(transcript) if line.verb == "PONG"}
            for sent in connection.sent:
                if sent.line.startswith("PING "):
                    word = sent.line.removeprefix("PING ")
                    if word in pongs:
                        yield from self._check_pong(connection, sent, pongs[word], first_shown)
                    elif not connection.is_over and not connection.is_text:
                        yield f"{connection.name}: no answer to {sent.line}"

    def _check_pong(
        self, connection: SimulatedConnection, sent: Sent, pong: int, first_shown: dict[str, float]
    ) -> Iterator[str]:
        evidence = self.evidence
        lines = evidence.transcripts[connection]
        if any(line.verb == "NOTICE" and "PING" in line.text and "failed" in line.text for line in lines[:pong]):
            return  # the notice says that this PONG promises nothing
        before = {line.token for line in lines[:pong] if line.token}
        for line in lines[pong:]:
            if not line.token or line.is_history or line.token in before or line.token in evidence.lost_messages:
                continue
            if first_shown[line.token] >= sent.at:
                continue
            if any((lower(line.params[0]), sid) in evidence.lost_parts for sid in connection.sids):
                self.exempt("after a PONG, in a room that it had left, its PART being lost")
            else:
                yield f"{connection.name}: {line.token} comes after the PONG of {sent.line}, and was shown before it"
