"""Who has which nick, network wide: claims in Redis, and the profiles behind them.

A claim is a hash without TTL. What is asked goes over the lane's link and comes back to a callback; LOST or
an error comes back as it is. Runs on the lane's thread.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.link import Done, RedisLink
from gateway.broker.scripts import read
from gateway.chat.ports import Profile
from gateway.chat.session import Session
from gateway.directory.lanes import lanes
from gateway.wire.casefold import casefold

CLAIM = read("gateway.directory", "claim", 1)
RELEASE = read("gateway.directory", "release", 1)
PROFILE = read("gateway.directory", "profile", 1)
RECLAIM = read("gateway.directory", "reclaim", 1)
SCRIPTS = (CLAIM, RELEASE, PROFILE, RECLAIM)

WHOWAS_ENTRIES = 10
WHOWAS_S = 7 * 24 * 3600
WHOWAS_NICKS = 10_000
"""That a lane has in Redis for WHOWAS: clients may take other nicks as fast as they like."""
MEMORY_AGES = 12


class NickDirectory:
    """The directory of nicks as one lane uses it."""

    def __init__(self, link: RedisLink, keys: Keys, lane: str) -> None:
        self._link = link
        self._keys = keys
        self._lane = lane
        self._unreleased: dict[tuple[str, str], None] = {}
        self._released: dict[tuple[str, str], int] = {}  # lately, and at which age: Redis may forget it
        self._age = 0
        self._given_up: dict[str, None] = {}  # keys for WHOWAS that this lane has written, the latest last

    def claim(self, session: Session, nick: str, done: Done) -> None:
        """Claims a nick; the reply is the token as bytes, or a list with the holder's session id."""
        # First the note for the reaper, so that no claim can outlive its gateway unseen.
        self.note(nick)
        self._keep(session.sid, casefold(nick))
        self._link.run(
            done,
            CLAIM,
            self._keys.nick(casefold(nick)),
            session.sid,
            *self._fields(session, nick),
        )

    def reclaim(self, session: Session, nick: str, was: str, token: str, done: Done) -> None:
        """Makes a claim again, as :meth:`claim` does, where it is not there or is still the session id ``was``'s.

        ``token``: the one that it had, "" for a new one.
        """
        self.note(nick)
        self._keep(session.sid, casefold(nick))
        self._link.run(
            done, RECLAIM, self._keys.nick(casefold(nick)), session.sid, was, token, *self._fields(session, nick)
        )

    def _fields(self, session: Session, nick: str) -> tuple[str, ...]:
        return ("gateway", self._lane.partition(".")[0], *profile_fields(session, nick))

    def rekeyed(self, lane: str) -> None:
        """The lane has a new id; what the old one held is its reaper's."""
        self._lane = lane
        self._unreleased.clear()
        self._released.clear()

    def _keep(self, sid: str, folded: str) -> None:
        """A session wants a nick that it may have given up before."""
        self._released.pop((sid, folded), None)
        self._unreleased.pop((sid, folded), None)

    def note(self, nick: str) -> None:
        """Tells the gateway's reaper of a nick. Each lane has its own notes: its link keeps them in order."""
        self._link.call(_ignore, "SADD", self._keys.noted, self._lane)
        self._link.call(_ignore, "SADD", self._keys.lane_nicks(self._lane), casefold(nick))

    def release(self, sid: str, nick: str, done: Callable[[], None] = lambda: None) -> None:
        """Frees a nick if the session holds it; while Redis is away it is kept in mind for :meth:`link_up`."""
        folded = casefold(nick)
        self._unreleased[sid, folded] = None

        def released(reply: Any) -> None:
            if isinstance(reply, int) and (sid, folded) in self._unreleased:
                del self._unreleased[sid, folded]
                self._released[sid, folded] = self._age
            if reply == 1:  # it may be another session's of this lane, which the reaper must know of
                self._link.call(_ignore, "SREM", self._keys.lane_nicks(self._lane), folded)
            done()

        self._link.run(released, RELEASE, self._keys.nick(folded), sid)

    def link_up(self) -> None:
        """Frees what could not be freed while Redis was away, and again what a failover may have brought back."""
        for sid, nick in dict.fromkeys([*self._unreleased, *self._released]):
            self.release(sid, nick)

    def age(self) -> None:
        """Forgets what was freed a minute ago; called every 5 s."""
        self._age += 1
        self._released = {it: age for it, age in self._released.items() if age > self._age - MEMORY_AGES}

    def publish(self, session: Session) -> None:
        self._link.run(
            _ignore,
            PROFILE,
            self._keys.nick(casefold(session.nick)),
            session.sid,
            *profile_fields(session, session.nick),
        )

    def find(self, nick: str, done: Callable[[Any], None]) -> None:
        """The reply is for :func:`profile`."""
        self._link.call(done, "HGETALL", self._keys.nick(casefold(nick)))

    def everybody(self, limit: int, done: Done) -> None:
        """Gives the folded nicks of all lanes, each once, at most ``limit`` of any one lane."""
        found: set[str] = set()

        def of_lane(is_last: bool, reply: Any) -> None:
            if isinstance(reply, list):
                found.update(nick.decode("utf-8", "replace") for nick in reply)
            if is_last:
                done(sorted(found)[:limit] if isinstance(reply, list) else reply)

        def every(reply: Any) -> None:
            if not isinstance(reply, list) or not reply:
                done(reply)
                return
            for lane in reply:
                self._link.call(partial(of_lane, lane == reply[-1]), "SRANDMEMBER", self._keys.lane_nicks(lane), limit)

        lanes(self._link, self._keys, every)

    def remember(self, session: Session, nick: str, now: float) -> None:
        """WHOWAS: notes who had a nick that is being given up; ``now`` in seconds since 1970."""
        key = self._keys.whowas(casefold(nick))
        record = "\t".join((nick, session.user, session.host, session.server, f"{now:.0f}", session.realname))
        self._link.call(_ignore, "LPUSH", key, record)
        self._link.call(_ignore, "LTRIM", key, 0, WHOWAS_ENTRIES - 1)
        self._link.call(_ignore, "EXPIRE", key, WHOWAS_S)
        self._given_up.pop(key, None)
        self._given_up[key] = None
        if len(self._given_up) > WHOWAS_NICKS:
            oldest = next(iter(self._given_up))
            del self._given_up[oldest]
            self._link.call(_ignore, "DEL", oldest)

    def whowas(self, nick: str, done: Done) -> None:
        """The reply is for :func:`past_profiles`."""
        self._link.call(done, "LRANGE", self._keys.whowas(casefold(nick)), 0, -1)


