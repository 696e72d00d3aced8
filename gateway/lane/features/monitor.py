"""MONITOR: notify clients when a nick gets an owner, and when it has none any more (docs/decisions/0022).

The scripts that change a nick's claim publish the new claim on the nick's channel. A lane subscribes to the channels of
the nicks that are watched on it. A published message may be lost, so the lane also reads the claims after every new
connection and on a slow timer. Runs on the lane's thread.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort
from gateway.chat.capabilities import EXTENDED_MONITOR
from gateway.chat.network import Profile
from gateway.chat.profile_updates import diff
from gateway.chat.session import Session
from gateway.directory.nicks import profile, published
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold

LOOKS_LIMIT = 1000
"""The maximum number of nicks that one tick of the timer looks up. The oldest look-ups are first."""

AGAIN_S = 5.0

Find = Callable[[str, Callable[[Any], None]], None]


class Watched:
    """A watched nick. ``holder`` is the owner that its watchers know."""

    __slots__ = ("holder", "is_known", "is_missed", "nick", "sessions")

    def __init__(self, nick: str) -> None:
        self.nick = nick  # folded
        self.sessions: dict[Session, None] = {}
        self.holder: Profile | None = None
        self.is_known = False  # looked up once: later changes are reported
        self.is_missed = False  # the last look-up found no claim


class Monitor:
    """The MONITOR lists of the lane's sessions, and the owners they know (gateway.chat.interfaces.Monitor)."""

    def __init__(
        self, redis: RedisPort, keys: Keys, find: Find, later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        """``find`` looks up a nick's claim. Its reply is parsed by :func:`profile`."""
        self._redis = redis
        self._keys = keys
        self._find = find
        self._later = later
        self._watched: dict[str, Watched] = {}
        self._lists: dict[Session, dict[str, str]] = {}

    def targets(self, session: Session) -> Mapping[str, str]:
        return self._lists.get(session, {})

    def holder(self, nick: str) -> Profile | None:
        watched = self._watched.get(casefold(nick))
        return watched.holder if watched is not None else None

    def add(self, session: Session, nicks: Iterable[str]) -> None:
        for nick in nicks:
            folded = casefold(nick)
            self._lists.setdefault(session, {})[folded] = nick
            watched = self._watched.get(folded)
            if watched is None:
                watched = self._watched[folded] = Watched(folded)
                self._redis.subscribe(self._keys.nick_live(folded), partial(self._received, watched), lambda: None)
                self._poll(watched)  # Redis does this after the subscription, so no change between the two is missed
            watched.sessions[session] = None

    def remove(self, session: Session, nicks: Iterable[str]) -> None:
        mine = self._lists.get(session, {})
        for nick in [nick for nick in nicks if nick in mine]:
            del mine[nick]
            watched = self._watched[nick]
            del watched.sessions[session]
            if not watched.sessions:
                del self._watched[nick]
                self._redis.unsubscribe(self._keys.nick_live(nick))
        if not mine:
            self._lists.pop(session, None)

    def forget(self, session: Session) -> None:
        """Remove a session that leaves."""
        self.remove(session, list(self.targets(session)))

    # -- messages and look-ups ------------------------------------------------------------------------

    def _received(self, watched: Watched, payload: bytes) -> None:
        """Handle a message on a nick's channel."""
        watched.is_missed = False
        self._learn(watched, published(payload))

    def link_up(self) -> None:
        """Look up all claims after a reconnection: messages that were published meanwhile are lost."""
        for watched in self._watched.values():
            self._poll(watched)

    def poll(self) -> None:
        """Look up some claims, on a slow timer."""
        for nick in list(islice(self._watched, LOOKS_LIMIT)):
            watched = self._watched[nick] = self._watched.pop(nick)
            self._poll(watched)

    def _poll(self, watched: Watched) -> None:
        self._find(watched.nick, partial(self._polled, watched))

    def _polled(self, watched: Watched, reply: Any) -> None:
        if not isinstance(reply, dict):
            return  # Redis is unavailable: the next connection looks up again
        holder = profile(reply)
        was_missed, watched.is_missed = watched.is_missed, holder is None
        if holder is None and watched.holder is not None and not was_missed:
            self._later(AGAIN_S, partial(self._poll, watched))
            return  # Redis may have lost the claim; then the owner's lane makes it again
        self._learn(watched, holder)

    # -- notifications of watchers --------------------------------------------------------------------

    def _learn(self, watched: Watched, holder: Profile | None) -> None:
        before, watched.holder = watched.holder, holder
        if not watched.is_known:
            watched.is_known = True
            return  # a client that has just begun to watch gets the reply to its command
        if before is not None and holder is not None and _is_same(before, holder):
            self._tell_news(watched, before, holder)
            return
        for session in watched.sessions:
            if before is not None:
                _send(session, n.RPL_MONOFFLINE, before.nick)
            if holder is not None:
                _send(session, n.RPL_MONONLINE, holder.source)

    @staticmethod
    def _tell_news(watched: Watched, before: Profile, holder: Profile) -> None:
        """IRCv3 extended-monitor. Clients that share a room with the owner see the change there."""
        updates = list(diff(before, holder))
        for session in watched.sessions if updates else ():
            if session.caps & EXTENDED_MONITOR and not _sees(session, holder):
                for update in updates:
                    if session.caps & update.field.capability:
                        session.send(update.line)


def _is_same(one: Profile, other: Profile) -> bool:
    """Return whether two owners of a nick are one user: a gateway that was declared dead gives its sessions new ids."""
    return one.sid == other.sid or (one.source, one.signon_s) == (other.source, other.signon_s)


def _sees(session: Session, holder: Profile) -> bool:
    return session.sid == holder.sid or any(holder.sid in room.members for room in session.rooms.values())


def _send(session: Session, code: str, target: str) -> None:
    session.send(f":{session.server} {code} {session.nick} :{target}")
