"""Replies to LIST and WHO are bounded, however large the network is: what is left out is said."""

from collections.abc import Callable, Coroutine, Sequence
from types import SimpleNamespace
from typing import Any, cast

from gateway.chat.commands import COMMANDS
from gateway.chat.commands.network import LIST_LIMIT
from gateway.chat.commands.who import WHO_LIMIT
from gateway.chat.interfaces import Services
from gateway.chat.network import Profile, RoomListing
from gateway.chat.session import Session
from gateway.wire.message import parse


class Lines(list[str]):
    """An outlet that keeps what it is sent."""

    send = list.append


class LargeNetwork:
    """Ports to a network with more rooms and people than anyone wants to read of."""

    async def list_rooms(self, names: Sequence[str] = ()) -> list[RoomListing]:
        return [RoomListing(f"#{number}", number, "", False) for number in range(1, LIST_LIMIT + 11)]

    async def find(self, nick: str) -> Profile | None:
        return None

    async def search(self, fits: Callable[[Profile], bool], limit: int) -> list[Profile]:
        everybody = (Profile(f"n{i}", f"aaaaaa.0.{i}", "u", "h", "r", "irc.test", 0) for i in range(2 * WHO_LIMIT))
        return [profile for profile in everybody if fits(profile)][:limit]


def ask(line: str) -> list[str]:
    lines = Lines()
    session = Session("aaaaaa.0.0", "irc.test", lines, "127.0.0.1", "h", 0.0)
    message = parse(line)
    assert message is not None
    handling = COMMANDS[message.verb].handler(
        cast(Services, SimpleNamespace(directory=LargeNetwork())), session, message
    )
    run(cast(Coroutine[Any, Any, None], handling))
    return lines


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Runs a handler whose answers are there at once."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def test_list_gives_the_largest_rooms_and_says_so() -> None:
    _start, first, *_, note, _end = lines = ask("LIST")
    assert len(lines) == LIST_LIMIT + 3
    assert f" 322 * #{LIST_LIMIT + 10} {LIST_LIMIT + 10} :" in first
    assert note.endswith(f"LIST shows the {LIST_LIMIT} largest rooms of {LIST_LIMIT + 10}")


def test_who_stops_and_says_so() -> None:
    *rows, note, _end = ask("WHO *")
    assert [" 352 " in row for row in rows] == [True] * WHO_LIMIT
    assert note.endswith(f"WHO shows {WHO_LIMIT} users at most; there are more. Use a narrower mask")


def test_who_that_shows_all_does_not_say_so() -> None:
    assert len(ask("WHO n1?")) == 11
