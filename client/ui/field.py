"""A line for input, in which keys act in the order in which they are pressed."""

from collections.abc import Iterable
from typing import Final

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input


def actions_of(bindings: Iterable[BindingType]) -> dict[str, str]:
    """Return the action of each key.

    Textual passes the key of an action up to the screen before it acts. Letters that are typed after it may overtake
    it. So input widgets look up their actions in this table and run them at once.
    """
    found = [binding for binding in bindings if isinstance(binding, Binding)]
    return {key: binding.action for binding in found for key in binding.key.split(",")}


class Field(Input):
    """One line. Its cursor does not blink, so an idle screen draws nothing."""

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        max_length: int = 0,
        is_secret: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(value, placeholder=placeholder, max_length=max_length, password=is_secret, compact=True, id=id)
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        action = _ACTIONS.get(event.key)
        if action is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        await self.run_action(action)


_ACTIONS: Final = actions_of(Input.BINDINGS)