def profile_fields(session: Session, nick: str) -> list[str]:
    """A session's profile as field/value pairs."""
    return [
        "nick", nick, "user", session.user, "host", session.host, "realname", session.realname,
        "server", session.server, "signon", f"{session.signon:.0f}", "account", session.account,
        "oper", session.oper, "invisible", "1" if session.invisible else "",
        "away", "" if session.away is None else f"={session.away}",
        "bot", "1" if session.is_bot else "", "registered", "1" if session.is_registered else "",
    ]  # fmt: skip


def profile(reply: Any) -> Profile | None:
    """The profile in a reply to HGETALL (RESP3 map); None where no user holds the nick (yet)."""
    if not isinstance(reply, dict):
        return None
    return _profile({key.decode(): value.decode("utf-8", "replace") for key, value in reply.items()})


def published(payload: bytes) -> Profile | None:
    """The profile in what a script publishes of a nick: its claim's fields and values, in turn, as JSON."""
    try:
        words = [str(word) for word in json.loads(payload or b"[]")]
    except (ValueError, TypeError, RecursionError):
        return None
    return _profile(dict(zip(words[::2], words[1::2], strict=False)))


def _profile(fields: dict[str, str]) -> Profile | None:
    get = fields.get
    if not get("sid") or not get("registered"):
        return None
    away = get("away", "")
    return Profile(
        nick=get("nick", ""),
        sid=get("sid", ""),
        user=get("user", ""),
        host=get("host", ""),
        realname=get("realname", ""),
        server=get("server", ""),
        signon_s=int(get("signon", "0")),
        away=away[1:] if away else None,
        oper=get("oper", ""),
        account=get("account", ""),
        invisible=bool(get("invisible")),
        is_bot=bool(get("bot")),
    )


def past_profiles(reply: Any) -> list[Profile]:
    """What WHOWAS knows, the newest first."""
    found = []
    for record in reply if isinstance(reply, list) else []:
        parts = record.decode("utf-8", "replace").split("\t", 5)
        if len(parts) == 6:
            nick, user, host, server, at, realname = parts
            found.append(Profile(nick, "", user, host, realname, server, int(at)))
    return found


def _ignore(_reply: Any) -> None:
    """For commands whose reply tells nothing."""
