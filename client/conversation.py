"""All that is said: what we say until it has arrived, what others say once, on whatever connection it comes.

Owns the rooms, the outbox and the memory of what was shown; the left half of the picture is in history.py. Messages
of a room go

    history (CHATHISTORY) --------------------------\\
    live, while catching up -> held, until then ------> shown before? -> position -> the person
    live ---------------------------------------------/

Knows nothing of how a connection begins or ends. Pure; whoever holds the session.
"""

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from client.composing import compose, lines_of
from client.events import Said, Undelivered
from client.exchange import Exchange
from client.history import CatchingUp
from client.line_maker import REPLY_TAGS
from client.outbox import Outbox, Pending
from client.room import Position, Presence, Room, Seen, position
from client.wording import reason
from gateway.wire.casefold import fold
from gateway.wire.message import Message, split_source

ASK_AGAIN_S: Final = 10.0  # for a room that could not be joined just now, and for history
CONFIRMED_LIMIT: Final = 100
PEOPLE_LIMIT: Final = 200  # conversations with people that are kept up to date over connections
ID_TAG: Final = "+hubbub/id"  # stays the same when a message is sent again; every gateway takes it once


class Conversation:
    """The rooms of one person, and what is said in them and to single people."""

    def __init__(self, exchange: Exchange, rooms: Sequence[str], new_id: Callable[[], str], backlog: int) -> None:
        self.rooms = {fold(room): Room(room) for room in rooms}
        self.people: dict[str, Room] = {}  # the one talked to first comes first
        self.places = ChainMap(self.rooms, self.people)
        self.current_room = rooms[0] if rooms else ""
        self.outbox = Outbox()
        self.has_failed = False  # something typed here could not be delivered
        self.history = CatchingUp(exchange, self.places, backlog, self._show_once)
        self._exchange = exchange
        self._new_id = new_id
        self._confirmed: dict[str, Pending] = {}  # the last messages to persons, which may still come back
        self._seen = Seen()

    @property
    def is_settled(self) -> bool:
        """Whether all rooms are joined, all that was missed is here, and all that was said has arrived."""
        return not self.outbox and all(room.presence is Presence.READY for room in self.places.values())

    def lose_connection(self) -> None:
        """Be ready for the next connection: the rooms to be joined again, what was in flight in doubt."""
        self.outbox.lose_connection()
        for room in self.places.values():
            room.lose_connection()

    # --- what we say ----------------------------------------------------------------------------------------

    def say(self, verb: str, target: str, text: str, now: float, reply_to: str = "") -> list[str]:
        """Keep a text until it can be sent, as one message or several; their ids."""
        if not target.startswith("#"):
            self.person(target)
        messages = [
            Pending(self._new_id(), verb, target, body, reply_to)
            for body in compose(verb, target, text, self._exchange.registration.batch_limits)
        ]
        for pending in messages:
            self._tell_said(pending, now)
            if self.outbox.is_full:
                self.fail(pending, "too much is waiting to be sent", now)
            else:
                self.outbox.put(pending)
        return [pending.id for pending in messages]

    def flush(self, now: float) -> None:
        """Send what is ready to be sent."""
        registration = self._exchange.registration
        for pending in self.outbox.launch(self._is_ready):
            tags = {}
            if "labeled-response" in registration.agreed:
                tags["label"] = pending.id
            if "message-tags" in registration.agreed:
                tags[ID_TAG] = pending.id
                if pending.reply_to:
                    tags |= dict.fromkeys(REPLY_TAGS, pending.reply_to)
            message = Message(pending.verb, [pending.target, pending.text], tags=tags)
            lines = lines_of(message, registration.batch_limits, pending.id)
            for line in lines or ():
                self._exchange.send(line)
            if lines is None:  # the gateway has taken its offer back
                self.outbox.remove(pending.id)
                self.fail(pending, "the gateway takes no such long message", now)

    def _is_ready(self, target: str) -> bool:
        room = self.places.get(fold(target))
        return room is None or room.presence is Presence.READY

    def _tell_said(self, pending: Pending, now: float, replaces: str = "") -> None:
        said = Said(now, pending.id, pending.verb, pending.target, pending.text, pending.reply_to, replaces)
        self._exchange.events.append(said)

    def fit_to_gateway(self, now: float) -> None:
        """Cut what waits as this connection's gateway takes it, which may be less than the last one took."""
        limits = self._exchange.registration.batch_limits

        def fitting(pending: Pending) -> list[Pending]:
            message = Message(pending.verb, [pending.target, pending.text])
            if lines_of(message, limits, "") is not None:
                return [pending]
            bodies = compose(pending.verb, pending.target, pending.text, limits)
            pieces = [replace(pending, id=f"{pending.id}.{number}", text=body) for number, body in enumerate(bodies)]
            for number, piece in enumerate(pieces):
                self._tell_said(piece, now, replaces=pending.id if number == 0 else "")
            return pieces

        self.outbox.rewrite(fitting)

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
                self._exchange.show(relayed, now, place=pending.target, is_typed_here=True, pending_id=pending.id)

    def fail(self, pending: Pending, reason: str, now: float) -> None:
        self.has_failed = True
        self._exchange.events.append(Undelivered(now, pending.target, pending.text, reason, pending.id))

    def on_message_refused(self, message: Message, now: float) -> None:
        """Take an error for a message: its label tells which one, or else the target that it names."""
        message_id = message.tags.get(ID_TAG) or message.tags.get("label", "")
        pending = self.outbox.remove(message_id) or self._confirmed.pop(message_id, None)
        if pending is None:
            candidates = [self.outbox.sent_with(target) for target in message.params[1:]]
            found = next((candidate for candidate in candidates if candidate), None)
            pending = self.outbox.remove(found.id) if found else None
        if pending is None:
            self._exchange.show(message, now)
        else:
            self.fail(pending, reason(message), now)

    def is_waited_for(self, message: Message) -> bool:
        """Whether this is, by its label, the answer to a message of ours (IRCv3 labeled-response)."""
        return message.tags.get("label", "") in self.outbox

    # --- what is said to us ---------------------------------------------------------------------------------

    def on_message(self, message: Message, now: float) -> None:
        if self.is_waited_for(message) and not self._exchange.naming.is_mine(split_source(message.source or "")[0]):
            self.on_message_refused(message, now)  # a NOTICE, where the gateway has no better words
            return
        room = self.place_of(message)
        if room is not None and room.presence is Presence.CATCHING_UP:
            room.held.append(message)
        else:
            self._show_once(message, room, now)

    def place_of(self, message: Message) -> Room | None:
        """Find the room, or the person, whose conversation a message belongs to; None where it is none."""
        target, nick = message.params[0], split_source(message.source or "")[0]
        if target.startswith("#"):
            return self.rooms.get(fold(target))
        if self._exchange.naming.is_mine(nick):
            return self.person(target)
        is_personal = "!" in (message.source or "") and self._exchange.naming.is_mine(target)
        return self.person(nick) if is_personal else None

    def _show_once(self, message: Message, room: Room | None, now: float, *, is_history: bool = False) -> bool:
        """Show a message unless it was shown before; True if it was new."""
        is_typed_here, pending_id = self._confirm(message, is_history=is_history)
        # A message has two ids: the network's, and its sender's, which stays the same when it is sent again.
        ids = [f"{key}={message.tags[key]}" for key in ("msgid", ID_TAG) if message.tags.get(key)]
        if not ids and "time" in message.tags:
            ids = [replace(message, tags={"time": message.tags["time"]}).line()]
        are_new = [self._seen.add(message_id) for message_id in ids]
        is_new = all(are_new)
        if is_new and room is not None:
            room.position = position(message, now)
        if is_new or pending_id:
            self._exchange.show(
                message,
                now,
                place=room.name if room else "",
                is_typed_here=is_typed_here,
                pending_id=pending_id,
                is_history=is_history,
                is_quiet=not is_new,
            )
        return is_new

    def _confirm(self, message: Message, *, is_history: bool) -> tuple[bool, str]:
        """Forget the message of ours that this one is, for it has arrived: whether it is ours, and its id."""
        if message.verb not in ("PRIVMSG", "NOTICE"):
            return False, ""
        message_id = message.tags.get(ID_TAG) or message.tags.get("label", "")
        if pending := self.outbox.remove(message_id):
            self._note_confirmed(pending)
            return True, pending.id
        naming = self._exchange.naming
        nick = split_source(message.source or "")[0]
        if is_history:
            is_echo, is_ours = False, naming.was_mine(nick)
        else:
            is_echo = is_ours = naming.is_mine(nick) and self._exchange.registration.has_echo
        if is_ours and not message_id and (found := self.outbox.sent_with(*message.params[:2])):
            self.outbox.remove(found.id)
            return True, found.id
        return is_echo, ""

    def _note_confirmed(self, pending: Pending) -> None:
        """Remember a message to a person: who has just left cannot be told from who is there until it was tried."""
        if fold(pending.target) not in self.rooms:
            self._confirmed[pending.id] = pending
            if len(self._confirmed) > CONFIRMED_LIMIT:
                del self._confirmed[next(iter(self._confirmed))]

    # --- people ---------------------------------------------------------------------------------------------

    def person(self, nick: str) -> Room:
        """Find the conversation with someone, or begin it."""
        if (known := self.people.get(fold(nick))) is not None:
            return known
        if len(self.people) >= PEOPLE_LIMIT:
            idle = (each for each in self.people if self.people[each].presence is Presence.READY)
            self.people.pop(next(idle, ""), None)
        self.people[fold(nick)] = Room(nick, is_person=True)
        return self.people[fold(nick)]

    def renamed(self, old: str, new: str) -> None:
        """Note that someone is called otherwise: the conversation goes on."""
        person = self.people.get(fold(old))
        if person is not None and (fold(new) == fold(old) or fold(new) not in self.people):
            del self.people[fold(old)]
            person.name = new
            self.people[fold(new)] = person

    def catch_up_with(self, nick: str, since: float, now: float) -> None:
        """Fetch what was said in a conversation since `since`, if it began then."""
        person = self.person(nick)
        if person.position is None:
            person.position = Position("", since)
            self.history.begin(person, now)

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
        for person in self.people.values():
            if person.position is not None and self._exchange.registration.has_history:
                person.presence, person.asked_at = Presence.CATCHING_UP, now

    def catch_up_with_people(self, now: float) -> None:
        """Fetch what was missed of what people said, when the gateway has told how much it gives at once."""
        for person in self.people.values():
            if person.presence is Presence.CATCHING_UP:
                self.history.begin(person, now)

    def tick(self, now: float) -> None:
        for room in list(self.places.values()):
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
        is_first = room.position is None
        self._exchange.show(message, now, place=name, is_quiet=not is_first)
        if is_first:
            room.position = position(message, now)
        self.history.begin(room, now, is_first=is_first)

    def on_join_refused(self, room: Room, message: Message, now: float) -> None:
        self.leave(room.name)
        self._exchange.show(message, now)
