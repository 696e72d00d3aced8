"""All that is said: what we say until it has arrived, what others say once, on whatever connection it comes.

Owns the rooms, the outbox and the memory of what was shown; the left half of the picture is in history.py. Messages
of a room go

    history (CHATHISTORY) --------------------------\\
    live, while catching up -> held, until then ------> shown before? -> position -> the person
    live ---------------------------------------------/

Knows nothing of how a connection begins or ends. Pure; whoever holds the session.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from client.events import Undelivered
from client.exchange import Exchange
from client.history import CatchingUp
from client.outbox import Outbox, Pending, split_text
from client.room import Presence, Room, Seen, position
from gateway.wire.casefold import fold
from gateway.wire.message import Message, split_source

ASK_AGAIN_S: Final = 10.0  # for a room that could not be joined just now, and for history
CONFIRMED_LIMIT: Final = 100
ID_TAG: Final = "+hubbub/id"  # stays the same when a message is sent again; every gateway takes it once

# A relayed line has its source before it: nick, user and host at their largest (Modern IRC "Message Format").
_LINE_LIMIT_BYTES: Final = 512 - len(":" + "!" + "@" + " " + "\r\n") - 30 - 20 - 63
_ACTION: Final = "\x01ACTION "


class Conversation:
    """The rooms of one person, and what is said in them and to single people."""

    def __init__(self, exchange: Exchange, rooms: Sequence[str], new_id: Callable[[], str], backlog: int) -> None:
        self.rooms = {fold(room): Room(room) for room in rooms}
        self.current_room = rooms[0] if rooms else ""
        self.outbox = Outbox()
        self.has_failed = False  # something typed here could not be delivered
        self.history = CatchingUp(exchange, self.rooms, backlog, self._show_once)
        self._exchange = exchange
        self._new_id = new_id
        self._confirmed: dict[str, Pending] = {}  # the last messages to persons, which may still come back
        self._seen = Seen()

    @property
    def is_settled(self) -> bool:
        """Whether all rooms are joined, all that was missed is here, and all that was said has arrived."""
        return not self.outbox and all(room.presence is Presence.READY for room in self.rooms.values())

    def lose_connection(self) -> None:
        """Be ready for the next connection: the rooms to be joined again, what was in flight in doubt."""
        self.history.lose_connection()
        self.outbox.lose_connection()
        for room in self.rooms.values():
            room.lose_connection()

    # --- what we say ----------------------------------------------------------------------------------------

    def say(self, verb: str, target: str, text: str, now: float) -> None:
        """Keep a message until it can be sent; a long one is cut into several."""
        is_action = text.startswith(_ACTION)
        text = text.removeprefix(_ACTION).removesuffix("\x01") if is_action else text
        limit_bytes = _LINE_LIMIT_BYTES - len(f"{verb} {target} :{_ACTION}\x01".encode())
        for piece in split_text(text, limit_bytes):
            body = f"{_ACTION}{piece}\x01" if is_action else piece
            pending = Pending(self._new_id(), verb, target, body)
            if self.outbox.is_full:
                self.fail(pending, "too much is waiting to be sent", now)
            else:
                self.outbox.put(pending)

    def flush(self) -> None:
        """Send what is ready to be sent."""
        agreed = self._exchange.registration.agreed
        for pending in self.outbox.launch(self._is_ready):
            tags = {}
            if "labeled-response" in agreed:
                tags["label"] = pending.id
            if "message-tags" in agreed:
                tags[ID_TAG] = pending.id
            self._exchange.send(Message(pending.verb, [pending.target, pending.text], tags=tags))

    def _is_ready(self, target: str) -> bool:
        room = self.rooms.get(fold(target))
        return room is None or room.presence is Presence.READY

    def settle(self, pending_ids: Sequence[str], now: float) -> None:
        """Take a PONG: what was sent before its PING has arrived, unless there should have been an echo."""
        for pending_id in pending_ids:
            if (pending := self.outbox.remove(pending_id)) is None:
                continue
            if self._exchange.registration.has_echo:
                self.fail(pending, "the gateway did not confirm it", now)
            else:
                self._seen.add(f"{ID_TAG}={pending.id}")
                relayed = Message(pending.verb, [pending.target, pending.text], self._exchange.naming.current)
                self._exchange.show(relayed, now, is_typed_here=True)

    def fail(self, pending: Pending, reason: str, now: float) -> None:
        self.has_failed = True
        self._exchange.events.append(Undelivered(now, pending.target, pending.text, reason))

    def on_message_refused(self, message: Message, now: float) -> None:
        """Take an error for a message: its label tells which one, or else the target that it names."""
        message_id = message.tags.get(ID_TAG) or self.history.label(message)
        pending = self.outbox.remove(message_id) or self._confirmed.pop(message_id, None)
        if pending is None:
            candidates = [self.outbox.sent_with(target) for target in message.params[1:]]
            found = next((candidate for candidate in candidates if candidate), None)
            pending = self.outbox.remove(found.id) if found else None
        if pending is None:
            self._exchange.show(message, now)
        else:
            self.fail(pending, message.params[-1], now)

    def is_waited_for(self, message: Message) -> bool:
        """Whether this is, by its label, the answer to a message of ours (IRCv3 labeled-response)."""
        return self.history.label(message) in self.outbox

    # --- what is said to us ---------------------------------------------------------------------------------

    def on_message(self, message: Message, now: float) -> None:
        if self.is_waited_for(message) and not self._exchange.naming.is_mine(split_source(message.source or "")[0]):
            self.on_message_refused(message, now)  # a NOTICE, where the gateway has no better words
            return
        if not self.history.takes(message, now):
            self._show_once(message, now)

    def _show_once(self, message: Message, now: float, *, is_history: bool = False) -> bool:
        """Show a message unless it was shown before; True if it was new."""
        is_typed_here = self._confirm(message, is_history=is_history)
        # A message has two ids: the network's, and its sender's, which stays the same when it is sent again.
        ids = [f"{key}={message.tags[key]}" for key in ("msgid", ID_TAG) if message.tags.get(key)]
        if not ids and "time" in message.tags:
            ids = [replace(message, tags={"time": message.tags["time"]}).line()]
        are_new = [self._seen.add(message_id) for message_id in ids]
        if not all(are_new):
            return False
        if (room := self.rooms.get(fold(message.params[0]))) is not None:
            room.position = position(message, now)
        self._exchange.show(message, now, is_typed_here=is_typed_here)
        return True

    def _confirm(self, message: Message, *, is_history: bool) -> bool:
        """Forget the message of ours that this one is, for it has arrived; False if it is none of ours."""
        message_id = message.tags.get(ID_TAG) or message.tags.get("label", "")
        if pending := self.outbox.remove(message_id):
            self._note_confirmed(pending)
            return True
        naming = self._exchange.naming
        nick = split_source(message.source or "")[0]
        if is_history:
            is_echo, is_ours = False, naming.was_mine(nick)
        else:
            is_echo = is_ours = naming.is_mine(nick) and self._exchange.registration.has_echo
        if is_ours and not message_id and (found := self.outbox.sent_with(*message.params[:2])):
            return self.outbox.remove(found.id) is not None
        return is_echo

    def _note_confirmed(self, pending: Pending) -> None:
        """Remember a message to a person: who has just left cannot be told from who is there until it was tried."""
        if fold(pending.target) not in self.rooms:
            self._confirmed[pending.id] = pending
            if len(self._confirmed) > CONFIRMED_LIMIT:
                del self._confirmed[next(iter(self._confirmed))]

    # --- rooms ----------------------------------------------------------------------------------------------

    def enter(self, name: str, key: str, now: float) -> None:
        """Want to be in a room, over all connections to come, and talk there."""
        self.current_room = name
        room = self.rooms.setdefault(fold(name), Room(name))
        room.key = key or room.key
        if room.presence is Presence.AWAITED:
            self._ask(room, now)

    def leave(self, name: str) -> None:
        self.rooms.pop(fold(name), None)
        if fold(self.current_room) == fold(name):
            self.current_room = next((room.name for room in self.rooms.values()), "")

    def enter_all(self, now: float) -> None:
        """Join on a new connection what was joined on the last one."""
        for room in self.rooms.values():
            self._ask(room, now)

    def tick(self, now: float) -> None:
        for room in list(self.rooms.values()):
            if room.presence is Presence.CATCHING_UP:
                self.history.tick(room, now, ASK_AGAIN_S)
            elif room.presence is Presence.AWAITED and now - room.asked_at >= ASK_AGAIN_S:
                self._ask(room, now)

    def _ask(self, room: Room, now: float) -> None:
        if self._exchange.is_registered:
            room.asked_at = now
            self._exchange.send(Message("JOIN", [room.name, room.key] if room.key else [room.name]))

    def on_own_join(self, message: Message, now: float) -> None:
        """Be in a room: at once, or when what was missed is here."""
        name = message.params[0]
        room = self.rooms.setdefault(fold(name), Room(name))
        if room.presence is not Presence.AWAITED:
            return
        if fold(self.current_room) == fold(name):
            self.current_room = name
        room.name = name
        if room.position is None:
            room.position = position(message, now)
            self._exchange.show(message, now)
            self.history.begin(room, now, is_first=True)
        else:
            self.history.begin(room, now)

    def on_join_refused(self, room: Room, message: Message, now: float) -> None:
        self.leave(room.name)
        self._exchange.show(message, now)
