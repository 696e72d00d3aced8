"""Waiting for replicas: nothing is published, or folded from a page, before so many of Redis's replicas have it.

A lane appends unpublished, asks once a turn for its replicas (WAIT), and then publishes. What it reads of a log may
be another's entry that is not that far yet: so a small write follows the reading, and a WAIT that; what came before
a write is at a replica that has the write. Runs on the lane's thread.
"""

from collections.abc import Callable

from gateway.broker.port import LOST, RedisPort, Reply, ignore

TIMEOUT_MS = 400
"""Of one WAIT, which holds up everything else on the connection; another follows until there are enough."""

Call = Callable[[], None]


class ReplicaAcks:
    """One WAIT is in flight at most; who asks meanwhile is served by the next."""

    def __init__(self, wanted: int, link: RedisPort, written: str, on_lagging: Callable[[bool], None]) -> None:
        """``wanted`` replicas; ``written``: a hash of the gateway's own; ``on_lagging`` is told when replicas are
        missing, and when they no more are."""
        self.wanted = wanted
        self.is_lagging = False
        self._link = link
        self._written = written
        self._on_lagging = on_lagging
        self._asking: list[tuple[Call, Call]] = []
        self._covered: list[tuple[Call, Call]] = []  # by the WAIT in flight

    def ask(self, done: Call, lost: Call) -> None:
        """Calls ``done`` once enough replicas have all that the link has written; ``lost`` if it breaks before."""
        self._asking.append((done, lost))
        if not self._covered:
            self._wait()

    def after_replicated(self, done: Call, lost: Call = lambda: None) -> None:
        """The same for what anybody has written."""
        self._link.call(self._written, ignore, "HSET", "read", 1)
        self.ask(done, lost)

    def _wait(self) -> None:
        self._covered += self._asking
        self._asking = []
        self._link.wait_replicas(self._written, self._told, self.wanted, TIMEOUT_MS)

    def _told(self, reply: Reply) -> None:
        if isinstance(reply, int) and reply < self.wanted:
            self._set_lagging(True)
            self._wait()
            return
        covered, self._covered = self._covered, []
        if not isinstance(reply, int):
            covered, self._asking = covered + self._asking, []
        for done, lost in covered:
            (done if isinstance(reply, int) else lost)()
        if self._asking and not self._covered:
            self._wait()
        self._set_lagging(False)
        if reply is not LOST and not isinstance(reply, int):
            self._link.reconnect(self._written, f"WAIT was refused: {reply}")

    def _set_lagging(self, is_lagging: bool) -> None:
        if is_lagging != self.is_lagging:
            self.is_lagging = is_lagging
            self._on_lagging(is_lagging)
