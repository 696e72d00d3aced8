"""Entries of buffers, made from messages and events: their text is made safe to show, and mentions are found.

Owns the numbers of entries, and the words that count as a mention. Pure; on the thread of the interface.
"""

import re
from collections.abc import Sequence
from itertools import count
from typing import Final

from client.buffer import Entry, EntryKind, SendResult
from client.events import Sent
from client.member_changes import change_of
from client.phrases import sentence
from client.tags import reply_to, server_time
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source
from gateway.wire.names import valid_room
from gateway.wire.text import strip_controls

_ACTION: Final = "\x01ACTION "


class EntryFactory:
    """Makes the entries of one user's buffers."""

    def __init__(self, own_nick: str, highlights: Sequence[str]) -> None:
        self._highlights = highlights
        self._numbers = count()
        self._own_nicks: set[str] = set()  # every nick we have had, folded
        self.add_own_nick(own_nick)

    def add_own_nick(self, nick: str) -> None:
        """Note a nick of ours: from now on it is a mention."""
        self._own_nicks.add(casefold(nick))
        words = "|".join(re.escape(word) for word in (nick, *self._highlights) if word)
        self._mentions = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)

    def is_own(self, message: Message) -> bool:
        return casefold(split_source(message.source or "")[0]) in self._own_nicks

    def of_message(self, message: Message, at: float) -> Entry | None:
        """Make the entry of a PRIVMSG or NOTICE; None for a CTCP request."""
        is_own = self.is_own(message)
        entry = self._said(message.verb, message.params[1], split_source(message.source or "")[0], at)
        if entry is not None:
            entry.msgid = message.tags.get("msgid", "")
            entry.reply_to = reply_to(message)
            entry.is_own = is_own
            entry.is_mention = not is_own and self._mentions.search(entry.text) is not None
        return entry

    def of_sent(self, said: Sent, own_nick: str) -> Entry | None:
        """Make the entry of an unconfirmed message."""
        entry = self._said(said.verb, said.text, own_nick, said.at)
        if entry is not None:
            entry.client_msgid, entry.reply_to = said.client_msgid, said.reply_to
            entry.send_result, entry.is_own = SendResult.WAITING, True
        return entry

    def of_event(self, message: Message, own_nick: str, at: float) -> Entry | None:
        """Make the entry of any other line; None if it is not for people."""
        text = sentence(message, own_nick)
        if text is None:
            return None
        is_error = message.verb == "FAIL" or (message.verb.isdecimal() and message.verb >= "400")
        kind = EntryKind.ERROR if is_error else EntryKind.STATUS if message.verb.isdecimal() else EntryKind.EVENT
        nick = split_source(message.source or "")[0]
        entry = self.status(text.removeprefix("* "), at, kind, nick=nick, msgid=message.tags.get("msgid", ""))
        is_for_us = (
            message.verb == "INVITE" and len(message.params) > 1 and casefold(message.params[0]) == casefold(own_nick)
        )
        if is_for_us and valid_room(message.params[1]):  # "#a,0" would leave all rooms
            entry.invites_to = message.params[1]
            entry.text = strip_controls(f"{entry.nick} invites you to {entry.invites_to}")
        entry.change = None if self.is_own(message) else change_of(message)
        return entry

    def of_history(self, message: Message, own_nick: str, fallback_at: float) -> Entry | None:
        """Make the entry of a line of a history page."""
        told_at = server_time(message)
        at = fallback_at if told_at is None else told_at
        if message.verb in ("PRIVMSG", "NOTICE"):
            return self.of_message(message, at) if len(message.params) > 1 else None
        return self.of_event(message, own_nick, at)

    def status(
        self, text: str, at: float, kind: EntryKind = EntryKind.STATUS, *, nick: str = "", msgid: str = ""
    ) -> Entry:
        return Entry(next(self._numbers), at, kind, strip_controls(nick), strip_controls(text), msgid=msgid)

    def _said(self, verb: str, text: str, nick: str, at: float) -> Entry | None:
        kind = EntryKind.NOTICE if verb == "NOTICE" else EntryKind.MESSAGE
        if text.startswith(_ACTION):
            kind, text = EntryKind.ACTION, text.removeprefix(_ACTION).removesuffix("\x01")
        elif text.startswith("\x01"):
            return None
        entry = self.status("", at, kind, nick=nick)
        entry.raw_text = text
        entry.text = "\n".join(map(strip_controls, text.split("\n")))
        return entry
