"""The state that the full screen stores between two runs: collected, compared, and saved when it has changed.

On the thread of the interface.
"""

from collections.abc import Callable, Mapping

from client.buffer import BufferKind
from client.buffers import Buffers
from client.saved_state import NOTHING, SavedConversation, SavedState
from client.session import Session
from client.ui.session_actions import SessionPort
from gateway.wire.casefold import casefold


class KeptState:
    """The stored state of one network; `save` writes it, and raises OSError."""

    def __init__(
        self, found: SavedState = NOTHING, notice: str = "", save: Callable[[SavedState], None] = lambda state: None
    ) -> None:
        """`found` is the stored state; `notice` says what was wrong with it."""
        self.found = found
        self.notice = notice
        self._save = save
        self._saved = found

    def keep(self, state: SavedState) -> None:
        """Save a state if it differs from the last one. Raises OSError once for each."""
        if state != self._saved:
            self._saved = state
            self._save(state)


def present_state(port: SessionPort, buffers: Buffers, drafts: Mapping[str, str], theme: str) -> SavedState:
    """Collect the state for the next start; `theme` is "" for the one of the settings."""

    def of_session(session: Session) -> tuple[dict[str, str], tuple[str, ...], float, str]:
        keys = {name: room.key for name, room in session.messaging.rooms.items()}
        nick = session.naming.wanted if session.naming.was_ours else ""
        return keys, tuple(sorted(session.ignored)), session.last_message_at, nick

    keys, ignored, last_message_at, nick = port.read(of_session)
    conversations = tuple(
        SavedConversation(each.name, keys.get(casefold(each.name), ""), each.read_until, drafts.get(each.name, ""))
        for each in buffers.ordered
        if each.kind is BufferKind.PERSON or casefold(each.name) in keys
    )
    return SavedState(conversations, buffers.focused.name, theme, ignored, last_message_at, nick)
