"""All buffers of one network, which of them has the focus, and the changes that the screen has not drawn yet.

Owns the buffers and their order; client.buffers applies the events of a session to them. Pure; on the thread of the
interface.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from client.buffer import Buffer, BufferKind, Entry, SendResult
from client.entry_factory import EntryFactory
from client.saved_state import SavedState
from gateway.wire.casefold import casefold


class Aspect(Enum):
    """The kind of a change in a buffer, or in all of them."""

    CONNECTION = "connection"  # `buffers.connection` or `buffers.own_nick`; no buffer
    BUFFERS = "buffers"  # a buffer was opened, closed or renamed
    COUNTS = "counts"  # unread, mentions, read_until
    TOPIC = "topic"
    MEMBERS = "members"  # also is_joined and is_away
    TYPING = "typing"
    LOADING = "loading"  # is_loading, has_more_above
    APPENDED = "appended"  # `entries` were added at the end
    INSERTED = "inserted"  # `entries` were added elsewhere: above all others, or by their time
    UPDATED = "updated"  # `entries` look different now
    DROPPED = "dropped"  # `entries` were removed


@dataclass(frozen=True, slots=True)
class Change:
    aspect: Aspect
    buffer: Buffer | None = None
    entries: tuple[Entry, ...] = ()


class BufferList:
    """The buffers, as the user opens, reads and closes them."""

    def __init__(self, own_nick: str, highlights: Sequence[str] = ()) -> None:
        """Begin with the buffer of the server; `highlights` are words that count as a mention, like the own nick."""
        self.own_nick = own_nick
        self.server = Buffer("", BufferKind.SERVER, has_more_above=False)
        self.focused = self.server
        self.resumed: set[str] = set()  # names of buffers whose read marker is from the last run
        self._buffers: dict[str, Buffer] = {}  # rooms and people, by folded name
        self._factory = EntryFactory(own_nick, highlights)
        self._unsent: dict[str, tuple[Buffer, Entry]] = {}  # by client msgid
        self._marked: set[str] = set()  # folded names of buffers whose read marker the network has sent
        self._changes: list[Change] = []

    @property
    def ordered(self) -> list[Buffer]:
        """The server, then the rooms in the order of joining, then the people in the order of the first message."""
        rooms = [buffer for buffer in self._buffers.values() if buffer.kind is BufferKind.ROOM]
        return [self.server, *rooms, *(buffer for buffer in self._buffers.values() if buffer not in rooms)]

    def get(self, name: str) -> Buffer | None:
        """Return the buffer of a room or person, in any case of letters; the server's for ""."""
        return self._buffers.get(casefold(name)) if name else self.server

    # --- what the user does ---------------------------------------------------------------------------------

    def open_person(self, nick: str) -> tuple[Buffer, list[Change]]:
        """Return the buffer for direct messages with a person, new or not. Then call Session.open_person(nick)."""
        return self._open(nick), self._take_changes()

    def restore(self, state: SavedState) -> None:
        """Open the conversations of the last run, in their order."""
        for saved in state.conversations:
            buffer = self._open(saved.name)
            if saved.read_until:
                buffer.read_until = saved.read_until
                self._marked.add(casefold(saved.name))
                self.resumed.add(buffer.name)
        self._changes.clear()  # nothing is drawn yet

    def close(self, buffer: Buffer) -> list[Change]:
        """Remove a buffer. The caller has the session leave the room."""
        if self._buffers.pop(casefold(buffer.name), None) is not None:
            self._changed(Aspect.BUFFERS, buffer)
            if self.focused is buffer:
                self.focused = self.server
        return self._take_changes()

    def focus(self, buffer: Buffer) -> list[Change]:
        """Give the focus to a buffer; if its end is in view, all of it is read. Then call Session.mark_read."""
        self.focused = buffer
        return self.follow(buffer, is_at_end=buffer.is_followed)

    def follow(self, buffer: Buffer, *, is_at_end: bool) -> list[Change]:
        """Note whether the end of a buffer is in view. If it is, new messages are read at once, and it is trimmed."""
        buffer.is_followed = is_at_end
        if is_at_end and buffer is self.focused:
            buffer.read_all()
            self._changed(Aspect.COUNTS, buffer)
            self._trim(buffer)
        return self._take_changes()

    def answer(self, text: str, now: float) -> list[Change]:
        """Show the client's own answer to a command, of one or more lines."""
        for part in text.splitlines():
            self._put(self.focused, self._factory.status(part, now))
        return self._take_changes()

    @staticmethod
    def find(buffer: Buffer, text: str) -> list[Entry]:
        """Return the messages that contain a text, in any case of letters, newest first."""
        wanted = text.casefold()
        return [entry for entry in reversed(buffer.entries) if entry.is_message and wanted in entry.text.casefold()]

    # --- changing a buffer ----------------------------------------------------------------------------------

    def _changed(self, aspect: Aspect, buffer: Buffer | None = None, *entries: Entry) -> None:
        if buffer is not None:
            buffer.version += 1
        self._changes.append(Change(aspect, buffer, entries))

    def _take_changes(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes

    def _open(self, name: str) -> Buffer:
        if (known := self.get(name)) is not None:
            return known
        buffer = Buffer(name, BufferKind.ROOM if name.startswith("#") else BufferKind.PERSON)
        self._buffers[casefold(name)] = buffer
        self._changed(Aspect.BUFFERS, buffer)
        return buffer

    def _rename(self, old: str, new: str) -> None:
        """Continue the conversation with a person under their new nick, unless that has a buffer of its own."""
        buffer = self._buffers.get(casefold(old))
        if buffer is not None and (casefold(new) == casefold(old) or casefold(new) not in self._buffers):
            del self._buffers[casefold(old)]
            buffer.name = new
            self._buffers[casefold(new)] = buffer
            self._changed(Aspect.BUFFERS, buffer)

    def _put(self, buffer: Buffer, entry: Entry, *, is_history: bool = False) -> None:
        """Add an entry at its position, and count it."""
        is_last = buffer.insert(entry, is_history=is_history)
        self._changed(Aspect.APPENDED if is_last else Aspect.INSERTED, buffer, entry)
        self._count(buffer, entry)
        self._trim(buffer)

    def _count(self, buffer: Buffer, entry: Entry) -> None:
        """Count a message as unread, or as read if it is in view."""
        if not entry.is_message:
            return
        if buffer is self.focused and buffer.is_followed:
            buffer.read_until = max(buffer.read_until, entry.at)
        else:
            buffer.count(entry)
        self._changed(Aspect.COUNTS, buffer)

    def _trim(self, buffer: Buffer) -> None:
        if dropped := buffer.trim():
            self._changed(Aspect.DROPPED, buffer, *dropped)

    def _set_result(self, client_msgid: str, result: SendResult) -> tuple[Buffer, Entry] | None:
        """Note what became of an unsent message; None if it is not known."""
        if (known := self._unsent.pop(client_msgid, None)) is None:
            return None
        buffer, entry = known
        if buffer.set_result(entry, result):
            self._changed(Aspect.UPDATED, buffer, entry)
        else:
            self._changed(Aspect.DROPPED, buffer, entry)
            self._changed(Aspect.INSERTED, buffer, entry)
        return known
