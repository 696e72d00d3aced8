"""Where the parts of a session put what they have to say: lines for the gateway, events for the person.

Owns the two queues that the transport empties, and whom the person does not want to hear. Pure; whoever holds the
session.
"""

import re
from typing import Final

from client.events import ClientNotice, Event, event_type
from client.login import Login
from client.naming import Naming
from client.tags import server_time
from gateway.wire.casefold import fold
from gateway.wire.message import Message, split_source
from gateway.wire.names import valid_room

# A gateway that takes nothing while it asks and asks gets no more answers; this connection will not last.
OUTPUT_LIMIT_LINES: Final = 10_000
HISTORY_PAGE: Final = 100
_IGNORABLE: Final = frozenset(("PRIVMSG", "NOTICE", "TAGMSG", "INVITE"))


class Exchange:
    """The present connection's way out, and who we are on it."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.login = Login()
        self.is_registered = False
        self.is_greeted = False  # what every connection begins with has come to its end
        self.supported: dict[str, str] = {}  # ISUPPORT: what this network has, and how much of it
        self.lines: list[str] = []
        self.events: list[Event] = []
        self.ignored: set[str] = set()  # folded nicks

    def reset(self) -> None:
        """Begin anew for another connection; lines for the old one are dropped, events are not."""
        self.login = Login()
        self.is_registered = self.is_greeted = False
        self.supported = {}
        self.lines.clear()

    def agrees(self, capability: str) -> bool:
        """Tell whether there is a connection where this may be used."""
        return self.is_registered and capability in self.login.agreed

    @property
    def history_page(self) -> int:
        """How many messages to ask for at once (IRCv3 chathistory, ISUPPORT CHATHISTORY; 0: no limit)."""
        value = self.supported.get("CHATHISTORY", "")
        limit = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
        return min(limit or HISTORY_PAGE, HISTORY_PAGE)

    @property
    def lobby(self) -> str:
        """The room of those who name none (ISUPPORT hubbub/LOBBY), "" where the network has none."""
        name = re.sub(
            r"\\x([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), self.supported.get("hubbub/LOBBY", "")
        )
        return name if valid_room(name) else ""

    def send(self, message: Message) -> None:
        if len(self.lines) < OUTPUT_LIMIT_LINES:
            self.lines.append(message.line())

    def is_ignored(self, message: Message) -> bool:
        return message.verb in _IGNORABLE and fold(split_source(message.source or "")[0]) in self.ignored

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

    def tell(self, text: str, now: float, *, conversation: str = "", is_answer: bool = False) -> None:
        self.events.append(ClientNotice(now, text, conversation, is_answer))
