"""The fold of a session's events into what a person sees.

    events = ...                    from the transport, in order, on any thread
    buffers = Buffers("alice")
    for event in events:
        for change in buffers.apply(event, now):
            ...                     draw what changed

Owns all buffers and the state of the connection. What the person does goes to the session (say, load_older, react
...) and comes back as events; only what concerns nobody else is done here (open, close, focus). Pure: no clock, no
threads; on the thread of the interface.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from client.annotations import Annotations
from client.buffer import Buffer, BufferKind, Entry, EntryKind, SendResult, Typing
from client.conversation import position, server_time
from client.entry_factory import EntryFactory
from client.events import (
    ClientNotice,
    ConnectionChanged,
    ConnectionState,
    Event,
    Failed,
    Heard,
    OlderLoaded,
    OlderRequested,
    PasswordRequired,
    RoomsListed,
    SearchResults,
    Sent,
)
from client.roster import Roster
from client.saved_state import SavedState
from gateway.wire import numerics as n
from gateway.wire.casefold import fold
from gateway.wire.message import Message, split_source
from gateway.wire.text import strip_controls

TYPING_ACTIVE_S: Final = 6.0  # IRCv3 typing
TYPING_PAUSED_S: Final = 30.0
_MOMENT_S: Final = 0.001
_OF_SERVER: Final = frozenset((n.RPL_MOTD, "WALLOPS", "ERROR"))


class Aspect(Enum):
    """What of a buffer, or of all, has changed."""

    CONNECTION = "connection"  # `buffers.connection` or `buffers.own_nick`; no buffer
    BUFFERS = "buffers"  # a buffer was opened, closed or renamed
    COUNTS = "counts"  # unread, mentions, read_until
    TOPIC = "topic"
    MEMBERS = "members"  # also is_joined and is_away
    TYPING = "typing"
    LOADING = "loading"  # is_loading, has_more_above
    APPENDED = "appended"  # `lines` stand at the end
    INSERTED = "inserted"  # `lines` stand somewhere before: above all, or where their time puts them
    UPDATED = "updated"  # `lines` were there, and look different now
    DROPPED = "dropped"  # `lines` are no longer there


@dataclass(frozen=True, slots=True)
class Change:
    aspect: Aspect
    buffer: Buffer | None = None
    lines: tuple[Entry, ...] = ()


@dataclass(slots=True)
class ServerConnection:
    """The way to the network, as the person should always see it."""

    state: ConnectionState = ConnectionState.CONNECTING
    address: str = ""
    since: float = 0.0
    latency_s: float | None = None  # from a PING to its PONG
    next_try_at: float | None = None  # while WAITING
    was_made: bool = False  # once at least
    problems: dict[str, str] = field(default_factory=dict)  # why, by address, since the last connection


class Buffers:
    """Everything that one person sees of one network."""

    def __init__(self, own_nick: str, highlights: Sequence[str] = ()) -> None:
        """`highlights` are words that count as a mention, as the own nick does."""
        self.own_nick = own_nick
        self.connection = ServerConnection()
        self.server = Buffer("", BufferKind.SERVER, has_more_above=False)
        self.focused = self.server
        self._buffers: dict[str, Buffer] = {}  # rooms and people, by folded name
        self._factory = EntryFactory(own_nick, highlights)
        self._roster = Roster(self._buffers)
        self._annotations = Annotations()
        self._pending: dict[str, tuple[Buffer, Entry]] = {}  # by pending id
        self._marked: set[str] = set()  # folded names of buffers whose read marker the network has told
        self._changes: list[Change] = []
        self.resumed: set[str] = set()  # names of buffers whose read position is that of the last time

    @property
    def ordered(self) -> list[Buffer]:
        """The server, then the rooms in the order of joining, then the people, the first written to first."""
        rooms = [buffer for buffer in self._buffers.values() if buffer.kind is BufferKind.ROOM]
        return [self.server, *rooms, *(buffer for buffer in self._buffers.values() if buffer not in rooms)]

    def get(self, name: str) -> Buffer | None:
        """Find a buffer by the name of its room or person, in any case."""
        return self._buffers.get(fold(name)) if name else self.server

    def apply(self, event: Event, now: float) -> list[Change]:
        """Take an event; the changes are in the order in which they happened."""
        _APPLIERS[type(event)](self, event, now)
        return self._take_changes()

    # --- what the person does here --------------------------------------------------------------------------

    def open_person(self, nick: str) -> tuple[Buffer, list[Change]]:
        """Find or make the buffer for direct messages with someone. Then tell the session: talk_to(nick)."""
        return self._open(nick), self._take_changes()

    def restore(self, state: SavedState) -> None:
        """Open the conversations of the last time, in their order."""
        for saved in state.conversations:
            buffer = self._open(saved.name)
            if saved.read_until:
                buffer.read_until = saved.read_until
                self._marked.add(fold(saved.name))
                self.resumed.add(buffer.name)
        self._changes.clear()  # nothing is shown yet

    def close(self, buffer: Buffer) -> list[Change]:
        """Forget a buffer; a room is to be left by the session as well."""
        if self._buffers.pop(fold(buffer.name), None) is not None:
            self._changed(Aspect.BUFFERS, buffer)
            if self.focused is buffer:
                self.focused = self.server
        return self._take_changes()

    def focus(self, buffer: Buffer) -> list[Change]:
        """Turn to a buffer: what is in it is read, if its end is in view. Then tell the session: mark_read."""
        self.focused = buffer
        return self.follow(buffer, is_at_end=buffer.is_followed)

    def follow(self, buffer: Buffer, *, is_at_end: bool) -> list[Change]:
        """Note whether the end of a buffer is in view: then it is kept short, and what arrives is read."""
        buffer.is_followed = is_at_end
        if is_at_end and buffer is self.focused:
            buffer.read_all()
            self._changed(Aspect.COUNTS, buffer)
            self._trim(buffer)
        return self._take_changes()

    def answer(self, text: str, now: float) -> list[Change]:
        """Show the client's own answer to something typed, perhaps of several lines."""
        for part in text.splitlines():
            self._put(self.focused, self._factory.status(part, now))
        return self._take_changes()

    @staticmethod
    def find(buffer: Buffer, text: str) -> list[Entry]:
        """Give the messages that contain a text, in any case, newest first."""
        wanted = text.casefold()
        return [line for line in reversed(buffer.lines) if line.is_message and wanted in line.text.casefold()]

    # --- changing a buffer ----------------------------------------------------------------------------------

    def _changed(self, aspect: Aspect, buffer: Buffer | None = None, *lines: Entry) -> None:
        if buffer is not None:
            buffer.version += 1
        self._changes.append(Change(aspect, buffer, lines))

    def _take_changes(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes

    def _open(self, name: str) -> Buffer:
        if (known := self.get(name)) is not None:
            return known
        buffer = Buffer(name, BufferKind.ROOM if name.startswith("#") else BufferKind.PERSON)
        self._buffers[fold(name)] = buffer
        self._changed(Aspect.BUFFERS, buffer)
        return buffer

    def _put(self, buffer: Buffer, line: Entry, *, is_history: bool = False) -> None:
        """Put a line where it belongs, and count it."""
        is_last = buffer.place(line, is_history=is_history)
        self._changed(Aspect.APPENDED if is_last else Aspect.INSERTED, buffer, line)
        self._count(buffer, line)
        self._trim(buffer)

    def _count(self, buffer: Buffer, line: Entry) -> None:
        """Count a message as unread, or take it as read where it is seen at once."""
        if not line.is_message:
            return
        self._annotations.catch_up(buffer, line)
        if buffer is self.focused and buffer.is_followed:
            buffer.read_until = max(buffer.read_until, line.at)
        else:
            buffer.count(line)
        self._changed(Aspect.COUNTS, buffer)

    def _trim(self, buffer: Buffer) -> None:
        if dropped := buffer.trim():
            self._changed(Aspect.DROPPED, buffer, *dropped)

    def _settle(self, client_msgid: str, send_result: SendResult) -> tuple[Buffer, Entry] | None:
        """Note the fate of what was typed here."""
        if (known := self._pending.pop(client_msgid, None)) is None:
            return None
        buffer, line = known
        if buffer.settle(line, send_result):
            self._changed(Aspect.UPDATED, buffer, line)
        else:
            self._changed(Aspect.DROPPED, buffer, line)
            self._changed(Aspect.INSERTED, buffer, line)
        return known

    # --- events ---------------------------------------------------------------------------------------------

    def _on_connection_changed(self, event: ConnectionChanged, _now: float) -> None:
        known = self.connection
        since = known.since if known.state is event.state else event.at
        latency_s = (
            known.latency_s if event.latency_s is None and event.state is ConnectionState.CONNECTED else event.latency_s
        )
        is_made = event.state is ConnectionState.CONNECTED
        problems = {} if is_made else known.problems | ({event.address: event.problem} if event.problem else {})
        address, was_made = event.address or known.address, known.was_made or is_made
        self.connection = ServerConnection(
            event.state, address, since, latency_s, event.next_try_at, was_made=was_made, problems=problems
        )
        self._changed(Aspect.CONNECTION)
        if event.state is not ConnectionState.CONNECTED:
            for buffer in self._buffers.values():
                if buffer.is_joined:
                    buffer.is_joined = False
                    self._changed(Aspect.MEMBERS, buffer)

    def _on_other(self, _event: Event, _now: float) -> None:
        """Take what has nothing to do with a conversation."""

    def _on_status(self, event: ClientNotice, now: float) -> None:
        buffer = self.focused if event.is_answer else self._buffers.get(fold(event.conversation), self.server)
        self._put(buffer, self._factory.status(event.text, event.at))

    def _on_said(self, event: Sent, now: float) -> None:
        if (replaced := self._pending.pop(event.replaces, None)) is not None:
            replaced[0].withdraw(replaced[1])
            self._changed(Aspect.DROPPED, *replaced)
        buffer = self._open(event.target)
        if (line := self._factory.of_said(event, self.own_nick)) is not None:
            self._pending[event.client_msgid] = buffer, line
            self._put(buffer, line)

    def _on_undelivered(self, event: Failed, now: float) -> None:
        if (known := self._pending.get(event.client_msgid)) is not None:
            known[1].problem = strip_controls(event.reason)
            self._settle(event.client_msgid, SendResult.FAILED)
            return
        # It was confirmed before it was refused: the one it went to had just left.
        buffer = self._open(event.target)
        text = f"not delivered ({event.reason}): {event.text}"
        self._put(buffer, self._factory.status(text, event.at, EntryKind.ERROR))

    def _on_older(self, event: OlderLoaded, _now: float) -> None:
        buffer = self._buffers.get(fold(event.target))
        if buffer is None:
            return
        buffer.is_loading = False
        buffer.has_more_above = event.has_more
        self._changed(Aspect.LOADING, buffer)
        lines: list[Entry] = []
        for message in event.messages:
            if message.verb in ("TAGMSG", "REDACT"):
                continue
            line = self._factory.of_history(message, event.own_nick, event.at)
            if line is None or line.msgid in buffer.by_msgid or (lines and lines[-1].take_in(line)):
                continue
            lines.append(line)
        buffer.prepend(lines)
        if event.messages:
            buffer.oldest = position(event.messages[0], event.at)
        for line in lines:
            self._annotations.catch_up(buffer, line)
        for message in event.messages:
            if message.verb in ("TAGMSG", "REDACT") and len(message.params) > (message.verb == "REDACT"):
                self._annotations.take(buffer, message)
        if lines:
            self._changed(Aspect.INSERTED, buffer, *lines)

    def _on_loading(self, event: OlderRequested, _now: float) -> None:
        if (buffer := self._buffers.get(fold(event.target))) is not None:
            buffer.is_loading = True
            self._changed(Aspect.LOADING, buffer)

    def _on_found(self, _event: SearchResults, _now: float) -> None:
        """What is found stands in no buffer."""

    # --- what the network says ------------------------------------------------------------------------------

    def _on_heard(self, event: Heard, now: float) -> None:
        message = event.message
        if fold(event.own_nick) != fold(self.own_nick):
            self.own_nick = event.own_nick
            self._factory.be_called(event.own_nick)
            self._changed(Aspect.CONNECTION)
        match message.verb:
            case "PRIVMSG" | "NOTICE":
                self._on_message(event, now)
            case "TAGMSG" | "REDACT":
                self._on_tags(event, now)
            case "MARKREAD":
                self._on_mark(message)
            case "TOPIC" | n.RPL_TOPIC | n.RPL_TOPICWHOTIME | n.RPL_NOTOPIC:
                self._on_topic(event)
            case n.RPL_ISUPPORT:
                self._roster.support(message.params[1:-1])
            case _:
                self._on_news(event)

    def _on_message(self, event: Heard, now: float) -> None:
        if known := self._settle(event.client_msgid, SendResult.SENT):
            buffer, line = known
            line.at, line.msgid = event.at, event.message.tags.get("msgid", "")
            buffer.index(line)
            self._count(buffer, line)
            self._trim(buffer)
            return
        heard = None if event.is_quiet else self._factory.of_message(event.message, event.at)
        if heard is None:
            return
        buffer = self._open(event.conversation) if event.conversation else self.server
        if heard.msgid in buffer.by_msgid:
            return
        if buffer.typing.pop(fold(heard.nick), None) is not None:
            self._changed(Aspect.TYPING, buffer)
        self._put(buffer, heard, is_history=event.is_history)

    def _on_tags(self, event: Heard, now: float) -> None:
        buffer = self._buffers.get(fold(event.conversation))
        message = event.message
        if buffer is None:
            return
        if "+typing" in message.tags:
            self._on_typing(buffer, message, now)
        elif (line := self._annotations.take(buffer, message)) is not None:
            self._changed(Aspect.UPDATED, buffer, line)

    def _on_typing(self, buffer: Buffer, message: Message, now: float) -> None:
        nick = split_source(message.source or "")[0]
        lasts_s = {"active": TYPING_ACTIVE_S, "paused": TYPING_PAUSED_S}.get(message.tags["+typing"])
        if lasts_s is None:
            buffer.typing.pop(fold(nick), None)
        else:
            buffer.typing[fold(nick)] = Typing(strip_controls(nick), now + lasts_s)
        self._changed(Aspect.TYPING, buffer)

    def _on_mark(self, message: Message) -> None:
        buffer = self._buffers.get(fold(message.params[0]))
        at = server_time(Message("", tags={"time": message.params[1].removeprefix("timestamp=")}))
        if buffer is None or at is None:
            return
        # The first one counts as it is: before it, only the moment of joining was known.
        buffer.read_until = max(at, buffer.read_until) if fold(buffer.name) in self._marked else at
        self._marked.add(fold(buffer.name))
        buffer.count_unread()
        self._changed(Aspect.COUNTS, buffer)

    def _on_topic(self, event: Heard) -> None:
        message = event.message
        nick = split_source(message.source or "")[0]
        buffer = None
        match message.verb, message.params:
            case "TOPIC", [name, topic, *_]:
                buffer = self._note_topic(name, topic, nick)
            case n.RPL_TOPIC, [_, name, topic, *_]:
                buffer = self._note_topic(name, topic)
            case n.RPL_TOPICWHOTIME, [_, name, source, *_]:
                buffer = self._note_topic(name, by=split_source(source)[0])
            case n.RPL_NOTOPIC, [_, name, *_]:
                buffer = self._note_topic(name, "")
        self._tell(event, [buffer] if buffer else [])

    def _note_topic(self, name: str, topic: str | None = None, by: str | None = None) -> Buffer | None:
        """Note what is known of a room's topic now; None: nothing of that."""
        buffer = self._buffers.get(fold(name))
        if buffer is not None:
            buffer.topic = buffer.topic if topic is None else strip_controls(topic)
            buffer.topic_by = buffer.topic_by if by is None else strip_controls(by)
            self._changed(Aspect.TOPIC, buffer)
        return buffer

    def _on_news(self, event: Heard) -> None:
        """Take what concerns people and rooms, or an answer."""
        message = event.message
        if message.verb == "JOIN" and self._factory.is_own(message) and not event.is_history:
            room = self._open(message.params[0])
            room.read_until = room.read_until or event.at - _MOMENT_S  # so that a message of the same one is unread
        touched = self._roster.take(message, event.own_nick)
        if message.verb == "NICK":
            self._rename(message)
        for buffer in touched:
            self._changed(Aspect.MEMBERS, buffer)
        # The list of names that comes with joining stands beside the conversation already.
        if message.verb != n.RPL_NAMREPLY or all(buffer.has_all_members for buffer in touched):
            self._tell(event, touched)
        if message.verb == "PART" and self._factory.is_own(message):
            for buffer in touched:
                self._changes += self.close(buffer)

    def _rename(self, message: Message) -> None:
        """Let a conversation go on under the other's new name."""
        old, new = split_source(message.source or "")[0], message.params[0]
        buffer = self._buffers.get(fold(old))
        if buffer is not None and (fold(new) == fold(old) or fold(new) not in self._buffers):
            del self._buffers[fold(old)]
            buffer.name = new
            self._buffers[fold(new)] = buffer
            self._changed(Aspect.BUFFERS, buffer)

    def _tell(self, event: Heard, touched: Sequence[Buffer]) -> None:
        """Show a line in the buffers that it is about; an answer where the person is."""
        if event.is_quiet:
            return
        message = event.message
        if message.verb in _OF_SERVER:
            buffers: Sequence[Buffer] = [self.server]
        elif message.verb.isdecimal() or message.verb in ("FAIL", "WARN", "NOTE", "INVITE"):
            about = [buffer for param in message.params if (buffer := self._buffers.get(fold(param)))]
            buffers = about[:1] or [self.focused]
        else:
            buffers = touched
        for buffer in buffers:
            if (line := self._factory.of_event(message, event.own_nick, event.at)) is None:
                continue
            if (whole := buffer.take_in(line)) is not None:
                self._changed(Aspect.UPDATED, buffer, whole)
            else:
                self._put(buffer, line)


_APPLIERS: Final[dict[type[Event], Callable[..., None]]] = {
    SearchResults: Buffers._on_found,
    Heard: Buffers._on_heard,
    ConnectionChanged: Buffers._on_connection_changed,
    OlderRequested: Buffers._on_loading,
    OlderLoaded: Buffers._on_older,
    PasswordRequired: Buffers._on_other,
    RoomsListed: Buffers._on_other,
    Sent: Buffers._on_said,
    ClientNotice: Buffers._on_status,
    Failed: Buffers._on_undelivered,
}
