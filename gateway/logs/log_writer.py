"""What a lane appends to logs: one entry in flight a log, exactly once.

All events for a log that gather while an entry is in flight go as the next one. An own log's (a followed
room's) entry has happened when it comes back through the fold; another lane's inbox is not followed, there
the reply tells. When a link is lost with an entry unanswered its fate is unknown: the replica first mends
itself, which shows the entry if it is in the log, and only an entry that is not there is sent again, as the
same bytes. A Redis may also lose what it had (a restart, a failover to a replica that lags): so what was appended is
remembered for a minute, and what a log that was read again lacks of it is put back. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import hiredis

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, SERVER_ERRORS, RedisPort, Reply, concerns_one_key
from gateway.chat.effects import Accepted, Reason, Rejection
from gateway.chat.events import Entry, origin_of
from gateway.logs.in_flight import InFlight, PendingEvent, Writer
from gateway.logs.publishing import Publishing
from gateway.logs.recent_appends import RecentAppends
from gateway.logs.replica import Replica, ReplicaState, stream_entry
from gateway.logs.replication import ReplicaAcks
from gateway.logs.scripts import APPEND
from gateway.wire.message import Message, parse

TAIL_ENTRIES = 1000


Logged = tuple[str, int]
"""Where an event is in a log that is not followed: its entry's stream id, its place in the entry."""

Settle = Callable[[PendingEvent, Any], None]
"""Called once for each pending event that :meth:`Appends.land` did not give back: with where it is in the other
lane's inbox, or with None where it was refused."""


