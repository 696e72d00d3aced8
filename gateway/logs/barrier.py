"""The barrier behind PONG: wait until the lane has applied everything that any client could know to be in the logs.

After a PING the lane waits until nothing of the session is under way. Then it reads the heads of the session's rooms
(joined and being joined) and of the lane's inbox, and answers once its replicas have reached them. One pipelined round
trip serves all PINGs of a turn. Runs on the lane's thread.
"""

from collections.abc import Callable, Collection
from functools import partial

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, RedisPort, Reply
from gateway.logs.replica import Replica

Head = tuple[str, str]
"""Epoch, id of the newest entry."""
Done = Callable[[], None]


class Barrier:
    """The PINGs of a lane that are not answered yet."""

    def __init__(self, redis: RedisPort, keys: Keys, replica: Callable[[str], Replica | None], inbox: str) -> None:
        """``replica(name)``: the replica of a followed log, None if it is not followed (any more)."""
        self._redis = redis
        self._keys = keys
        self._replica = replica
        self.inbox = inbox
        self._unread: list[tuple[Collection[str], Done]] = []  # logs whose heads are to be read
        self._unreached: list[tuple[dict[str, Head], Done]] = []

    def __len__(self) -> int:
        return len(self._unread) + len(self._unreached)

    def reach(self, names: Collection[str], done: Done) -> None:
        """Call ``done`` once all that is in these logs now has been applied."""
        self._unread.append((names, done))

    def cancel(self, done: Done) -> None:
        """Forget a call whose heads are not read yet."""
        self._unread = [waiting for waiting in self._unread if waiting[1] is not done]

    def turn(self) -> None:
        """Check the heads that were read, and read those that the PINGs of this turn need."""
        if self._unreached:
            self._check()
        if self._unread:
            self._read_heads()

    def _read_heads(self) -> None:
        """Read each head once for all PINGs."""
        if not self._redis.is_up(self._keys.head(self.inbox)):
            return
        waiting, self._unread = self._unread, []
        names = sorted(set[str]().union(*(wanted for wanted, _ in waiting)))
        heads: dict[str, Head] = {}

        def answer(name: str, reply: Reply) -> None:
            if isinstance(reply, list) and None not in reply:
                heads[name] = (reply[0].decode("utf-8", "replace"), reply[1].decode("utf-8", "replace"))
            if reply is LOST:
                self._unread.extend(waiting if name == names[-1] else ())
            elif name == names[-1]:
                for wanted, done in waiting:
                    self._unreached.append(({n: heads[n] for n in wanted if n in heads}, done))
                self._check()

        for name in names:
            self._redis.call(self._keys.head(name), partial(answer, name), "HMGET", "epoch", "last")

    def _check(self) -> None:
        """Finish every PING whose heads have been reached."""
        unreached, self._unreached = self._unreached, []
        for heads, done in unreached:
            for name, (epoch, last) in list(heads.items()):
                replica = self._replica(name)
                # A room that was left meanwhile counts as reached.
                if replica is None or replica.has_reached(epoch, last):
                    del heads[name]
                elif replica.epoch != epoch or not self._redis.is_up(self._keys.head(name)):
                    # The log is another one than when its head was read, or may have lost entries: read it again.
                    self._unread.append((list(heads), done))
                    break
            else:
                if heads:
                    self._unreached.append((heads, done))
                else:
                    done()
