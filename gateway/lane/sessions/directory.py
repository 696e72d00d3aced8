"""Queries of handlers about the users and rooms of the network (gateway.chat.interfaces.Directory).

Runs on the lane's thread.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from gateway.chat.network import GatewayCounts, Profile, RoomListing
from gateway.directory.nicks import NickDirectory, past_profiles, profile
from gateway.directory.room_list import RoomList, listed
from gateway.directory.user_counts import UserCounts, gateway_counts
from gateway.lane.context import LaneContext
from gateway.lane.loop.limiter import ConcurrencyLimiter
from gateway.lane.loop.replies import reply_to
from gateway.lane.loop.tasks import Wait
from gateway.lane.rooms.directory_updates import DirectoryPublisher
from gateway.lane.sessions.nicks import Nicks
from gateway.lane.sessions.rooms import Rooms
from gateway.wire.casefold import casefold

ROOMS_LIMIT = 20_000
USERS_LIMIT = 5_000
USERS_AT_ONCE = 250
FEW_USERS = 16
"""As many users are looked up without waiting for other queries."""

T = TypeVar("T")


class Directory:
    """The network's directory, for one lane. A few large queries are carried out at once, the others wait."""

    def __init__(
        self,
        context: LaneContext,
        nicks: Nicks,
        nick_directory: NickDirectory,
        rooms: Rooms,
        room_list: RoomList,
        user_counts: UserCounts,
        publisher: DirectoryPublisher,
    ) -> None:
        self._context = context
        self._nicks = nicks
        self._nick_directory = nick_directory
        self._rooms = rooms
        self._room_list = room_list
        self._user_counts = user_counts
        self._publisher = publisher
        self._limiter = ConcurrencyLimiter(context)

    async def find(self, nick: str) -> Profile | None:
        await self._nicks.reachable(nick)
        return profile(await _reply(lambda done: self._nick_directory.find(nick, done)))

    async def find_all(self, nicks: Sequence[str]) -> list[Profile | None]:
        if len(nicks) <= FEW_USERS:
            return await self._find_all(nicks)
        async with self._limiter:
            return await self._find_all(nicks)

    async def _find_all(self, nicks: Sequence[str]) -> list[Profile | None]:
        waits: list[Wait[Any]] = []
        for nick in nicks:
            wait: Wait[Any] = Wait()
            self._nick_directory.find(nick, reply_to(wait))
            waits.append(wait)
        return [profile(await wait) for wait in waits]

    async def search(self, fits: Callable[[Profile], bool], limit: int) -> list[Profile]:
        async with self._limiter:
            nicks = await _reply(lambda done: self._nick_directory.everybody(USERS_LIMIT, done))
            found: list[Profile] = []
            for at in range(0, len(nicks), USERS_AT_ONCE):  # in steps, so that other clients have their turn
                profiles = await self._find_all(nicks[at : at + USERS_AT_ONCE])
                found += [one for one in profiles if one is not None and fits(one)]
                if len(found) >= limit:
                    break
            return found[:limit]

    async def whowas(self, nick: str) -> list[Profile]:
        return past_profiles(await _reply(lambda done: self._nick_directory.whowas(nick, done)))

    async def list_rooms(self, names: Sequence[str] = ()) -> list[RoomListing]:
        async with self._limiter:
            entries = await (self._some_entries(names) if names else self._all_entries())
        found = (self._listing(name, value) for name, value in entries.items())
        return [one for one in found if one is not None]

    async def _some_entries(self, names: Sequence[str]) -> dict[str, bytes | None]:
        folded = [casefold(name) for name in names]
        values = await _reply(lambda done: self._room_list.some(folded, done))
        return dict(zip(folded, values, strict=True))

    async def _all_entries(self) -> dict[str, bytes | None]:
        entries: dict[str, bytes | None] = {}
        cursor = b"0"
        while len(entries) < ROOMS_LIMIT:
            wait: Wait[Any] = Wait()
            self._room_list.page(cursor, reply_to(wait))
            cursor, fields = await wait
            entries.update(zip((name.decode() for name in fields[::2]), fields[1::2], strict=True))
            if cursor == b"0":
                break
        return entries

    def _listing(self, name: str, value: bytes | None) -> RoomListing | None:
        """A room by its replica, if this lane has one; by its entry in the list otherwise."""
        room = self._rooms.loaded(name)
        if room is None:
            return listed(value, self._context.wall_now)
        return RoomListing(room.name, len(room.members), room.topic, "s" in room.flags) if room.members else None

    async def count_rooms(self) -> int:
        return int(await _reply(self._room_list.count))

    async def user_counts(self) -> list[GatewayCounts]:
        self._publisher.write()  # before the reading, so that it counts the user who is just being greeted
        living: Wait[Any] = Wait()
        counts: Wait[Any] = Wait()
        self._user_counts.read(reply_to(living), reply_to(counts))
        return gateway_counts(await living, await counts)


def _reply(call: Callable[[Callable[[Any], None]], None]) -> Awaitable[Any]:
    """Return the reply to a call that takes a callback, to be awaited."""
    wait: Wait[Any] = Wait()
    call(reply_to(wait))
    return wait
