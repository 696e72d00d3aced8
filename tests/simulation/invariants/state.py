"""Invariants of the state: logs, replicas, what clients know, the directory, and the lanes' own memory."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from gateway.logs.replica import ReplicaState
from tests.simulation.clients import SimulatedConnection
from tests.simulation.evidence import log_name
from tests.simulation.gateways import KEYS, Node
from tests.simulation.invariants.delivery import is_join
from tests.simulation.invariants.invariant import Invariant
from tests.simulation.model import Member, RoomModel, lower, stream_id
from tests.simulation.views import PERHAPS, View

RANKS = {"o": 1, "v": 2}


class IntactLogs(Invariant):
    """A log is in the order of its ids, and an origin is in it once. A base never goes back.

    Redis holds the end of what was appended, and nothing behind the base is trimmed.
    """

    def check(self) -> Iterator[str]:
        store = self.evidence.store
        yield from store.faults
        for name, records in self.evidence.records.items():
            for origin, count in Counter(record.origin for record in records if record.origin).items():
                if count > 1 and not store.losses:  # after a loss the later ones are rejected as duplicates
                    yield f"{name} has {count} entries of {origin.decode()}"
            ids = [record.id for record in records]
            if ids != sorted(set(ids)):
                yield f"{name} is not in the order of its ids"
            held = [entry_id for entry_id, _ in store._data.get(KEYS.log(name).encode(), [])]
            if held != ids[len(ids) - len(held) :]:
                yield f"{name} in Redis is not the end of what was appended"


class ClientView(Invariant):
    """What a client reads is coherent by itself, and what it knows at rest is the state of its rooms."""

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for connection in evidence.connections:
            if connection.is_text:
                continue
            view = View(connection.caps)
            for line in evidence.transcripts[connection]:
                quit_at = evidence.quits.get(evidence.sender_of(line.token), line.at)
                for problem in view.read(line):
                    if problem.startswith("a message by") and quit_at < line.at:
                        view.late_messages += 1  # the QUIT was shown elsewhere, before this client came
                        continue
                    yield f"{connection.name} at {line.at:.3f}: {problem}: {line.text}"
            self.exempt("sent before a QUIT that another log showed first", view.late_messages)
            if not connection.is_over and connection.is_registered:
                yield from self._check_rooms(connection, view)
                yield from self._check_monitored(connection, view)

    def _check_monitored(self, connection: SimulatedConnection, view: View) -> Iterator[str]:
        for nick, is_online in view.monitored.items():
            if is_online != (self.evidence.store.hget(KEYS.nick(nick).encode(), b"registered") == b"1"):
                yield f"{connection.name}: {nick} is {'offline' if is_online else 'online'}, and MONITOR differs"

    def _check_rooms(self, connection: SimulatedConnection, view: View) -> Iterator[str]:
        joined = self.evidence.member_rooms(connection)
        if joined != view.rooms.keys():
            yield f"{connection.name} is in {sorted(joined)}, and knows of {sorted(view.rooms)}"
        for name in sorted(joined & view.rooms.keys()):
            model, known = self.evidence.rooms[name], view.rooms[name]
            members = {lower(member.nick): member.modes for member in model.members.values()}
            if members.keys() != known.members.keys():
                yield f"{connection.name}: {sorted(members)} are in {name}, and it knows of {sorted(known.members)}"
                continue
            for member in model.members.values():
                yield from _check_profile(connection, member, view)
            for nick, letters in known.members.items():
                shown = sum(RANKS[letter] for letter in letters - {PERHAPS})
                if members[nick] != shown and not (PERHAPS in letters and members[nick] == shown | RANKS["v"]):
                    yield f"{connection.name}: {nick} in {name} is {members[nick]}, and it knows {letters}"
            modes = model.flags, model.key, model.limit
            if known.flags is not None and (known.flags, known.key, known.limit) != modes:
                yield f"{connection.name}: {name} is {model.flags}, and it knows {known.flags}"
            if known.topic != model.topic:
                yield f"{connection.name}: the topic of {name} is {model.topic!r}, and it knows {known.topic!r}"


def _check_profile(connection: SimulatedConnection, member: Member, view: View) -> Iterator[str]:
    """A client with the capabilities knows the away texts and real names of the other members."""
    known = view.profiles.get(lower(member.nick), {})
    actual = {"SETNAME": member.realname} if "setname" in connection.caps else {}
    if "away-notify" in connection.caps and member.sid not in connection.sids:
        actual["AWAY"] = member.away or ""
    for verb in [verb for verb in actual if verb in known]:
        if known[verb] != actual[verb]:
            yield f"{connection.name}: {verb} of {member.nick} is {actual[verb]!r}, and it knows {known[verb]!r}"


class Agreement(Invariant):
    """Every replica is live and equals the state that its log means, from the base as from the first entry.

    A nick belongs to one session.
    """

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for name, room in evidence.rooms.items():
            from_base = self._from_base(name)
            if from_base is not None and _facts(from_base) != _facts(room):
                yield f"{name} from its base: {_facts(from_base)}, not {_facts(room)}"
            for node in evidence.nodes:
                followed = node.lane.parts.replicas.rooms.get(name)
                if followed is None:
                    continue
                if followed.replica.state is not ReplicaState.LIVE or followed.reloading_state is not None:
                    yield f"{node.lane.id} does not follow {name}: {followed.replica.state}"
                elif _replica_facts(followed.room) != _facts(room):
                    yield f"{name} at {node.lane.id}: {_replica_facts(followed.room)}, not {_facts(room)}"
        holders: dict[str, str] = {}
        for name, room in evidence.rooms.items():
            for member in room.members.values() if name not in evidence.unfollowed_rooms else ():
                if holders.setdefault(lower(member.nick), member.sid) != member.sid:
                    yield f"{member.nick} is two sessions: {member.sid}, {holders[lower(member.nick)]}"

    def _from_base(self, name: str) -> RoomModel | None:
        base = self.evidence.store.get(KEYS.base(name).encode())
        if base is None:
            return None
        head, _, text = base.decode().partition("\n")
        room = RoomModel.from_base(name, text)
        ms, n = map(int, head.split(" ")[2].split("-"))
        for record in self.evidence.records.get(name, ()):
            if record.id > (ms, n):
                room.apply(record.id, record.origin.decode(), record.payload)
        return room


def _member_facts(member: Any) -> Any:
    names = member.sid, member.nick, member.user, member.host, member.realname
    return names, member.away, member.modes, member.token, member.revision, member.is_bot


def _facts(room: RoomModel) -> Any:
    members = [_member_facts(member) for member in room.members.values()]
    lists = [dict(room.lists[letter]) for letter in "beI"]
    flags = "".join(sorted(room.flags))
    lives, ids = (room.life_began, room.hidden), list(room.client_msgids.items())
    past = room.has_messages, room.dead_gateways, lives, ids
    return members, flags, room.key, room.limit, lists, room.topic, room.invited, past


def _replica_facts(room: Any) -> Any:
    members = [_member_facts(member) for member in room.members.values()]
    lists = [dict(room.bans), dict(room.excepts), dict(room.invexes)]
    flags = "".join(sorted(room.flags))
    ids = [(given, (first.sender, first.digest, stream_id(first.stream_id))) for given, first in room.seen_ids.items()]
    lives = room.life_began, room.hidden
    past = room.has_messages, room.gone, lives, ids
    return members, flags, room.key, room.limit, lists, room.topic, list(room.invited), past


class RestoredRooms(Invariant):
    """A room that a wipe took is seeded again, if any member was connected before the wipe and to the end."""

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        for place, loss in enumerate(evidence.store.losses):
            for name, room in evidence.rooms_before(place).items() if loss.is_all else ():
                stayed = [
                    connection
                    for connection in evidence.connections
                    if not connection.is_over and any(sid in room.members for sid in connection.sids)
                ]
                bases = [
                    base
                    for base in evidence.store.bases
                    if log_name(base.log) == name and base.number >= loss.number and base.is_of_seed
                ]
                if any(self._had_joined(connection, name, loss.at) for connection in stayed) and not bases:
                    yield f"{name} was wiped at {loss.at:.3f}, and is not what it was"

    def _had_joined(self, connection: SimulatedConnection, room: str, at: float) -> bool:
        return any(is_join(connection, line, room) and line.at < at for line in self.evidence.transcripts[connection])


class NoOrphans(Invariant):
    """Members, nick claims, inboxes and leases belong to sessions and gateways that are there."""

    def check(self) -> Iterator[str]:
        evidence = self.evidence
        users = {
            sid: client.session
            for node in evidence.nodes
            for sid, client in node.lane.parts.clients.items()
            if not client.is_leaving
        }
        for name, room in evidence.rooms.items():
            there = {sid for sid, session in users.items() if name in session.rooms}
            if there != set(room.members) and not there and name in evidence.unfollowed_rooms:
                self.exempt("an orphaned member in a room that no lane follows since a wipe", len(room.members))
            elif there != set(room.members):
                yield f"{name} has {sorted(room.members)}, in it are {sorted(there)}"
        wanted = {lower(session.nick): sid for sid, session in users.items() if session.nick}
        yield from self._check_keys(wanted)

    def _check_keys(self, wanted: dict[str, str]) -> Iterator[str]:
        """``wanted``: the session by nick."""
        store = self.evidence.store
        claims: dict[str, str] = {}
        living = {gateway.id for gateway in self.evidence.network.gateways if gateway.is_alive}
        for key in store.names():
            kind, _, rest = log_name(key).partition(":")
            if kind == "nick":
                claims[rest] = (store.hget(key, b"sid") or b"").decode()
            elif kind[:1] == "@" and key.endswith(b":log") and store.ttl_s(key) is not None:
                continue  # for its lane, should it return
            elif (kind == "gw" and rest not in living) or (
                kind[:1] == "@" and kind[1:].partition(".")[0] not in living
            ):
                yield f"{key.decode()} belongs to no gateway"
        if claims != wanted:
            yield f"the claims are {claims}, not {wanted}"
        leases = {member.decode() for member in store.zrange(KEYS.gateways.encode(), b"0", b"-1")}
        if leases != living:
            yield f"leases have {sorted(leases)}, there are {sorted(living)}"


class NoLeaks(Invariant):
    """At rest no lane has anything waiting, queued or forgotten in memory, and none has failed."""

    def check(self) -> Iterator[str]:
        for where, verb, error in self.evidence.network.troubles:
            yield f"{where} failed at {verb}: {error!r}"
        for node in self.evidence.nodes:
            for what, amount in self._amounts(node).items():
                if amount:
                    yield f"{node.lane.id}: {what}: {amount}"

    def _amounts(self, node: Node) -> dict[str, int]:
        """The numbers that must be zero."""
        lane, connections = node.lane, self.evidence.connections
        ends = {one.end.fd for one in connections if one.node is node and not one.is_over}
        held = {client.connection.fd for client in lane.parts.clients.values()} | {
            one.fd for one in lane.parts.handshake.pending
        }
        rooms = lane.parts.replicas.rooms
        members = {sid for followed in rooms.values() for sid in followed.room.members}
        return {
            "handlers waiting": len(lane.parts.dispatcher.tasks),
            "events queued": lane.parts.log_writer.queued,
            "PINGs waiting": len(lane.parts.barrier),
            "queries open": len(lane.parts.user_queries._open),
            "claims unreleased": len(lane.parts.directory._unreleased),
            "clients throttled": sum(client.throttled for client in lane.parts.clients.values()),
            "events unlogged": sum(client.under_way for client in lane.parts.clients.values()),
            "waiting for rooms": sum(len(followed.waiting) for followed in rooms.values()),
            "connections too many or too few": len(ends ^ held),
            "visible users too many or too few": len(members ^ set(lane.parts.visible_users._by_sid)),
            "stale names": len(lane.parts.visible_users.stale_names),
            "commands unanswered": len(lane.parts.link._awaiting),
            "link down": not lane.parts.link.is_connected,
        }
