"""The state that the full screen stores for the next run, for one network: as a value, and as JSON.

Owns the format and its limits. Knows no files (client.state_file). Pure; any thread.
"""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Final

VERSION: Final = 1
CONVERSATIONS_LIMIT: Final = 300
IGNORED_LIMIT: Final = 1_000
DRAFT_LIMIT: Final = 4_000  # characters
_NAME: Final = re.compile(r"[^\s,:\x00-\x1f][^\s,\x00-\x1f]{0,199}")  # of a room or a person, on any network
_THEMES: Final = ("", "dark", "light")


@dataclass(frozen=True, slots=True)
class SavedConversation:
    """A room that was joined, or a person with a conversation."""

    name: str
    key: str = ""  # of a room with +k
    read_until: float = 0.0  # the time of the last message that was read; 0: none
    draft: str = ""  # the text in the prompt


@dataclass(frozen=True, slots=True)
class SavedState:
    """The state of one network; `conversations` are in the order of the list."""

    conversations: tuple[SavedConversation, ...] = ()
    focused: str = ""
    theme: str = ""  # "dark" or "light"; "": the one of the settings
    ignored: tuple[str, ...] = ()  # folded nicks
    last_message_at: float = 0.0  # by the network's clock; later messages are fetched
    nick: str = ""  # if a lost connection still holds it, it is requested again

    @property
    def rooms(self) -> list[SavedConversation]:
        return [each for each in self.conversations if each.name.startswith("#")]

    @property
    def people(self) -> list[SavedConversation]:
        return [each for each in self.conversations if not each.name.startswith("#")]


NOTHING: Final = SavedState()


def as_json(state: SavedState) -> str:
    """Format a state, up to the limits."""
    table = asdict(state)
    table["conversations"] = [
        {**conversation, "draft": conversation["draft"][:DRAFT_LIMIT]}
        for conversation in table["conversations"][:CONVERSATIONS_LIMIT]
        if _NAME.fullmatch(conversation["name"])
    ]
    table["ignored"] = table["ignored"][:IGNORED_LIMIT]
    return json.dumps({"version": VERSION, **table}, ensure_ascii=False, indent=1)


def parse_state(text: str) -> SavedState:
    """Parse what `as_json` has written; ValueError for anything else."""
    table = json.loads(text)
    if not isinstance(table, dict) or table.pop("version", None) != VERSION:
        raise ValueError("it has another version")
    conversations = [_conversation(entry) for entry in _list(table, "conversations")][:CONVERSATIONS_LIMIT]
    ignored = _list(table, "ignored")
    if not all(isinstance(nick, str) for nick in ignored):
        raise ValueError("ignored: it contains an invalid nick")
    theme = _text(table, "theme")
    if theme not in _THEMES:
        raise ValueError(f"theme: there is no {theme!r}")
    at = _number(table, "last_message_at")
    return SavedState(
        tuple(conversations),
        _text(table, "focused"),
        theme,
        tuple(ignored[:IGNORED_LIMIT]),
        at,
        _text(table, "nick"),
    )


def _conversation(entry: Any) -> SavedConversation:
    if not isinstance(entry, dict):
        raise ValueError("conversations: it contains an invalid entry")
    name = _text(entry, "name")
    if not _NAME.fullmatch(name):
        raise ValueError(f"conversations: {name!r} is neither a room nor a person")
    key, draft = _text(entry, "key"), _text(entry, "draft")
    return SavedConversation(name, key, _number(entry, "read_until"), draft[:DRAFT_LIMIT])


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key}: {value!r} is not a text")
    return value


def _number(table: dict[str, Any], key: str) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e11:
        raise ValueError(f"{key}: {value!r} is not a time")
    return float(value)


def _list(table: dict[str, Any], key: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"{key}: {value!r} is not a list")
    return value
