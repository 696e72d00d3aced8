"""From the effects of an entry to bytes in the outboxes of the lane's clients: the hot path of the network.

A run of messages is rendered once for each variant of readers, and every member is sent the same bytes object. Only a
sender of this lane gets a copy of its own: without its lines, or with labels on their echo. Other effects go to
state_changes.py, in their order. Runs on the lane's thread.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.chat.capabilities import BATCH, ECHO_MESSAGE, MESSAGE_TAGS, MULTILINE
from gateway.chat.effects import Effects, Joined, MessageSent, MultilineSent, Outcome, Reason, Rejection
from gateway.chat.events import Entry
from gateway.chat.multiline import takes_batches
from gateway.chat.render import (
    labeled_piece,
    message_pieces,
    multiline_pieces,
    piece,
    tags,
)
from gateway.lane.clients.client import Client
from gateway.lane.fanout.listener import StateChangeListener
from gateway.lane.fanout.outboxes import Outboxes
from gateway.lane.fanout.state_changes import StateChanges
from gateway.lane.fanout.visible_users import VisibleUsers
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.net.connection import ClientConnection


class Fanout:
    """Delivers the effects of each entry to the clients in the room."""

    def __init__(
        self,
        lane: str,
        clients: dict[str, Client],
        users: VisibleUsers,
        log_writer: LogWriter,
        outboxes: Outboxes,
        changes: StateChanges,
        listener: StateChangeListener,
        finish: Callable[[PendingEvent, Outcome], None],
    ) -> None:
        """``clients``: the lane's registered clients, by session id. ``finish`` ends an event that was under way."""
        self.rekeyed(lane)
        self._clients = clients
        self._users = users
        self._log_writer = log_writer
        self._write = outboxes.write
        self._changes = changes
        self._listener = listener
        self._finish = finish

    def rekeyed(self, lane: str) -> None:
        """Take the lane's id, at first and after a rekey."""
        self._origin = f"{lane}:"

    def entry(self, followed: LocalRoom, entry: Entry, effects: Effects) -> None:
        """Deliver the effects of an entry in order, and finish those of its events that are this lane's."""
        pendings: Sequence[PendingEvent] | None = None
        if entry.origin.startswith(self._origin):
            pendings = self._log_writer.acknowledge(followed.name, entry.origin)
        if followed.shown and followed.is_replayed(entry.origin):
            effects = _without_messages(effects)  # the log had lost the entry, and clients have seen it
        if effects.plain:
            run_of_all: Any = effects
            self._send_messages(followed, entry, run_of_all, True, pendings)
            for pending, effect in zip(pendings or (), effects, strict=False):
                self._finish(pending, effect)
            return
        self._changes.begin_entry()
        start, end = 0, len(effects)
        while start < end:
            stop = start
            while stop < end and effects[stop].__class__ is MessageSent:
                stop += 1
            if stop > start:
                run: Any = effects if stop - start == end else effects[start:stop]
                self._send_messages(followed, entry, run, effects.plain, pendings)
            else:
                stop += 1
                effect = effects[start]
                if isinstance(effect, MultilineSent):
                    self._send_multiline(followed, entry, effect, pendings)
                else:
                    is_awaited = pendings is not None and _is_awaited(pendings[effect.index])
                    self._changes.handle(followed, entry, effect, is_awaited=is_awaited)
            start = stop
        if pendings is not None:
            # After all effects, since the room has applied all of them: NAMES must not be ahead of the JOINs shown.
            for index, effect in {effect.index: effect for effect in effects if effect.sid}.items():
                is_dead = isinstance(effect, Rejection) and effect.reason is Reason.GATEWAY_DEAD
                if not is_dead or not self._listener.rejected_after_gone(followed, pendings[index]):
                    self._finish(pendings[index], effect)
            rejected = {effect.index for effect in effects if isinstance(effect, Rejection)}
            if rejected:
                self._log_writer.forget_rejected(followed.name, entry, rejected)
        elif entry.origin.startswith(self._origin):  # restored: no handler waits for it
            for effect in effects:
                if isinstance(effect, Joined) and self._changes.has_joined(effect.sid):
                    self._listener.rejoined(effect)

    def _send_messages(
        self,
        followed: LocalRoom,
        entry: Entry,
        run: list[MessageSent],
        plain: bool,
        pendings: Sequence[PendingEvent] | None,
    ) -> None:
        if self._users.stale_names:
            plain = self._users.with_current_nick(run) and plain
        clients = self._clients
        own = [(i, clients[effect.sid]) for i, effect in enumerate(run) if effect.sid in clients]
        for variant, audience in followed.audience.items():
            if plain and not variant and len(run) == len(entry.sids):
                whole, pieces = entry.body, [entry.body] if len(run) == 1 else None
            else:
                pieces = message_pieces(run, entry.id, variant, followed.mark, self._users.senders)
                whole = b"".join(pieces)
            if own:
                pieces = pieces or [f"{effect.line}\r\n".encode() for effect in run]
                self._write(audience, whole, self._own_copies(audience, pieces, own, run, pendings))
            elif whole:
                self._write(audience, whole)

    def _send_multiline(
        self, followed: LocalRoom, entry: Entry, effect: MultilineSent, pendings: Sequence[PendingEvent] | None
    ) -> None:
        """Send a message of several lines, as a batch to readers that accept one. Batches make no variant."""
        self._users.with_current_nick((effect,))
        sender = self._clients.get(effect.sid)
        label = pendings[effect.index].label if pendings is not None else ""
        for variant, audience in followed.audience.items():
            for caps in (variant, variant | BATCH | MULTILINE):
                readers = {c: a for c, a in audience.items() if takes_batches(a.session.caps) == takes_batches(caps)}
                if not readers:
                    continue
                first, *others = multiline_pieces(effect, entry.id, caps, followed.mark, self._users.sender(effect.sid))
                copies = None
                if sender is not None and sender.connection in readers:
                    echo = [labeled_piece(first, label, caps), *others] if sender.session.caps & ECHO_MESSAGE else []
                    copies = {sender.connection: b"".join(echo)}
                self._write(readers, b"".join((first, *others)), copies)

    def ephemeral(self, followed: LocalRoom, entry: Entry) -> None:
        """Show an ephemeral entry. Its sender has had the echo already."""
        for effect in followed.room.show_ephemeral(entry):
            self._users.with_current_nick((effect,))
            sender = self._clients.get(effect.sid)
            for variant, audience in followed.audience.items():
                if variant & MESSAGE_TAGS:
                    prefix = tags(variant, entry.id, "", effect.tags, self._users.sender(effect.sid))
                    data = piece(f"{prefix}{effect.line}", variant)
                    self._write(audience, data, None if sender is None else {sender.connection: b""})

    def _own_copies(
        self,
        audience: Mapping[ClientConnection, Client],
        pieces: list[bytes],
        own: list[tuple[int, Client]],
        run: list[MessageSent],
        pendings: Sequence[PendingEvent] | None,
    ) -> dict[ClientConnection, bytes] | None:
        """The copies of senders: without their own lines, or with the label on the echo. None if all get the same."""
        copies: dict[ClientConnection, list[bytes]] = {}
        for i, client in own:
            connection = client.connection
            label = pendings[run[i].index].label if pendings is not None else ""
            echoes = client.session.caps & ECHO_MESSAGE
            if (echoes and not label) or connection not in audience:
                continue
            if len(pieces) == 1:
                return {connection: labeled_piece(pieces[0], label, client.variant) if echoes else b""}
            copy = copies.get(connection)
            if copy is None:
                copy = copies[connection] = pieces.copy()
            copy[i] = labeled_piece(pieces[i], label, client.variant) if echoes else b""
        return {connection: b"".join(copy) for connection, copy in copies.items()} if copies else None


def _without_messages(effects: Effects) -> Effects:
    changes = Effects(effect for effect in effects if not isinstance(effect, MessageSent | MultilineSent))
    changes.plain = False
    return changes


def _is_awaited(pending: PendingEvent) -> bool:
    """Whether a handler waits for the event, so that its lines are part of the handler's response."""
    return pending.wait is not None and not pending.wait.done
