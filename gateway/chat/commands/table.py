"""A row of the command table."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from gateway.chat.interfaces import Services
from gateway.chat.session import Session
from gateway.wire.message import Message

Handler = Callable[[Services, Session, Message], Coroutine[Any, Any, None] | None]
"""A plain function, or ``async`` where it waits for an answer from elsewhere."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command. With less than ``fewest`` parameters the reply is ERR_NEEDMOREPARAMS."""

    handler: Handler
    fewest: int = 0
    before_registration: bool = False