class LogWriter:
    """All of a lane's writers."""

    def __init__(
        self,
        link: RedisPort,
        keys: Keys,
        lane: str,
        new_epoch: Callable[[], str],
        settle: Settle,
        on_refused: Callable[[str], None] = lambda _error: None,
        waiting: ReplicaAcks | None = None,
    ) -> None:
        """``on_refused`` is called when Redis takes no writes: nothing is sent then until :meth:`allow`.

        ``waiting``: what is appended is published when the replicas have it.
        """
        self._link = link
        self._keys = keys
        self._lane = lane
        self._new_epoch = new_epoch
        self._settle = settle
        self._oseq = 0
        self._writers: dict[str, Writer] = {}
        self._due: list[Writer] = []
        self.memory = RecentAppends(self._drop_idle)
        self.gathered = 0  # events that wait for the next send
        self.is_held = False
        """Nothing new leaves; what has left comes to its end."""
        self.entries = 0
        self._on_refused = on_refused
        self._is_refused = False
        self._publishing = Publishing(link, waiting, self._finish) if waiting is not None else None

    @property
    def queued(self) -> int:
        """Events that are not in a log yet."""
        writers = list(self._writers.values())  # also read by the admin thread
        return sum(len(w.queue) + (len(f.pendings) if (f := w.flight) else 0) for w in writers)

    def under_way(self) -> Iterator[tuple[str, PendingEvent, bool]]:
        """(log, event, whether it was never sent) for all events that are not in a log yet, log by log in order."""
        for name, writer in self._writers.items():
            for pending in writer.flight.pendings if writer.flight is not None else ():
                yield name, pending, False
            for pending in writer.queue:
                yield name, pending, True

    def withdraw(self, name: str, fits: Callable[[PendingEvent], bool]) -> list[PendingEvent]:
        """Takes events out of a log's queue, for the caller to settle; none of them was ever sent to Redis."""
        writer = self._writers.get(name)
        if writer is None:
            return []
        withdrawn = [pending for pending in writer.queue if fits(pending)]
        if withdrawn:
            gone = set(withdrawn)
            writer.queue = deque(pending for pending in writer.queue if pending not in gone)
            self._drop_idle(writer)
        return withdrawn

    @property
    def launched(self) -> int:
        """Entries sent so far, each counted once however often it had to be sent."""
        return self._oseq

    def entries_since(self) -> int:
        """Entries launched since the last time this was asked."""
        count, self.entries = self.entries, 0
        return count

    def follow(self, replica: Replica) -> None:
        self._writers[replica.name] = Writer(replica.name, self._keys, replica)

    def unfollow(self, name: str) -> None:
        """Forgets a log that is no longer followed; nothing may be under way to it."""
        writer = self._writers.pop(name)
        assert writer.flight is None
        assert not writer.queue

    def is_idle(self, name: str) -> bool:
        writer = self._writers.get(name)
        return writer is None or (writer.flight is None and not writer.has_more)

    def add(self, name: str, pending: PendingEvent) -> None:
        """Queues an event for a log; it leaves with the next :meth:`send`."""
        writer = self._writers.get(name) or self._writer(name)
        if writer.flight is None:
            if not writer.queue:
                self._due.append(writer)
            self.gathered += 1
        writer.queue.append(pending)

    def add_first(self, name: str, pending: PendingEvent) -> None:
        """Queues an event for a followed log before what waits there already."""
        writer = self._writers[name]
        writer.queue.appendleft(pending)
        self._is_due(writer)

    def after_recovery(self, name: str, call: Callable[[], None]) -> None:
        """Calls once a followed log has all again that left for it, and before anything new does."""
        writer = self._writers[name]
        if writer.flight is None and not writer.returning:
            call()
        else:
            writer.after_recovery = call

    def send(self) -> None:
        """Sends what has gathered, for every log that has nothing in flight and can be written."""
        due, self._due = self._due, []
        self.gathered = 0
        for writer in due:
            if writer.flight is not None or not self._writable(writer):
                continue
            if writer.returning:
                self._launch(writer, writer.returning.popleft())
                continue
            if writer.after_recovery is not None:
                call, writer.after_recovery = writer.after_recovery, None
                call()
            if writer.queue and not self.is_held:
                self._oseq += 1
                self._launch(writer, writer.take(f"{self._lane}:{self._oseq}"))
        if self._publishing is not None:
            self._publishing.turn()

    # -- a new id -------------------------------------------------------------------------------------

    def rekeyed(self, lane: str) -> None:
        """The lane has a new id: that is the origin of what leaves from now on.

        What left under the old one is remembered no more: it is void wherever it would be put back.
        """
        self._lane = lane
        self.memory.clear()

    @property
    def is_under_way(self) -> bool:
        """Whether anything has left for a followed log and has not come back."""
        followed = (writer for writer in self._writers.values() if writer.replica is not None)
        return any(writer.flight is not None or writer.returning for writer in followed)

    def flying(self) -> Iterator[PendingEvent]:
        """The events in flight."""
        for writer in self._writers.values():
            if writer.flight is not None:
                yield from writer.flight.pendings

    def queue(self, name: str) -> deque[PendingEvent]:
        """What waits for a log, in order, and was never sent to Redis."""
        writer = self._writers.get(name)
        return deque() if writer is None else writer.queue

    def queues(self) -> Iterator[deque[PendingEvent]]:
        """What waits for each log."""
        for writer in self._writers.values():
            yield writer.queue

    def precede(self, name: str, pendings: Sequence[PendingEvent]) -> None:
        """Puts events before all that wait for a log; they leave once nothing is held any more."""
        for pending in reversed(pendings):
            self._writer(name).queue.appendleft(pending)

    def release(self) -> None:
        """Ends holding."""
        self.is_held = False
        self._all_are_due()

    def _writer(self, name: str) -> Writer:
        writer = self._writers.get(name)
        if writer is None:
            writer = self._writers[name] = Writer(name, self._keys, None)
        return writer

    def _writable(self, writer: Writer) -> bool:
        replica = writer.replica
        if self._is_refused or (self._publishing is not None and self._publishing.is_lagging):
            return False
        return self._link.is_up(writer.log) and (replica is None or replica.state is ReplicaState.LIVE)

    def _launch(self, writer: Writer, flight: InFlight) -> None:
        replica = writer.replica
        self.entries += 1
        writer.flight = flight
        flight.answered = False
        if self._publishing is not None:
            self._publishing.launched(writer, flight)
        self._link.run(
            APPEND,
            lambda reply: self._replied(writer, flight, reply),
            writer.keys,
            "*" if replica is None else replica.epoch,
            flight.origin,
            flight.payload,
            writer.live if self._publishing is None else "",
            "" if replica is None or replica.epoch else self._new_epoch(),
        )

    def _replied(self, writer: Writer, flight: InFlight, reply: Reply) -> None:
        if isinstance(reply, list) and len(reply) == 3:
            flight.place = reply
            flight.answered = True
            return  # it is published when the replicas have it
        if writer.flight is not flight:
            return  # folded already
        flight.answered = True
        if reply is LOST:
            return  # resume() or the replica's repair decides
        if isinstance(reply, hiredis.ReplyError):
            if str(reply).startswith(SERVER_ERRORS):
                self._put_off(writer, flight, str(reply))
            else:
                self._finish(writer, None)
        elif writer.replica is None:
            self._finish(writer, None if isinstance(reply, list) else reply.decode())
        elif isinstance(reply, list):
            writer.replica.repair()  # another epoch: caught_up() sends it again

    def _put_off(self, writer: Writer, flight: InFlight, error: str) -> None:
        """What was sent is known not to be in the log: it waits as if it never had been."""
        writer.flight = None
        if flight.pendings:
            writer.queue.extendleft(reversed(flight.pendings))
        else:
            writer.returning.appendleft(flight)
        self._is_refused = True
        self._on_refused(error)

    def allow(self) -> None:
        """Redis takes writes again."""
        self._is_refused = False
        self._all_are_due()

    def land(self, name: str, origin: str) -> Sequence[PendingEvent] | None:
        """An entry of this lane's is being folded: its events, for the caller to settle one by one."""
        writer = self._writers.get(name)
        if writer is None or writer.flight is None or writer.flight.origin != origin:
            return None
        flight = writer.flight
        if flight.pendings:
            self.memory.add(writer, flight)
        self._release(writer)
        return flight.pendings or None

    def _finish(self, writer: Writer, entry_id: str | None) -> None:
        flight = writer.flight
        assert flight is not None
        if flight.pendings and entry_id is not None:
            self.memory.add(writer, flight)
        self._release(writer)
        for index, pending in enumerate(flight.pendings):
            self._settle(pending, None if entry_id is None else (entry_id, index))

    def _release(self, writer: Writer) -> None:
        """Nothing is in flight any more: what has gathered may go."""
        writer.flight = None
        if writer.has_more:
            self._is_due(writer)
        else:
            self._drop_idle(writer)

    def _drop_idle(self, writer: Writer) -> None:
        """Forgets another lane's inbox to which nothing goes, and nothing went lately."""
        if writer.replica is None and writer.flight is None and not writer.has_more and not writer.memory:
            self._writers.pop(writer.name, None)

    def _all_are_due(self) -> None:
        for writer in self._writers.values():
            if writer.flight is None and writer.has_more:
                self._is_due(writer)

    def _is_due(self, writer: Writer) -> None:
        self._due.append(writer)
        self.gathered += len(writer.queue) or 1

    def caught_up(self, name: str, origins: Mapping[str, int]) -> None:
        """A followed log is live again: send the own entries again that it does not have.

        ``origins``: the count of each lane's newest entry that has been applied, from the log or by its base.
        """
        known, writer = origins.get(self._lane, 0), self._writers[name]
        flight = writer.flight
        if writer.replica is not None and writer.replica.was_reloaded:
            self._put_back(writer, known)
        if flight is not None:
            if not flight.answered or not self._link.is_up(writer.log):
                return
            if flight.pendings and flight.count <= known:
                self._find_in_log(writer, flight)
                return
            writer.flight = None
            if flight.count > known and flight not in writer.returning:
                (writer.returning.append if flight.pendings else writer.returning.appendleft)(flight)
        if writer.queue or writer.returning:
            self._is_due(writer)

    def _put_back(self, writer: Writer, known: int) -> None:
        """What goes before anything new: remembered entries above this count, then what was never settled."""
        unsettled = [flight for flight in writer.returning if flight.pendings]
        writer.returning = deque(sent for sent in writer.memory if sent.count > known)
        writer.returning.extend(unsettled)

    def forget_rejected(self, name: str, entry: Entry, voids: set[int]) -> None:
        """Events of an own entry that has just landed were refused: it is not put back with them, come what may."""
        self.memory.forget_rejected(self._writers[name], entry, voids)

    def seek(self) -> None:
        """Looks for own entries that Redis has taken but that did not come back: what was published is lost."""
        for writer in self._writers.values():
            flight, replica = writer.flight, writer.replica
            if flight is not None and flight.answered and replica is not None and replica.state is ReplicaState.LIVE:
                replica.repair()

    # -- after a loss ---------------------------------------------------------------------------------

    def resume(self) -> None:
        """After a reconnection: what of ours the inboxes of other lanes do not have goes again."""
        if self._publishing is not None:
            self._publishing.resume()
        for writer in list(self._writers.values()):
            if writer.replica is not None:
                continue
            if writer.flight is not None or writer.memory:
                self._compare(writer)
            elif writer.queue:
                self._is_due(writer)

    def _compare(self, writer: Writer) -> None:
        """Reads the end of another lane's inbox; nothing new goes there before what it lacks of ours."""
        flight = writer.flight = writer.flight or InFlight("", b"")
        flight.answered = False

        def seen(reply: Reply) -> None:
            if writer.flight is not flight or reply is LOST:
                return
            if concerns_one_key(reply):  # somebody has put something else there: nobody reads it
                self.memory.forget(writer)
                self._finish(writer, None)
                return
            if not isinstance(reply, list):
                self._link.reconnect(writer.log, f"a log cannot be read: {reply}")
                return
            places = {origin: stream_id for stream_id, origin, _ in map(stream_entry, reply)}
            counts = [count for lane, count in map(origin_of, places) if lane == self._lane]
            self._put_back(writer, max(counts, default=0))
            if flight.pendings and flight.origin not in places:
                writer.returning.append(flight)
            elif flight.pendings:
                self._finish(writer, places[flight.origin])
                return
            self._release(writer)

        self._link.call(writer.log, seen, "XREVRANGE", "+", "-", "COUNT", TAIL_ENTRIES)

    def _find_in_log(self, writer: Writer, flight: InFlight, newest: str = "+") -> None:
        """Searches a log backwards for an entry that the replica skipped."""
        flight.answered = False

        def seen(reply: Reply) -> None:
            if writer.flight is not flight:
                return
            flight.answered = True
            if isinstance(reply, list):
                found = next(
                    (stream_id for stream_id, origin, _ in map(stream_entry, reply) if origin == flight.origin), None
                )
                if found is None and len(reply) == TAIL_ENTRIES:
                    self._find_in_log(writer, flight, f"({reply[-1][0].decode()}")
                else:
                    self._recover_outcome(writer, flight, found)
            elif reply is not LOST and not concerns_one_key(reply):  # else its replica cannot read it either
                self._link.reconnect(writer.log, f"a log cannot be read: {reply}")

        self._link.call(writer.log, seen, "XREVRANGE", newest, "-", "COUNT", TAIL_ENTRIES)

    def _recover_outcome(self, writer: Writer, flight: InFlight, entry_id: str | None) -> None:
        """The fold has passed an entry unseen: what came of its events, others have marked where they were void."""
        flight.answered = False

        def seen(reply: Reply) -> None:
            if writer.flight is not flight:
                return
            flight.answered = True
            if reply is LOST:
                return
            marks = reply if isinstance(reply, list) else [0] * len(flight.pendings)
            self.memory.add(writer, flight)
            self._release(writer)
            for index, (pending, is_void) in enumerate(zip(flight.pendings, marks, strict=True)):
                if is_void:
                    event = parse(pending.line) or Message("")
                    self._settle(pending, Rejection(index, pending.sid, Reason.TRIMMED, event))
                elif entry_id is None or pending.wait is not None:  # the room that was read again shows it
                    self._settle(pending, Accepted(index, pending.sid))
                else:
                    self._settle(pending, (entry_id, index))

        marks = [f"{entry_id}.{index}" for index in range(len(flight.pendings))]
        self._link.call(writer.rejected, seen, "SMISMEMBER", *marks)
