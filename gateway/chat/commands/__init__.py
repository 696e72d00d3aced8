"""The command table: verb -> handler, fewest parameters, and whether it may come before registration.

One file a family of commands; each has a table ``COMMANDS`` of its own, joined here.
"""

from gateway.chat.commands import (
    batch,
    connecting,
    history,
    messages,
    moderation,
    modes,
    monitoring,
    network,
    operators,
    people,
    reading,
    redaction,
    replay,
    rooms,
    who,
)
from gateway.chat.commands.table import Command

_FAMILIES = (
    *(connecting, messages, batch, redaction, history, replay, reading, rooms, moderation, modes),
    *(operators, people, who, monitoring, network),
)

COMMANDS: dict[str, Command] = {verb: command for family in _FAMILIES for verb, command in family.COMMANDS.items()}

__all__ = ["COMMANDS", "Command"]
