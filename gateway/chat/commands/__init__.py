"""The command table: verb -> handler, fewest parameters, and whether it is allowed before registration.

Each file has a family of commands and a table ``COMMANDS``; the tables are joined here.
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
    read_markers,
    redaction,
    replay,
    rooms,
    who,
)
from gateway.chat.commands.table import Command

_FAMILIES = (
    *(connecting, messages, batch, redaction, history, replay, read_markers, rooms, moderation, modes),
    *(operators, people, who, monitoring, network),
)

COMMANDS: dict[str, Command] = {verb: command for family in _FAMILIES for verb, command in family.COMMANDS.items()}

__all__ = ["COMMANDS", "Command"]
