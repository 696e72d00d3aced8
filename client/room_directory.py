"""The public rooms of the network, requested with LIST and collected until the end of the list.

At most one request is outstanding. Pure; under the session's lock.
"""

from typing import Final

from client.events import ListedRoom, RoomsListed
from client.exchange import Exchange
from gateway.wire import numerics as n
from gateway.wire.message import Message
from gateway.wire.names import valid_room
from gateway.wire.text import strip_controls

ANSWER_LIMIT_S: Final = 10.0
ROOMS_LIMIT: Final = 10_000


class RoomDirectory:
    """The list of rooms. Each request ends in one `RoomsListed`, even if the connection is lost."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._asked_at: float | None = None
        self._rooms: list[ListedRoom] = []

    def ask(self, now: float) -> None:
        if self._asked_at is not None:
            return
        self._asked_at, self._rooms = now, []
        if self._exchange.is_registered:
            self._exchange.send(Message("LIST"))
        else:
            self._end(now, "there is no connection")

    def take(self, message: Message, now: float) -> bool:
        """Handle a line of the answer; False if it belongs to no request of ours."""
        if self._asked_at is None:
            return False
        match message.verb, message.params:
            case n.RPL_LISTSTART, _:
                pass
            case n.RPL_LIST, [_, name, people, topic, *_]:
                count = int(people) if people.isascii() and people.isdecimal() and len(people) < 10 else 0
                if valid_room(name) and len(self._rooms) < ROOMS_LIMIT:
                    self._rooms.append(ListedRoom(name, count, strip_controls(topic)))
            case n.RPL_LISTEND, _:
                self._end(now)
            case n.RPL_TRYAGAIN, [_, "LIST", *_]:
                self._end(now, "the gateway is too busy: try again later")
            case _:
                return False
        return True

    def tick(self, now: float) -> None:
        if self._asked_at is not None and now - self._asked_at >= ANSWER_LIMIT_S:
            self._end(now, "the gateway does not answer")

    def lose_connection(self, now: float) -> None:
        if self._asked_at is not None:
            self._end(now, "the connection is lost")

    def _end(self, now: float, problem: str = "") -> None:
        rooms = sorted(self._rooms, key=lambda room: (-room.people, room.name))
        self._exchange.events.append(RoomsListed(now, tuple(rooms), problem))
        self._asked_at, self._rooms = None, []
