"""Publishing apart from appending, for those who want replicas to have an entry before anybody knows of it.

`appends` appends without a channel, this publishes once enough replicas have it. Where the link breaks in between, an
entry may stand in its log unpublished: whoever follows the log is then made to look. Runs on the lane's thread.
"""

from collections.abc import Callable
from functools import partial

from gateway.broker.port import RedisPort
from gateway.logs.in_flight import InFlight, Writer
from gateway.logs.replication import ReplicaAcks


class Publishing:
    """See the module."""

    def __init__(self, link: RedisPort, waiting: ReplicaAcks, finish: Callable[[Writer, str], None]) -> None:
        """``finish`` is told the place of an entry in a log that this lane does not follow."""
        self._link = link
        self._waiting = waiting
        self._finish = finish
        self._appended: list[tuple[Writer, InFlight]] = []  # of this turn
        self._missing_profile_updates: dict[
            str, None
        ] = {}  # live channels of logs to which something may have got unpublished

    @property
    def is_lagging(self) -> bool:
        """Whether replicas are missing: then nothing more is appended."""
        return self._waiting.is_lagging

    def launched(self, writer: Writer, flight: InFlight) -> None:
        """An entry is on its way to Redis."""
        flight.place = None
        self._appended.append((writer, flight))

    def turn(self) -> None:
        """Asks once for all that was launched in a turn."""
        if self._appended:
            sent, self._appended = self._appended, []
            self._waiting.ask(partial(self._publish, sent), partial(self._leave_untold, sent))

    def resume(self) -> None:
        """After a reconnection: what got into a log unpublished is told, once replicas have it."""
        if self._missing_profile_updates:
            self._waiting.after_replicated(self._tell)

    def _publish(self, sent: list[tuple[Writer, InFlight]]) -> None:
        for writer, flight in sent:
            if flight.place is not None:
                entry_id, before, epoch = flight.place
                head = b"%s %s %s %s\n" % (entry_id, before, epoch, flight.origin.encode())
                self._link.publish(writer.live, head + flight.payload)
                if writer.replica is None and writer.flight is flight:
                    self._finish(writer, entry_id.decode())

    def _leave_untold(self, sent: list[tuple[Writer, InFlight]]) -> None:
        self._missing_profile_updates |= {writer.live: None for writer, _ in sent}

    def _tell(self) -> None:
        """Has those who follow a log look for what may have got into it: by an epoch that is none."""
        untold, self._missing_profile_updates = self._missing_profile_updates, {}
        for live in untold:
            self._link.publish(live, "0-0 - - -\n")
