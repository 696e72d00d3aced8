"""The readers of a line, in groups by variant, and the choice of some of them. Runs on the lane's thread."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.lane.clients.client import Client
from gateway.net.connection import ClientConnection

Group = tuple[int, Mapping[ClientConnection, Client]]
"""A variant, and its readers."""


def those(groups: Iterable[Group], fits: Callable[[Client], object]) -> Iterator[Group]:
    """The clients of each group that fit; groups without any are left out."""
    for variant, audience in groups:
        chosen = {connection: client for connection, client in audience.items() if fits(client)}
        if chosen:
            yield variant, chosen


def split(groups: Iterable[Group], cap: int) -> tuple[list[Group], Iterable[Group]]:
    """The clients that have a capability, and all others."""
    groups = list(groups)
    having = list(those(groups, lambda client: client.session.caps & cap))
    return having, those(groups, lambda client: not client.session.caps & cap) if having else groups
