"""PONG is a promise: what anyone's PONG or echo vouched for before this PING has been delivered here.

On PING a lane waits until everything that the session did is in a log or refused, then reads the heads of its
rooms, joined and joining, and of the lane's inbox, and answers once its folds have reached them. One pipelined
round trip serves all PINGs of a turn. Runs on the lane's thread.
"""

from collections.abc import Callable, Collection
from functools import partial

from gateway.broker.keys import Keys
from gateway.broker.port import LOST, RedisPort, Reply
from gateway.logs.replica import Replica


class Barrier:
    """The lane's PINGs that are not answered yet."""

    def __init__(self, link: RedisPort, keys: Keys, replica: Callable[[str], Replica | None], inbox: str) -> None:
        """``replica(name)``: the replica of a followed log, None when it is not followed (any more)."""
        self._link = link
        self._keys = keys
        self._replica = replica
        self.inbox = inbox
        self._asking: list[tuple[Collection[str], Callable[[], None]]] = []
        self._reaching: list[tuple[dict[str, tuple[str, str]], Callable[[], None]]] = []

    def reach(self, names: Collection[str], done: Callable[[], None]) -> None:
        """Calls ``done`` once these logs have been folded up to what their heads are now."""
        self._asking.append((names, done))

    def cancel(self, done: Callable[[], None]) -> None:
        """Forget a call that is not needed any more."""
        self._asking = [asked for asked in self._asking if asked[1] is not done]

    def turn(self) -> None:
        """Once a turn: answers the PINGs whose promise holds now, asks what the turn's new ones need."""
        if self._reaching:
            self._check()
        if self._asking:
            self._ask()

    def _ask(self) -> None:
        """Reads the heads, each once for all PINGs."""
        if not self._link.is_up(self._keys.head(self.inbox)):
            return
        asking, self._asking = self._asking, []
        names = sorted(set[str]().union(*(wanted for wanted, _ in asking)))
        heads: dict[str, tuple[str, str]] = {}

        def answer(name: str, reply: Reply) -> None:
            if isinstance(reply, list) and None not in reply:
                heads[name] = (reply[0].decode("utf-8", "replace"), reply[1].decode("utf-8", "replace"))
            if reply is LOST:
                self._asking.extend(asking if name == names[-1] else ())
            elif name == names[-1]:
                for wanted, done in asking:
                    self._reaching.append(({n: heads[n] for n in wanted if n in heads}, done))
                self._check()

        for name in names:
            self._link.call(self._keys.head(name), partial(answer, name), "HMGET", "epoch", "last")

    def _check(self) -> None:
        """Answers every PING whose heads have been folded."""
        reaching, self._reaching = self._reaching, []
        for heads, done in reaching:
            for name, (epoch, last) in list(heads.items()):
                replica = self._replica(name)
                # A room that was left meanwhile counts as reached.
                if replica is None or replica.has_reached(epoch, last):
                    del heads[name]
                elif replica.epoch != epoch or not self._link.is_up(self._keys.head(name)):
                    # Another log than the one that was asked for, or a server that may have lost its tail: what
                    # the head says next counts.
                    self._asking.append((list(heads), done))
                    break
            else:
                if heads:
                    self._reaching.append((heads, done))
                else:
                    done()
