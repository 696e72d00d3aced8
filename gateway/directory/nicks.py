"""The network's nicks: claims in Redis, and the profiles of their holders.

A claim is a hash without TTL. Commands go over the lane's link, and replies go to callbacks. LOST and errors are
passed to the callback unchanged. Runs on the lane's thread.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.broker.keys import Keys
from gateway.broker.port import Done, RedisPort, ignore
from gateway.broker.scripts import read
from gateway.chat.network import Profile
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
"""Nicks that a lane stores in Redis for WHOWAS, since clients may change nicks often."""
MEMORY_AGES = 12  # of the 5 s between two calls of `NickDirectory.age`


class NickDirectory:
    """The directory of nicks, as used by one lane."""

    def __init__(self, redis: RedisPort, keys: Keys, lane: str) -> None:
        self._redis = redis
        self._keys = keys
        self._lane = lane
        self._unreleased: dict[tuple[str, str], None] = {}
        self._released: dict[tuple[str, str], int] = {}  # recently, and at which age: Redis may lose a release
        self._age = 0
        self._whowas_keys: dict[str, None] = {}  # written by this lane, the latest last

    def is_up(self, nick: str) -> bool:
        """Whether the server of a nick's claim is connected."""
        return self._redis.is_up(self._keys.nick(casefold(nick)))

    def claim(self, session: Session, nick: str, done: Done) -> None:
        """Claim a nick; the reply is the token as bytes, or a list with the holder's session id."""
        # Registered for the reaper first, so that the reaper finds every claim.
        self.note(nick)
        self._forget_release(session.sid, casefold(nick))
        self._redis.run(
            CLAIM,
            done,
            (self._keys.nick(casefold(nick)),),
            session.sid,
            *self._fields(session, nick),
        )

    def reclaim(self, session: Session, nick: str, was: str, token: str, done: Done) -> None:
        """Renew a claim if it is missing or held by ``was``, the previous session id. Replies as `claim`.

        ``token`` is the claim's previous one, "" for a new one.
        """
        self.note(nick)
        self._forget_release(session.sid, casefold(nick))
        self._redis.run(
            RECLAIM, done, (self._keys.nick(casefold(nick)),), session.sid, was, token, *self._fields(session, nick)
        )

    def _fields(self, session: Session, nick: str) -> tuple[str, ...]:
        return ("gateway", self._lane.partition(".")[0], *profile_fields(session, nick))

    def rekeyed(self, lane: str) -> None:
        """Use a new lane id; a reaper releases the claims of the old one."""
        self._lane = lane
        self._unreleased.clear()
        self._released.clear()

    def _forget_release(self, sid: str, folded: str) -> None:
        """Do not repeat an earlier release of a nick that its session claims again."""
        self._released.pop((sid, folded), None)
        self._unreleased.pop((sid, folded), None)

    def note(self, nick: str) -> None:
        """Register a nick for the reaper. Each lane has its own set, so that one link orders all changes of it."""
        self._redis.call(self._keys.reapable, ignore, "SADD", self._lane)
        self._redis.call(self._keys.lane_nicks(self._lane), ignore, "SADD", casefold(nick))

    def release(self, sid: str, nick: str, done: Callable[[], None] = lambda: None) -> None:
        """Release a nick if the session holds it. `link_up` repeats the release if Redis is unavailable."""
        folded = casefold(nick)
        self._unreleased[sid, folded] = None

        def released(reply: Any) -> None:
            if isinstance(reply, int) and (sid, folded) in self._unreleased:
                del self._unreleased[sid, folded]
                self._released[sid, folded] = self._age
            if reply == 1:  # else another session of this lane may hold it, and the reaper must find it
                self._redis.call(self._keys.lane_nicks(self._lane), ignore, "SREM", folded)
            done()

        self._redis.run(RELEASE, released, (self._keys.nick(folded),), sid)

    def link_up(self) -> None:
        """Repeat releases that were not answered, and recent ones that a failover may have undone."""
        for sid, nick in dict.fromkeys([*self._unreleased, *self._released]):
            self.release(sid, nick)

    def age(self) -> None:
        """Forget releases older than a minute; called every 5 s."""
        self._age += 1
        self._released = {it: age for it, age in self._released.items() if age > self._age - MEMORY_AGES}

    def publish(self, session: Session) -> None:
        self._redis.run(
            PROFILE,
            ignore,
            (self._keys.nick(casefold(session.nick)),),
            session.sid,
            *profile_fields(session, session.nick),
        )

    def find(self, nick: str, done: Callable[[Any], None]) -> None:
        """Read a claim; the reply is for `profile`."""
        self._redis.call(self._keys.nick(casefold(nick)), done, "HGETALL")

    def everybody(self, limit: int, done: Done) -> None:
        """List the casefolded nicks of all lanes, each once, at most ``limit`` of one lane."""
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
                self._redis.call(self._keys.lane_nicks(lane), partial(of_lane, lane == reply[-1]), "SRANDMEMBER", limit)

        lanes(self._redis, self._keys, every)

    def remember(self, session: Session, nick: str, now: float) -> None:
        """Store the holder of a nick that is being released, for WHOWAS; ``now`` in seconds since 1970."""
        key = self._keys.whowas(casefold(nick))
        record = "\t".join((nick, session.user, session.host, session.server, f"{now:.0f}", session.realname))
        self._redis.call(key, ignore, "LPUSH", record)
        self._redis.call(key, ignore, "LTRIM", 0, WHOWAS_ENTRIES - 1)
        self._redis.call(key, ignore, "EXPIRE", WHOWAS_S)
        self._whowas_keys.pop(key, None)
        self._whowas_keys[key] = None
        if len(self._whowas_keys) > WHOWAS_NICKS:
            oldest = next(iter(self._whowas_keys))
            del self._whowas_keys[oldest]
            self._redis.call(oldest, ignore, "DEL")

    def whowas(self, nick: str, done: Done) -> None:
        """Read the former holders of a nick; the reply is for `past_profiles`."""
        self._redis.call(self._keys.whowas(casefold(nick)), done, "LRANGE", 0, -1)


def profile_fields(session: Session, nick: str) -> list[str]:
    """Return a session's profile as field/value pairs."""
    return [
        "nick", nick, "user", session.user, "host", session.host, "realname", session.realname,
        "server", session.server, "signon", f"{session.signon:.0f}", "account", session.account,
        "oper", session.oper, "invisible", "1" if session.invisible else "",
        "away", "" if session.away is None else f"={session.away}",
        "bot", "1" if session.is_bot else "", "registered", "1" if session.is_registered else "",
    ]  # fmt: skip


def profile(reply: Any) -> Profile | None:
    """Parse a reply to HGETALL (RESP3 map); None if no registered user holds the nick."""
    if not isinstance(reply, dict):
        return None
    return _profile({key.decode(): value.decode("utf-8", "replace") for key, value in reply.items()})


def published(payload: bytes) -> Profile | None:
    """Parse a message of a nick's channel: the claim's fields and values in turn, as a JSON list."""
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
    """Parse the reply for WHOWAS, the newest first."""
    found = []
    for record in reply if isinstance(reply, list) else []:
        parts = record.decode("utf-8", "replace").split("\t", 5)
        if len(parts) == 6:
            nick, user, host, server, at, realname = parts
            found.append(Profile(nick, "", user, host, realname, server, int(at)))
    return found
