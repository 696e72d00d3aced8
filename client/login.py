"""The login on one connection: password, nick, and capability negotiation (IRCv3 capability-negotiation).

Owns what the server offers and what is agreed. Pure; under the session's lock.
"""

from collections.abc import Sequence

from client.capabilities import CAPABILITIES
from client.composing import BatchLimits, parse_limits
from gateway.wire.message import Message


class Login:
    """The capabilities of one connection. Each method returns the lines to send next."""

    def __init__(self) -> None:
        self.agreed: set[str] = set()
        self._offered: dict[str, str] = {}  # name -> value
        self._is_open = True  # CAP END is not sent yet

    @property
    def has_echo(self) -> bool:
        return "echo-message" in self.agreed

    @property
    def has_history(self) -> bool:
        """Tell whether missed messages can be fetched, page by page."""
        return {"draft/chathistory", "batch", "server-time"} <= self.agreed

    @property
    def batch_limits(self) -> BatchLimits | None:
        """Return the limits of a message of several lines; None if there are no such messages."""
        if {"draft/multiline", "batch"} <= self.agreed:
            return parse_limits(self._offered.get("draft/multiline", ""))
        return None

    def begin(self, nick: str, user: str, password: str) -> list[Message]:
        lines = [Message("CAP", ["LS", "302"])]
        if password:
            lines.append(Message("PASS", [password]))
        return [*lines, Message("NICK", [nick]), Message("USER", [user, "0", "*", nick])]

    def handle(self, subcommand: str, params: Sequence[str]) -> list[Message]:
        """Handle a CAP line of the server; `params` are those after the subcommand."""
        named = dict(word.partition("=")[::2] for word in params[-1].split()) if params else {}
        match subcommand:
            case "LS":
                self._offered |= named
                return [] if params and params[0] == "*" and len(params) > 1 else self._request(self._offered)
            case "NEW":
                self._offered |= named
                return self._request(named)
            case "DEL":
                self.agreed.difference_update(named)
                return []
            case "ACK":
                self.agreed.update(name for name in named if not name.startswith("-"))
                self.agreed.difference_update(name[1:] for name in named if name.startswith("-"))
                return self._end()
            case "NAK":
                return self._end()
        return []

    def _request(self, offered: dict[str, str]) -> list[Message]:
        usable = [name for name in CAPABILITIES if name in offered and name not in self.agreed]
        return [Message("CAP", ["REQ", " ".join(usable)])] if usable else self._end()

    def _end(self) -> list[Message]:
        was_open, self._is_open = self._is_open, False
        return [Message("CAP", ["END"])] if was_open else []
