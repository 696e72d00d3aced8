"""The command palette: go to a room or a person, or run an action, by a few letters of its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from client.ui.finder import Finder
from client.ui.theme import Theme
from client.ui.wrapping import padded, tame


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice; `note` at the right is its kind or its key."""

    title: str
    note: str
    do: Callable[[], None]
    detail: str = ""  # after the title; it is searched as well


class Palette(Finder[Choice]):
    """The choices that contain the typed letters, those with the letters together first."""

    def __init__(self, theme: Theme, choices: Sequence[Choice], others: Callable[[str], Sequence[Choice]]) -> None:
        """`others` returns choices made from the typed text, such as a room to join."""
        super().__init__(theme, "Go to", "A room, a person, or what to do", "", draw_choice)
        self._choices = choices
        self._others = others
        self._offered: Sequence[Choice] = ()

    def offer(self, choices: Sequence[Choice]) -> None:
        """Add choices while the window is open."""
        self._offered = choices
        if self.is_mounted:
            self.look_for(self._wanted)

    def look_for(self, text: str) -> None:
        self._wanted = text
        wanted = text.strip().casefold().removeprefix("#")
        choices = [*self._choices, *self._offered]
        ranked = [(rank, choice) for choice in choices if (rank := rank_of_choice(wanted, choice)) is not None]
        found = [choice for _, choice in sorted(ranked, key=lambda pair: pair[0])]
        self.show([*found, *(self._others(text.strip()) if wanted else ())])


def rank_of(wanted: str, title: str) -> int | None:
    """Rank how well a title matches, 0 best; None if it lacks one of the letters in their order."""
    title = title.casefold()
    if (index := title.lstrip("#").find(wanted)) >= 0:
        return min(index, 50)
    letters = iter(title)
    return 100 if all(letter in letters for letter in wanted) else None


def rank_of_choice(wanted: str, choice: Choice) -> int | None:
    """Rank how well a choice matches, by its title or else by its detail."""
    rank = rank_of(wanted, choice.title)
    if (rank is None or rank >= 100) and choice.detail and wanted in choice.detail.casefold():
        return 60
    return rank


def draw_choice(choice: Choice, theme: Theme, width: int) -> Sequence[Segment]:
    note = f" {choice.note} "
    room = max(width - cell_len(note) - 1, 1)
    title = tame(choice.title)
    title = padded(title, room if not choice.detail else max(min(cell_len(title), room), min(22, room)))
    left = max(room - cell_len(title), 0)
    return [
        Segment(" " + title, theme.style("text")),
        Segment(padded(f"  {tame(choice.detail)}", left), theme.style("dim")),
        Segment(note, theme.style("dim")),
    ]
