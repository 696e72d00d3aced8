"""The two queues of a session: lines for the server and events for the screen. The parts of the session fill them.

Owns what the transport empties, the state of the present login, and the ignored nicks. Pure; under the session's lock.
"""

import re
from typing import Final

from client.events import ClientNotice, Event, event_type
from client.login import Login
from client.naming import Naming
from client.tags import server_time
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source
from gateway.wire.names import valid_room

# A server that sends PINGs and reads nothing gets no more answers. Such a connection does not last.
OUTPUT_LIMIT_LINES: Final = 10_000
HISTORY_PAGE: Final = 100
_IGNORABLE: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG", "INVITE"))


class Exchange:
    """The output of a session, and its login on the present connection."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.login = Login()
        self.is_registered = False
        self.is_greeted = False  # the MOTD has ended
        self.supported: dict[str, str] = {}  # ISUPPORT
        self.lines: list[str] = []
        self.events: list[Event] = []
        self.ignored: set[str] = set()  # folded nicks

    def reset(self) -> None:
        """Begin another connection: unsent lines are dropped, events are not."""
        self.login = Login()
        self.is_registered = self.is_greeted = False
        self.supported = {}
        self.lines.clear()

    def agrees(self, capability: str) -> bool:
        """Tell whether a capability is agreed on a registered connection."""
        return self.is_registered and capability in self.login.agreed

    @property
    def history_page(self) -> int:
        """Return how many messages to request at once (ISUPPORT CHATHISTORY; 0: no limit)."""
        value = self.supported.get("CHATHISTORY", "")
        limit = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
        return min(limit or HISTORY_PAGE, HISTORY_PAGE)

    @property
    def lobby(self) -> str:
        """Return the room for users who name none (ISUPPORT hubbub/LOBBY), "" if the network has none."""
        name = re.sub(
            r"\\x([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), self.supported.get("hubbub/LOBBY", "")
        )
        return name if valid_room(name) else ""

    def send(self, message: Message) -> None:
        if len(self.lines) < OUTPUT_LIMIT_LINES:
            self.lines.append(message.line())

    def is_ignored(self, message: Message) -> bool:
        return message.verb in _IGNORABLE and casefold(split_source(message.source or "")[0]) in self.ignored

    def show(
        self,
        message: Message,
        now: float,
        *,
        conversation: str = "",
        is_typed_here: bool = False,
        client_msgid: str = "",
        is_history: bool = False,
        is_quiet: bool = False,
    ) -> None:
        if self.is_ignored(message):
            return
        at = server_time(message)
        kind, conversation = event_type(message, conversation)
        self.events.append(
            kind(
                now if at is None else at,
                message,
                self.naming.current,
                conversation=conversation,
                is_typed_here=is_typed_here,
                client_msgid=client_msgid,
                is_history=is_history,
                is_quiet=is_quiet,
            )
        )

    def notify(self, text: str, now: float, *, conversation: str = "", is_answer: bool = False) -> None:
        self.events.append(ClientNotice(now, text, conversation, is_answer))
