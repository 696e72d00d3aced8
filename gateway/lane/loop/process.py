"""What a lane asks of its process: the few things that all lanes share, or that would make a lane wait.

Pure declarations; each says on which thread its answer comes.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from gateway.browser_addresses import BrowserAddresses

Post = Callable[[Callable[[], None]], None]
"""A lane's ``post``: the way back onto its thread."""


@dataclass(frozen=True, slots=True)
class ProcessServices:
    """See the module. None of these calls blocks."""

    connect: Callable[[Post, Callable[[socket.socket | BaseException], None]], None]
    """Brings a connected socket to Redis, or why there is none, by way of the lane's post."""
    cloak: Callable[[str], str]
    """The host name that others see for an address."""
    admit: Callable[[str, int], bool]
    """Counts the connections of an address up (+1: whether it may have one more) or down (-1)."""
    may_make_room: Callable[[str], bool]
    """Whether one more room may be made from an address, which it then is."""
    browsers: BrowserAddresses
    """Of all lanes: their connections come to any of them."""
    verify: Callable[[str, str, str, Post, Callable[[bool], None]], Callable[[], None] | None]
    """Whether a password (third) that came from an address (first) fits an argon2id hash, by way of the lane's post.

    Returns what takes the try back; None where too many wait already.
    """
    beats: Callable[[], int]
    """How many beats the gateway's lease has had."""
    gone: Callable[[str], None]
    """The logs say that the gateway of this id is gone: if it is still the present one, another must be taken."""
    rehash: Callable[[], None]
    """Reads the configuration again, soon and on the main thread."""
