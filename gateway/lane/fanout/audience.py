"""Readers of a line by variant, and those of them who asked for it or for more. Runs on the lane's thread."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.lane.clients.client import Client
from gateway.net.connection import ClientConnection

Group = tuple[int, Mapping[ClientConnection, Client]]
"""The variant, and its readers."""


def those(groups: Iterable[Group], fits: Callable[[Client], object]) -> Iterator[Group]:
    """Of each group the clients who fit, where there are any."""
    for variant, audience in groups:
        chosen = {connection: client for connection, client in audience.items() if fits(client)}
        if chosen:
            yield variant, chosen


def split(groups: Iterable[Group], cap: int) -> tuple[list[Group], Iterable[Group]]:
    """Those who have a capability, and all others."""
    groups = list(groups)
    having = list(those(groups, lambda client: client.session.caps & cap))
    return having, those(groups, lambda client: not client.session.caps & cap) if having else groups
