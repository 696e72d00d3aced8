"""The evidence of a run: what clients read, what Redis stored, and what the lanes hold, sorted for the invariants.

The meaning of a log and of a transcript is decided by the checker's own models (model.py, views.py).
"""

from collections import Counter
from functools import cached_property

from tests.simulation.clients import SimulatedConnection
from tests.simulation.model import SPEAKING, Message, RoomModel, StreamId, events, parse, split
from tests.simulation.network import Network
from tests.simulation.redis_host import Base, Record
from tests.simulation.views import MARKED, Line, read


class Evidence:
    """One run at rest. ``exempt`` counts by reason what cannot be demanded, as Redis has lost the data for it.

    Messages are identified by their token, the mark ``m7`` in their text.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.store = network.redis.store
        self.exempt: Counter[str] = Counter()
        self.nodes = network.nodes
        self.connections = network.connections
        self.transcripts: dict[SimulatedConnection, list[Line]] = {
            connection: read(connection.lines, connection.is_text) for connection in self.connections
        }
        self.by_sid: dict[str, SimulatedConnection] = {
            sid: connection for connection in self.connections for sid in connection.sids
        }

    # -- logs -----------------------------------------------------------------------------------------

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        """The entries of each log that Redis has not lost, trimmed ones included; by the log's name."""
        found: dict[str, list[Record]] = {}
        for record in self.store.records:
            if record.lost_in is None:
                found.setdefault(log_name(record.log), []).append(record)
        return found

    @cached_property
    def declared_dead(self) -> set[str]:
        """Gateways of which a log has a GONE."""
        payloads = [record.payload for record in self.store.records]
        return {payload.split()[2].decode() for payload in payloads if payload.startswith(b"-\r\nGONE ")}

    @cached_property
    def quits(self) -> dict[str, float]:
        """When the first QUIT of a session was appended, by session."""
        found: dict[str, float] = {}
        for record in self.store.records:
            for sid, line in events(record.payload):
                if line.partition(" ")[2].startswith("QUIT"):
                    found.setdefault(sid, record.at)
        return found

    # -- rooms and their messages ---------------------------------------------------------------------

    @cached_property
    def rooms(self) -> dict[str, RoomModel]:
        """The state that each room's log means, from its first entry, or from the base that was seeded after a wipe."""
        return self.rooms_before(len(self.store.losses))

    def rooms_before(self, loss: int) -> dict[str, RoomModel]:
        """The same as it was before this loss of data."""
        losses = self.store.losses
        until = losses[loss].number if loss < len(losses) else len(self.store.records)
        return self._rooms_at(loss, until, [base for base in self.store.bases if base.number <= until])

    def _rooms_at(self, loss: int, until: int, bases: list[Base]) -> dict[str, RoomModel]:
        """The same after so many entries and with these bases, before this loss."""
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
                room.apply(record.id, record.origin.decode(), record.payload)
        for room in rooms.values():  # a line that a broken connection has cut off cannot be identified
            room.messages = [message for message in room.messages if MARKED.search(message.text)]
        return rooms

    def member_rooms(self, connection: SimulatedConnection) -> set[str]:
        """The rooms of which a session of this connection is a member."""
        return {name for name, room in self.rooms.items() if any(sid in room.members for sid in connection.sids)}

    @cached_property
    def messages(self) -> dict[str, tuple[str, Message]]:
        """The accepted messages of rooms: token -> (room, message)."""
        return {token(message.text): (name, message) for name, room in self.rooms.items() for message in room.messages}

    def sender_of(self, one: str) -> str:
        """The session that sent a message to a room; "" for none."""
        return self.messages[one][1].sid if one in self.messages else ""

    @cached_property
    def multiline(self) -> set[str]:
        """Messages of several lines."""
        payloads = (record.payload.decode() for record in self.store.records)
        return {one for text in payloads for line in text.split("\r\n") if "hubbub/more=" in line
                for one in MARKED.findall(line)}  # fmt: skip

    @cached_property
    def direct_messages(self) -> dict[str, tuple[str, str]]:
        """Messages in inboxes: token -> (session of the recipient, verb)."""
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

    def arrived(self, one: str) -> bool:
        """Whether a direct message was shown to its recipient, if the recipient was there to the end."""
        sid, verb = self.direct_messages.get(one, ("", ""))
        to = self.by_sid.get(sid)
        if to is None:
            return False
        is_shown = not to.is_text and (verb != "TAGMSG" or "message-tags" in to.caps)
        return to.is_over or not is_shown or any(line.token == one for line in self.transcripts[to])

    # -- what Redis lost ------------------------------------------------------------------------------

    @cached_property
    def lost_messages(self) -> set[str]:
        """Messages in entries that Redis has lost, restored or not."""
        return {one for record in self.store.records if record.lost_in is not None for one in tokens(record)}

    @cached_property
    def lost_joins(self) -> set[tuple[str, str]]:
        """(room, session) of JOINs that Redis has lost."""
        return {(name, sid) for name, sid, line in self._lost_events if " JOIN #" in line}

    @cached_property
    def lost_parts(self) -> set[tuple[str, str]]:
        """(room, session) of PARTs and KICKs that Redis has lost."""
        parts = {(name, sid) for name, sid, line in self._lost_events if " PART #" in line}
        kicks = [(name, split(line)[0]) for name, _, line in self._lost_events if " KICK #" in line]
        return parts | {(name, tags["hubbub/sids"]) for name, tags in kicks}

    @cached_property
    def lost_redactions(self) -> set[str]:
        """Messages whose REDACT Redis has lost: a gateway that has applied it may still leave them out."""
        places = {split(line)[2][2].rpartition("-")[0] for _, _, line in self._lost_events if " REDACT #" in line}
        return {
            one
            for one, (_, message) in self.messages.items()
            if f"{message.id[0]}-{message.id[1]}-{message.index}" in places
        }

    @cached_property
    def _lost_events(self) -> list[tuple[str, str, str]]:
        """(log, session, line) of entries that Redis has lost."""
        lost = [record for record in self.store.records if record.lost_in is not None]
        return [(log_name(record.log), sid, line) for record in lost for sid, line in events(record.payload)]

    @cached_property
    def said_before_seed(self) -> dict[str, tuple[str, ...]]:
        """Messages to a room that a wipe had emptied, before its state was seeded: token -> the members at that time.

        The state that is seeded under them may reject them, and keep their members out.
        """
        return {
            token(message.text): message.members
            for base, room in self._seeded
            for message in room.messages
            if message.id > base.id
        }

    @cached_property
    def unconfirmed_members(self) -> dict[tuple[str, str], StreamId]:
        """(room, session) of the members of such a room when its state was seeded -> the id of their next JOIN.

        That JOIN is accepted or rejected. Until then their own lanes have them as members.
        """
        return {
            (room.name, sid): record.id
            for base, room in self._seeded
            for record in reversed(self.store.records[base.number :])
            if record.log == base.log
            for sid, line in events(record.payload)
            if sid in room.members and " JOIN #" in line
        }

    @cached_property
    def _seeded(self) -> list[tuple[Base, RoomModel]]:
        """The bases that were seeded, each with the state of the room until then, if there was one."""
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
    def unfollowed_rooms(self) -> set[str]:
        """Rooms that no lane follows since a wipe: members whose gateway died in it are removed at the next JOIN."""
        followed = {name for node in self.nodes for name in node.lane.parts.replicas.rooms}
        return self.rooms.keys() - followed if any(loss.is_all for loss in self.store.losses) else set()


def log_name(key: bytes) -> str:
    return key.decode().partition("{")[2].rpartition("}")[0]


def token(text: str) -> str:
    return text.strip("<>")


def tokens(record: Record) -> list[str]:
    return MARKED.findall(record.payload.decode())
