"""Wait for Redis's replicas: nothing is published, or applied from a page, before enough of them have it.

A lane appends without publishing, sends one WAIT in a turn, and then publishes. A page that it reads may have another
lane's entry that the replicas do not have yet. So a small write follows the reading, and a WAIT follows the write: a
replica that has the write has everything before it. Runs on the lane's thread.
"""

from collections.abc import Callable

from gateway.broker.port import LOST, RedisPort, Reply, ignore

TIMEOUT_MS = 400
"""Of one WAIT. It delays everything else on the connection. Another follows until there are enough replicas."""

Call = Callable[[], None]


class ReplicaAcks:
    """The calls that wait for replicas. At most one WAIT is in flight: later calls are served by the next one."""

    def __init__(self, wanted: int, redis: RedisPort, written: str, on_lagging: Callable[[bool], None]) -> None:
        """``wanted`` replicas; ``written``: a hash of the gateway, for the small write.

        ``on_lagging`` gets True when replicas are missing, and False when there are enough again.
        """
        self.wanted = wanted
        self.is_lagging = False
        self._redis = redis
        self._written = written
        self._on_lagging = on_lagging
        self._waiting: list[tuple[Call, Call]] = []
        self._covered: list[tuple[Call, Call]] = []  # by the WAIT in flight

    def ask(self, done: Call, lost: Call) -> None:
        """Call ``done`` once enough replicas have all that this lane has written, ``lost`` if the link breaks."""
        self._waiting.append((done, lost))
        if not self._covered:
            self._send_wait()

    def after_replicated(self, done: Call, lost: Call = lambda: None) -> None:
        """Call ``done`` once enough replicas have all that any lane has written."""
        self._redis.call(self._written, ignore, "HSET", "read", 1)
        self.ask(done, lost)

    def _send_wait(self) -> None:
        self._covered += self._waiting
        self._waiting = []
        self._redis.wait_replicas(self._written, self._answered, self.wanted, TIMEOUT_MS)

    def _answered(self, reply: Reply) -> None:
        if isinstance(reply, int) and reply < self.wanted:
            self._set_lagging(True)
            self._send_wait()
            return
        covered, self._covered = self._covered, []
        if not isinstance(reply, int):
            covered, self._waiting = covered + self._waiting, []
        for done, lost in covered:
            (done if isinstance(reply, int) else lost)()
        if self._waiting and not self._covered:
            self._send_wait()
        self._set_lagging(False)
        if reply is not LOST and not isinstance(reply, int):
            self._redis.reconnect(self._written, f"WAIT was refused: {reply}")

    def _set_lagging(self, is_lagging: bool) -> None:
        if is_lagging != self.is_lagging:
            self.is_lagging = is_lagging
            self._on_lagging(is_lagging)
