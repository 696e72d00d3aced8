"""The room finder: the public rooms of the network, found by a few letters of name or topic."""

from collections.abc import Sequence

from rich.segment import Segment

from client.events import ListedRoom, RoomsListed
from client.ui.finder import Finder
from client.ui.palette import rank_of
from client.ui.theme import Theme
from client.ui.wrapping import crop, padded, tame


class RoomFinder(Finder[ListedRoom]):
    """The rooms that match, those with most people first."""

    def __init__(self, theme: Theme, wanted: str, known: RoomsListed | None) -> None:
        """`known` is the last list, shown until the new one arrives."""
        super().__init__(theme, "Rooms of the network", "A name, or a word of the topic", wanted, draw_listed_room)
        self._listed = known
        self._is_asking = True

    def take(self, listed: RoomsListed) -> None:
        self._listed, self._is_asking = listed, False
        self.look_for(self._wanted)

    def look_for(self, text: str) -> None:
        self._wanted = text
        rooms = self._listed.rooms if self._listed is not None else ()
        self.show(fitting_rooms(rooms, text), self._note(len(rooms)))

    def _note(self, count: int) -> str:
        if self._is_asking:
            return "asking the network …"
        if self._listed is not None and self._listed.problem:
            return self._listed.problem
        return f"{count:,} rooms · Enter joins" if count != 1 else "1 room · Enter joins"


def fitting_rooms(rooms: Sequence[ListedRoom], text: str) -> list[ListedRoom]:
    """Return the rooms whose name or topic matches, names first."""
    wanted = text.strip().removeprefix("#").casefold()
    ranked = [(rank, room) for room in rooms if (rank := rank_of_room(wanted, room)) is not None]
    return [room for _, room in sorted(ranked, key=lambda pair: pair[0])]


def rank_of_room(wanted: str, room: ListedRoom) -> int | None:
    """Rank how a room matches: 0 by its name, 1 by its topic, 2 by letters of its name in their order."""
    rank = rank_of(wanted, room.name)
    if rank is not None and rank < 100:
        return 0
    return 1 if wanted in room.topic.casefold() else None if rank is None else 2


def people_here(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def draw_listed_room(room: ListedRoom, theme: Theme, width: int) -> Sequence[Segment]:
    name_width = min(max(width // 4, 12), 24)
    people = f" {people_here(room.people):>12}  "
    topic = crop(tame(room.topic), max(width - name_width - len(people) - 2, 0))
    return [
        Segment(" " + padded(tame(room.name), name_width), theme.style("text", bold=True)),
        Segment(people, theme.style("dim")),
        Segment(topic, theme.style("text")),
    ]
