"""Completions of the word before the cursor: a nick, a room, a command, an emoji.

Owns what is offered and in which order. Pure; on the thread of the interface.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from client.ui.emoji import emoji_named, names_like
from gateway.wire.casefold import casefold

OFFERS_LIMIT: Final = 8


@dataclass(frozen=True, slots=True)
class Offer:
    """One completion of the word; `note` describes it."""

    text: str
    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Offers for the part of a line from `start` to the cursor."""

    start: int
    offers: Sequence[Offer] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The names that can be completed; `nicks` begin with those who spoke last."""

    nicks: Sequence[str] = ()
    rooms: Sequence[str] = ()
    commands: Callable[[str], Iterable[tuple[str, str]]] = field(default=lambda line: ())  # line -> (usage, help)


def is_shown_while_typing(before: str) -> bool:
    """Tell whether completions are shown for a line up to the cursor before Tab is pressed."""
    word = before[max(before.rfind(" "), before.rfind("\n")) + 1 :]
    is_command = before.startswith("/") and not before.startswith("//") and word == before
    return is_command or (len(word) > 1 and word[0] == "@") or _begins_emoji(word)


def complete(before: str, names: Names) -> Completion:
    """Return the completions for a line up to the cursor."""
    start = max(before.rfind(" "), before.rfind("\n")) + 1
    word = before[start:]
    if before.startswith("/") and not before.startswith("//") and start == 0:
        return Completion(0, _commands(before, names))
    if word.startswith("#"):
        return Completion(start, _rooms(word, names))
    if _begins_emoji(word):
        return Completion(start, _emoji(word[1:]))
    offers = _nicks(word.removeprefix("@"), names, is_first=start == 0)
    return Completion(start, offers if word else ())


def _begins_emoji(word: str) -> bool:
    """Tell whether a word may be the beginning of an emoji's name, such as ":ta" or ":+1"."""
    return len(word) > 2 and word[0] == ":" and (word[1].isalpha() or word[1] in "+-")


def help_for(line: str, names: Names) -> tuple[str, str] | None:
    """Return the usage of the command that is being typed, once its verb is complete."""
    word, space, _ = line.partition(" ")
    if not space or not word.startswith("/"):
        return None
    return next((found for found in names.commands(word) if found[0].partition(" ")[0] == word.lower()), None)


def _commands(word: str, names: Names) -> list[Offer]:
    return [Offer(usage.partition(" ")[0] + " ", usage, note) for usage, note in names.commands(word)]


def _rooms(word: str, names: Names) -> list[Offer]:
    return [Offer(room + " ", room) for room in names.rooms if casefold(room).startswith(casefold(word))][:OFFERS_LIMIT]


def _nicks(word: str, names: Names, *, is_first: bool) -> list[Offer]:
    ending = ": " if is_first else " "
    return [Offer(nick + ending, nick) for nick in names.nicks if casefold(nick).startswith(casefold(word))][
        :OFFERS_LIMIT
    ]


def _emoji(part: str) -> list[Offer]:
    found = [(name, emoji_named(name) or "") for name in names_like(part.rstrip(":"), OFFERS_LIMIT)]
    return [Offer(f"{emoji} ", f"{emoji} :{name}:") for name, emoji in found]
