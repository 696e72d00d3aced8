"""The command table: verb -> handler, fewest parameters, and whether it may come before registration.

One file a family of commands; each has a table ``COMMANDS`` of its own, joined here.
"""

from gateway.chat.commands import (
    connecting,
    history,
    messages,
    moderation,
    modes,
    network,
    operators,
    people,
    reading,
    rooms,
)
from gateway.chat.commands.table import Command

_FAMILIES = (connecting, messages, history, reading, rooms, moderation, modes, operators, people, network)

COMMANDS: dict[str, Command] = {verb: command for family in _FAMILIES for verb, command in family.COMMANDS.items()}

__all__ = ["COMMANDS", "Command"]
