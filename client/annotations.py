"""Reactions to messages, and their redactions.

Owns the reactions and redactions of messages that are not loaded yet. Pure; on the thread of the interface.
"""

from typing import Final

from client.buffer import Buffer, Entry
from client.tags import REACTION_TAGS, reply_to
from gateway.wire.message import Message, split_source
from gateway.wire.text import strip_controls
from gateway.wire.visible import is_reaction

_EARLY_LIMIT: Final = 5_000  # annotations of messages that are not loaded; further ones are dropped
_REACTION_LIMIT: Final = 20  # different reactions to one message


class Annotations:
    """Reactions and redactions of one network."""

    def __init__(self) -> None:
        self._early: dict[tuple[str, str], list[Message]] = {}  # by buffer and msgid
        self._early_count = 0

    def apply(self, buffer: Buffer, message: Message) -> Entry | None:
        """Apply a TAGMSG or REDACT; return the entry that has changed."""
        msgid = reply_to(message) if message.verb == "TAGMSG" else message.params[1]
        entry = buffer.by_msgid.get(msgid)
        if entry is None:
            if msgid and self._early_count < _EARLY_LIMIT:
                self._early.setdefault((buffer.name, msgid), []).append(message)
                self._early_count += 1
            return None
        return entry if _change(entry, message) else None

    def catch_up(self, buffer: Buffer, entry: Entry) -> None:
        """Apply to a new entry the annotations that came before it."""
        for message in self._early.pop((buffer.name, entry.msgid), ()):
            self._early_count -= 1
            _change(entry, message)


def _change(entry: Entry, message: Message) -> bool:
    nick = strip_controls(split_source(message.source or "")[0])
    if message.verb == "REDACT":
        entry.text = entry.raw_text = ""  # neither a search nor an export finds it
        entry.reactions.clear()
        entry.redacted_by = nick or "someone"
        entry.redaction_reason = strip_controls(message.params[2]) if len(message.params) > 2 else ""
        return True
    for tag, takes_back in REACTION_TAGS.items():
        reaction = message.tags.get(tag, "")
        nicks = entry.reactions.get(reaction, [])
        if not is_reaction(reaction) or (nick in nicks) != takes_back:
            continue
        if takes_back:
            nicks.remove(nick)
            if not nicks:
                del entry.reactions[reaction]
            return True
        if nicks or len(entry.reactions) < _REACTION_LIMIT:
            entry.reactions.setdefault(reaction, []).append(nick)
            return True
    return False
