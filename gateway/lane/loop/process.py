"""The services of the process for its lanes: shared by all lanes, or calls that would block a lane.

Declarations only. Each names the thread of its answer.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from gateway.browser_addresses import BrowserAddresses

Post = Callable[[Callable[[], None]], None]
"""A lane's ``post``, which runs a call on the lane's thread."""


@dataclass(frozen=True, slots=True)
class ProcessServices:
    """The services. None of these calls blocks."""

    connect: Callable[[Post, Callable[[socket.socket | BaseException], None]], None]
    """Connect to Redis. The socket, or the reason of the failure, comes by the lane's post."""
    cloak: Callable[[str], str]
    """Return the host name that others see for an address."""
    admit: Callable[[str, int], bool]
    """Counts the connections of an address up (+1: whether it may have one more) or down (-1)."""
    may_make_room: Callable[[str], bool]
    """Whether one more room may be made from an address, which it then is."""
    browsers: BrowserAddresses
    """Shared by all lanes, since a browser's connections come to any of them."""
    verify: Callable[[str, str, str, Post, Callable[[bool], None]], Callable[[], None] | None]
    """Verify a password (third) from an address (first) with an argon2id hash. The result comes by the lane's post.

    Returns a function that cancels the attempt, or None if too many wait already.
    """
    beats: Callable[[], int]
    """Return the number of beats of the gateway's lease."""
    gone: Callable[[str], None]
    """Report that the logs declare the gateway of this id dead. If it is the present id, the gateway takes another."""
    rehash: Callable[[], None]
    """Read the configuration again, soon and on the main thread."""
