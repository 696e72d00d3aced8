"""The first exchange on a connection: which capabilities to use (IRCv3 capability-negotiation).

Owns the list of capabilities that this client can use, and what of it the gateway agreed to. Pure; whoever
holds the session.
"""

from collections.abc import Sequence

from client.capabilities import CAPABILITIES
from client.composing import BatchLimits, parse_limits
from gateway.wire.message import Message


class Login:
    """The capabilities of one connection; each method gives the lines to send next."""

    def __init__(self) -> None:
        self.agreed: set[str] = set()
        self._offered: dict[str, str] = {}  # with their values
        self._is_open = True  # CAP END is not sent yet

    @property
    def has_echo(self) -> bool:
        return "echo-message" in self.agreed

    @property
    def has_history(self) -> bool:
        """Whether missed messages can be fetched, and where they end can be told."""
        return {"draft/chathistory", "batch", "server-time"} <= self.agreed

    @property
    def batch_limits(self) -> BatchLimits | None:
        """What a message of several lines may be; None where there can be none."""
        if {"draft/multiline", "batch"} <= self.agreed:
            return parse_limits(self._offered.get("draft/multiline", ""))
        return None

    def begin(self, nick: str, user: str, password: str) -> list[Message]:
        lines = [Message("CAP", ["LS", "302"])]
        if password:
            lines.append(Message("PASS", [password]))
        return [*lines, Message("NICK", [nick]), Message("USER", [user, "0", "*", nick])]

    def handle(self, subcommand: str, params: Sequence[str]) -> list[Message]:
        """Take a CAP line of the gateway; `params` are those after the subcommand."""
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
