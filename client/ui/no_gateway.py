"""Help for when no gateway can be reached, shown above the conversation until the first connection."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from client.buffers import ConnectionStatus
from client.events import ConnectionState
from client.ui.wrapping import tame


class NoGateway(Vertical):
    """Shows the addresses that were tried, why each failed, when the next try is, and how to start a gateway."""

    DEFAULT_CSS = """
    NoGateway { dock: top; height: auto; max-height: 100%; padding: 0 1; background: $panel; display: none; }
    NoGateway .title { color: $error; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._title = Static("No gateway answers", classes="title", markup=False)
        self._words = Static("", markup=False)

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._words

    def describe(self, connection: ConnectionStatus, now: float) -> None:
        has_tried_all = self.display or connection.next_try_at is not None  # all were tried
        self.display = bool(connection.problems) and not connection.was_made and has_tried_all
        if self.display:
            self._words.update(advice(connection, now))


def advice(connection: ConnectionStatus, now: float) -> str:
    """Describe what was tried, and what the user can do."""
    tried = [f"  {tame(address)}: {tame(problem)}" for address, problem in connection.problems.items()]
    left_s = max(round((connection.next_try_at or now) - now), 0)
    again = f"trying again in {left_s} s" if connection.state is ConnectionState.WAITING else "trying again now"
    return "\n".join(
        [
            *tried,
            f"  {again}",
            "",
            "To start one on this machine, in another terminal:",
            "  hubbub-gateway demo",
            "To go to another one, leave with Ctrl+Q and name it:",
            "  hubbub HOST:PORT",
        ]
    )
