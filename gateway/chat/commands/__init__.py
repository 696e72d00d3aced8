"""The command table: verb -> handler, fewest parameters, and whether it may come before registration.

One file a family of commands; each has a table ``COMMANDS`` of its own, joined here.
"""

from gateway.chat.commands import connecting, messages, rooms
from gateway.chat.commands.table import Command

COMMANDS: dict[str, Command] = {**connecting.COMMANDS, **messages.COMMANDS, **rooms.COMMANDS}

__all__ = ["COMMANDS", "Command"]
