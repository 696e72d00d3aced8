"""The events of a session, applied to what the user sees.

    events = ...                    from the transport, in order, on any thread
    buffers = Buffers("alice")
    for event in events:
        for change in buffers.apply(event, now):
            ...                     draw what changed

Owns the state of the connection as the user sees it, and which event changes which buffer. Actions of the user go to
the session (say, load_older, react ...) and comes back as events. Only what concerns nobody else is done in
client.buffer_list (open, close, focus). Pure: no clock, no threads; on the thread of the interface.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from client import events as e
from client.annotations import Annotations
from client.buffer import Buffer, Entry, EntryKind, SendResult, Typing
from client.buffer_list import Aspect, BufferList, Change
from client.conversation import position
from client.roster import Roster
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import split_source
from gateway.wire.text import strip_controls

TYPING_ACTIVE_S: Final = 6.0  # IRCv3 typing
TYPING_PAUSED_S: Final = 30.0
_MOMENT_S: Final = 0.001
_OF_SERVER: Final = frozenset((n.RPL_MOTD, "WALLOPS", "ERROR"))


@dataclass(slots=True)
class ConnectionStatus:
    """The state of the connection, as the status line shows it."""

    state: e.ConnectionState = e.ConnectionState.CONNECTING
    address: str = ""
    since: float = 0.0
    latency_s: float | None = None  # from a PING to its PONG
    next_try_at: float | None = None  # while WAITING
    was_made: bool = False  # at least once
    problems: dict[str, str] = field(default_factory=dict)  # why, by address, since the last connection


class Buffers(BufferList):
    """Everything that one user sees of one network."""

    def __init__(self, own_nick: str, highlights: Sequence[str] = ()) -> None:
        super().__init__(own_nick, highlights)
        self.connection = ConnectionStatus()
        self._roster = Roster(self._buffers)
        self._annotations = Annotations()

    def apply(self, event: e.Event, now: float) -> list[Change]:
        """Apply an event; return the changes in the order in which they happened."""
        if isinstance(event, e.ServerEvent) and casefold(event.own_nick) != casefold(self.own_nick):
            self.own_nick = event.own_nick
            self._factory.add_own_nick(event.own_nick)
            self._changed(Aspect.CONNECTION)
        if (apply := _APPLIERS.get(type(event))) is not None:
            apply(self, event, now)
        return self._take_changes()

    def _count(self, buffer: Buffer, entry: Entry) -> None:
        if entry.is_message:
            self._annotations.catch_up(buffer, entry)
        super()._count(buffer, entry)

    # --- events of the client -------------------------------------------------------------------------------

    def _on_connection_changed(self, event: e.ConnectionChanged, _now: float) -> None:
        known = self.connection
        is_made = event.state is e.ConnectionState.CONNECTED
        self.connection = ConnectionStatus(
            event.state,
            address=event.address or known.address,
            since=known.since if known.state is event.state else event.at,
            latency_s=known.latency_s if event.latency_s is None and is_made else event.latency_s,
            next_try_at=event.next_try_at,
            was_made=known.was_made or is_made,
            problems={} if is_made else known.problems | ({event.address: event.problem} if event.problem else {}),
        )
        self._changed(Aspect.CONNECTION)
        if not is_made:
            for buffer in self._buffers.values():
                if buffer.is_joined:
                    buffer.is_joined = False
                    self._changed(Aspect.MEMBERS, buffer)

    def _on_client_notice(self, event: e.ClientNotice, _now: float) -> None:
        buffer = self.focused if event.is_answer else self._buffers.get(casefold(event.conversation), self.server)
        self._put(buffer, self._factory.status(event.text, event.at))

    def _on_sent(self, event: e.Sent, _now: float) -> None:
        if (replaced := self._unsent.pop(event.replaces, None)) is not None:
            replaced[0].withdraw(replaced[1])
            self._changed(Aspect.DROPPED, *replaced)
        buffer = self._open(event.target)
        if (entry := self._factory.of_sent(event, self.own_nick)) is not None:
            self._unsent[event.client_msgid] = buffer, entry
            self._put(buffer, entry)

    def _on_failed(self, event: e.Failed, _now: float) -> None:
        if (known := self._unsent.get(event.client_msgid)) is not None:
            known[1].problem = strip_controls(event.reason)
            self._set_result(event.client_msgid, SendResult.FAILED)
            return
        # It was confirmed before it was refused: its target had just left the network.
        buffer = self._open(event.target)
        text = f"not delivered ({event.reason}): {event.text}"
        self._put(buffer, self._factory.status(text, event.at, EntryKind.ERROR))

    def _on_older_requested(self, event: e.OlderRequested, _now: float) -> None:
        if (buffer := self._buffers.get(casefold(event.target))) is not None:
            buffer.is_loading = True
            self._changed(Aspect.LOADING, buffer)

    def _on_older_loaded(self, event: e.OlderLoaded, _now: float) -> None:
        buffer = self._buffers.get(casefold(event.target))
        if buffer is None:
            return
        buffer.is_loading = False
        buffer.has_more_above = event.has_more
        self._changed(Aspect.LOADING, buffer)
        entries = self._entries_of(event, buffer)
        buffer.prepend(entries)
        if event.messages:
            buffer.oldest = position(event.messages[0], event.at)
        for entry in entries:
            self._annotations.catch_up(buffer, entry)
        for message in event.messages:
            if message.verb in ("TAGMSG", "REDACT") and len(message.params) > (message.verb == "REDACT"):
                self._annotations.apply(buffer, message)
        if entries:
            self._changed(Aspect.INSERTED, buffer, *entries)

    def _entries_of(self, event: e.OlderLoaded, buffer: Buffer) -> list[Entry]:
        """Make the entries of a page of history that are not in the buffer yet."""
        entries: list[Entry] = []
        for message in event.messages:
            if message.verb in ("TAGMSG", "REDACT"):
                continue
            entry = self._factory.of_history(message, event.own_nick, event.at)
            if entry is None or entry.msgid in buffer.by_msgid or (entries and entries[-1].absorb(entry)):
                continue
            entries.append(entry)
        return entries

    # --- events of the server -------------------------------------------------------------------------------

    def _on_received(self, event: e.ServerEvent, _now: float) -> None:
        if known := self._set_result(event.client_msgid, SendResult.SENT):
            buffer, entry = known
            entry.at, entry.msgid = event.at, event.msgid
            buffer.index(entry)
            self._count(buffer, entry)
            self._trim(buffer)
            return
        new = None if event.is_quiet else self._factory.of_message(event.message, event.at)
        if new is None:
            return
        buffer = self._open(event.conversation) if event.conversation else self.server
        if new.msgid in buffer.by_msgid:
            return
        if buffer.typing.pop(casefold(new.nick), None) is not None:
            self._changed(Aspect.TYPING, buffer)
        self._put(buffer, new, is_history=event.is_history)

    def _on_annotation(self, event: e.Reacted | e.Redacted, _now: float) -> None:
        buffer = self._buffers.get(casefold(event.conversation))
        if buffer is not None and (entry := self._annotations.apply(buffer, event.message)) is not None:
            self._changed(Aspect.UPDATED, buffer, entry)

    def _on_typing(self, event: e.TypingChanged, now: float) -> None:
        buffer = self._buffers.get(casefold(event.conversation))
        if buffer is None:
            return
        lasts_s = {"active": TYPING_ACTIVE_S, "paused": TYPING_PAUSED_S}.get(event.state)
        if lasts_s is None:
            buffer.typing.pop(casefold(event.nick), None)
        else:
            buffer.typing[casefold(event.nick)] = Typing(strip_controls(event.nick), now + lasts_s)
        self._changed(Aspect.TYPING, buffer)

    def _on_read_marker(self, event: e.ReadMarkerMoved, _now: float) -> None:
        buffer = self._buffers.get(casefold(event.conversation))
        if buffer is None:
            return
        # The first one replaces our own, which was only the moment of joining.
        is_first = casefold(buffer.name) not in self._marked
        buffer.read_until = event.read_until if is_first else max(event.read_until, buffer.read_until)
        self._marked.add(casefold(buffer.name))
        buffer.count_unread()
        self._changed(Aspect.COUNTS, buffer)

    def _on_topic(self, event: e.TopicSet, _now: float) -> None:
        self._note_topic(event.conversation, event.topic, event.nick or None)
        self._show(event, self._room(event.conversation))

    def _note_topic(self, name: str, topic: str | None = None, by: str | None = None) -> None:
        """Note what is now known of a room's topic; None: nothing new."""
        for buffer in self._room(name):
            buffer.topic = buffer.topic if topic is None else strip_controls(topic)
            buffer.topic_by = buffer.topic_by if by is None else strip_controls(by)
            self._changed(Aspect.TOPIC, buffer)

    def _on_joined(self, event: e.Joined, now: float) -> None:
        if self._factory.is_own(event.message) and not event.is_history:
            room = self._open(event.conversation)
            room.read_until = room.read_until or event.at - _MOMENT_S  # so a message of the same moment is unread
        self._on_roster(event, now)

    def _on_left(self, event: e.Left, now: float) -> None:
        touched = self._on_roster(event, now)
        if event.message.verb == "PART" and self._factory.is_own(event.message):
            for buffer in touched:
                self._changes += self.close(buffer)

    def _on_members_listed(self, event: e.MembersListed, _now: float) -> None:
        touched = self._update_members(event)
        # The list that comes with joining is shown beside the conversation, not in it.
        if event.message.verb != n.RPL_NAMREPLY or all(buffer.has_all_members for buffer in touched):
            self._show(event, touched)

    def _on_renamed(self, event: e.Renamed, _now: float) -> None:
        touched = self._update_members(event, is_reported=False)
        self._rename(event.nick, event.new_nick)
        for buffer in touched:
            self._changed(Aspect.MEMBERS, buffer)
        self._show(event, touched)

    def _on_roster(self, event: e.ServerEvent, _now: float) -> list[Buffer]:
        touched = self._update_members(event)
        self._show(event, touched)
        return touched

    def _on_server_notice(self, event: e.ServerNotice, now: float) -> None:
        match event.message.verb, event.message.params:
            case "PRIVMSG" | "NOTICE", _:
                self._on_received(event, now)
                return
            case n.RPL_ISUPPORT, [_, *tokens, _]:
                self._roster.support(tokens)
                return
            case n.RPL_TOPICWHOTIME, [_, name, source, *_]:
                self._note_topic(name, by=split_source(source)[0])
            case n.RPL_NOTOPIC, [_, name, *_]:
                self._note_topic(name, "")
        self._show(event, self._update_members(event))

    def _update_members(self, event: e.ServerEvent, *, is_reported: bool = True) -> list[Buffer]:
        """Return the buffers whose members have changed."""
        touched = self._roster.apply(event.message, event.own_nick)
        for buffer in touched if is_reported else ():
            self._changed(Aspect.MEMBERS, buffer)
        return touched

    def _room(self, name: str) -> list[Buffer]:
        buffer = self._buffers.get(casefold(name))
        return [buffer] if buffer is not None else []

    def _show(self, event: e.ServerEvent, touched: Sequence[Buffer]) -> None:
        """Add an entry to the buffers that it is about; for a reply without one, to the buffer in focus."""
        if event.is_quiet:
            return
        message = event.message
        if message.verb in _OF_SERVER:
            buffers: Sequence[Buffer] = [self.server]
        elif message.verb.isdecimal() or message.verb in ("FAIL", "WARN", "NOTE", "INVITE"):
            about = [buffer for param in message.params if (buffer := self._buffers.get(casefold(param)))]
            buffers = about[:1] or [self.focused]
        else:
            buffers = touched
        for buffer in buffers:
            if (entry := self._factory.of_event(message, event.own_nick, event.at)) is None:
                continue
            if (whole := buffer.absorb(entry)) is not None:
                self._changed(Aspect.UPDATED, buffer, whole)
            else:
                self._put(buffer, entry)


# Other events change no buffer: RoomsListed, SearchResults, PasswordRequired.
_APPLIERS: Final[dict[type[e.Event], Callable[..., object]]] = {
    e.ClientNotice: Buffers._on_client_notice,
    e.ConnectionChanged: Buffers._on_connection_changed,
    e.Failed: Buffers._on_failed,
    e.Invited: Buffers._on_roster,
    e.Joined: Buffers._on_joined,
    e.Left: Buffers._on_left,
    e.MembersListed: Buffers._on_members_listed,
    e.ModesSet: Buffers._on_roster,
    e.OlderLoaded: Buffers._on_older_loaded,
    e.OlderRequested: Buffers._on_older_requested,
    e.ProfileChanged: Buffers._on_roster,
    e.Quit: Buffers._on_roster,
    e.Reacted: Buffers._on_annotation,
    e.ReadMarkerMoved: Buffers._on_read_marker,
    e.Received: Buffers._on_received,
    e.Redacted: Buffers._on_annotation,
    e.Renamed: Buffers._on_renamed,
    e.Sent: Buffers._on_sent,
    e.ServerNotice: Buffers._on_server_notice,
    e.TopicSet: Buffers._on_topic,
    e.TypingChanged: Buffers._on_typing,
}
