"""The crowd: all users of a scenario on one thread, talking at a steady rate.

Owns the users and their sockets. Other threads use :meth:`Crowd.call`, which runs a function on the crowd's thread
and returns its result.
"""

import contextlib
import queue
import selectors
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tests.chaos.user import User
from tests.chaos.verdict import Key, Said, Sitting

TICK_S = 0.01
CALL_LIMIT_S = 10.0
ENTRY_LIMIT_S = 60.0
TOPIC_EVERY_S = 0.5
STRIDE = 7
"""The step to a user's next gateway, with two, three or ten of them: never to the one that is restarted next."""

T = TypeVar("T")


class Crowd:
    """All users and their thread. Implements the users' Journal and their choice of a gateway."""

    def __init__(
        self,
        ports: Sequence[int],
        *,
        speakers_each: int = 2,
        listeners_each: int = 2,
        rate: float = 300.0,
        rooms: tuple[str, ...] = ("#one", "#two"),
        patience_s: float | None = None,
        padding: int = 60,
    ) -> None:
        """``ports``: of the gateways, in order. A user tries its own first. ``rate``: messages/s of all users."""
        self.ports: list[int] = list(ports)
        self.said: dict[Key, Said] = {}
        self.sittings: list[Sitting] = []
        self.vouched: list[Key] = []
        self.broken: list[str] = []
        self.rooms = rooms
        self.topics = self.topics_heard = 0
        self._selector = selectors.DefaultSelector()
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._is_over = False
        self._speaks_since: float | None = None
        self._spoken = 0
        self._rate = rate
        self._topic_at = 0.0
        self._manner: dict[str, Any] = {"patience_s": patience_s, "padding": padding}
        self.users: list[User] = []
        for home in range(len(ports)):
            for number in range(speakers_each + listeners_each):
                speaks = number < speakers_each
                name = f"{'s' if speaks else 'l'}{home}{'abcdefgh'[number]}"
                self.users.append(self.user(name, home, speaks=speaks, plain=not speaks and number % 2 == 1))
        self.keeper = self.user("keeper", len(ports) - 1)
        self.users.append(self.keeper)
        self._speakers = [user for user in self.users if user.speaks]
        self._thread = threading.Thread(target=self._run, name="crowd")

    def user(self, name: str, home: int, **manner: Any) -> User:
        return User(name, home, self.rooms, self._route, self, self._selector, **self._manner, **manner)

    def _route(self, user: User, tries: int) -> tuple[str, int]:
        return "127.0.0.1", self.ports[(user.home + tries * STRIDE) % len(self.ports)]

    # -- calls from other threads ----------------------------------------------------------------------

    def enter(self) -> None:
        """Connect all users and join the rooms. The keeper, the operator, is first. It gives modes and sets a topic."""
        self._thread.start()
        self.call(lambda: self.keeper.begin(time.monotonic()))
        self.wait_for("the keeper to enter", lambda: self.keeper.is_in, ENTRY_LIMIT_S)
        self.call(self._begin_all)
        self.wait_for("all to enter", lambda: all(user.is_in for user in self.users), ENTRY_LIMIT_S)
        self.call(self._give_ranks)
        self.barrier([self.keeper])
        self.barrier(self.users)

    def _begin_all(self) -> None:
        for user in self.users:
            if user is not self.keeper:
                user.begin(time.monotonic())

    def visitor_enters(self) -> None:
        """Add one user at the first gateway."""
        visitor = self.user("visitor", 0)
        self.users.append(visitor)
        visitor.begin(time.monotonic())

    @property
    def ranked(self) -> dict[str, str]:
        """The users to whom the keeper gives a mode: the first of each gateway is an operator, the last has voice."""
        ranks = {"keeper": "@"}
        for home in range(len(self.ports)):
            here = [user.name for user in self.users if user.home == home and user.name[0] in "sl"]
            ranks[here[0]], ranks[here[-1]] = "@", "+"
        return ranks

    def _give_ranks(self) -> None:
        for room in self.rooms:
            for name, rank in self.ranked.items():
                if name != "keeper":
                    self.keeper.send(f"MODE {room} {'+o' if rank == '@' else '+v'} {name}")
            self.keeper.send(f"MODE {room} +b bad!*@*", f"TOPIC {room} :0")

    def speak(self) -> None:
        def begin() -> None:
            self._speaks_since, self._spoken = time.monotonic(), 0

        self.call(begin)

    def hush(self) -> None:
        def end() -> None:
            self._speaks_since = None

        self.call(end)

    def wait_until_answered(self, limit_s: float) -> bool:
        """Wait until every user is in its rooms and every message is answered. Return whether this was in time."""

        def is_quiet() -> bool:
            return all(user.is_in and len(user.unanswered) <= len(user.anonymous_refusals) for user in self.users)

        with contextlib.suppress(TimeoutError):
            self.wait_for("answers", is_quiet, limit_s)
        return self.call(is_quiet)

    def barrier(self, users: Sequence[User], limit_s: float = 30.0, lines: Sequence[str] = ()) -> list[list[str]]:
        """Let users send lines and a PING. Return the answers by user. A user without a connection has no answer."""
        token = f"a{time.monotonic_ns()}"
        asked = [user for user in users if user.is_in]

        def ask() -> None:
            for user in asked:
                user.ask(token, *lines)

        self.call(ask)
        with contextlib.suppress(TimeoutError):
            self.wait_for("answers", lambda: all(token in user.answers or not user.is_in for user in asked), limit_s)
        return self.call(lambda: [user.answers.get(token, []) for user in users])

    def wait_for(self, what: str, is_so: Callable[[], bool], limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while not self.call(is_so):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {what} within {limit_s} s: {self.call(self.standing)}")
            threading.Event().wait(0.05)

    def standing(self) -> str:
        return " ".join(f"{user.name}:{user.stage.name}:{len(user.unanswered)}" for user in self.users)

    def call(self, do: Callable[[], T]) -> T:
        """Run ``do`` on the crowd's thread."""
        answers: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put((True, do()))
            except BaseException as error:
                answers.put((False, error))

        self._posted.put(run)
        is_good, answer = answers.get(timeout=CALL_LIMIT_S)
        if not is_good:
            raise answer  # type: ignore[misc]
        return answer  # type: ignore[return-value]

    def close(self) -> None:
        self._is_over = True
        if self._thread.ident is not None:
            self._thread.join()
        for user in self.users:
            user.leave()
        self._selector.close()

    # -- the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_over:
            for key, mask in self._selector.select(TICK_S):
                key.data.on_ready(mask, time.monotonic())
            for do in self._due():
                do()
            now = time.monotonic()
            for user in self.users:
                user.tick(now)
            if self._speaks_since is not None:
                self._speak(now)

    def _due(self) -> Iterator[Callable[[], None]]:
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._posted.get_nowait()

    def _speak(self, now: float) -> None:
        assert self._speaks_since is not None
        while self._spoken < (now - self._speaks_since) * self._rate:
            self._speakers[self._spoken % len(self._speakers)].say(now)
            self._spoken += 1
        if now - self._topic_at > TOPIC_EVERY_S and self.keeper.is_in:
            self._topic_at = now
            self.topics += 1
            self.keeper.send(*(f"TOPIC {room} :{self.topics}" for room in self.rooms))
