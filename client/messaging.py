"""Messages: what the user sends until it is confirmed, and what others send, shown exactly once over all connections.

Owns the conversations, the outbox and the ids of what was shown. The messages of a conversation go this way (the left
half is in history.py):

    history (CHATHISTORY) ----------------------------\\
    live, while catching up -> held until then ---------> shown before? -> position -> screen
    live ---------------------------------------------/

Knows nothing of how a connection begins or ends. Pure; under the session's lock.
"""

from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from client.composing import compose, lines_of
from client.conversation import Conversation, Position, ShownIds, SyncState, position
from client.events import Failed, Sent
from client.exchange import Exchange
from client.history import CatchUp
from client.outbox import Outbox, UnsentMessage
from client.phrases import reason
from client.tags import ID_TAG, REPLY_TAGS
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source

ASK_AGAIN_S: Final = 10.0  # for a JOIN without an answer, and for history
CONFIRMED_LIMIT: Final = 100
PEOPLE_LIMIT: Final = 200  # conversations with people that are brought up to date after a reconnect


class Messaging:
    """The conversations of one user, with rooms and with people."""

    def __init__(self, exchange: Exchange, rooms: Sequence[str], new_id: Callable[[], str], backlog: int) -> None:
        self.rooms = {casefold(room): Conversation(room) for room in rooms}
        self.people: dict[str, Conversation] = {}  # in the order of the first message
        self.conversations = ChainMap(self.rooms, self.people)
        self.current_room = rooms[0] if rooms else ""
        self.outbox = Outbox()
        self.has_failed = False  # a message was not delivered
        self.history = CatchUp(exchange, self.conversations, backlog, self._show_once)
        self._exchange = exchange
        self._new_id = new_id
        self._confirmed: dict[str, UnsentMessage] = {}  # the last messages to people, which may still be refused
        self._seen = ShownIds()

    @property
    def is_settled(self) -> bool:
        """Tell whether all rooms are joined, all missed messages are here, and all sent messages are confirmed."""
        return not self.outbox and all(room.sync_state is SyncState.READY for room in self.conversations.values())

    def lose_connection(self) -> None:
        """Prepare for the next connection: rooms are to be joined again, and messages in flight are in doubt."""
        self.outbox.lose_connection()
        for room in self.conversations.values():
            room.lose_connection()

    # --- sending -------------------------------------------------------------------------------------------

    def say(self, verb: str, target: str, text: str, now: float, reply_to: str = "") -> list[str]:
        """Queue a text as one or more messages; return their client msgids."""
        if not target.startswith("#"):
            self.person(target)
        messages = [
            UnsentMessage(self._new_id(), verb, target, body, reply_to)
            for body in compose(verb, target, text, self._exchange.login.batch_limits)
        ]
        for unsent in messages:
            self._report_sent(unsent, now)
            self._put(unsent, now)
        return [unsent.id for unsent in messages]

    def react(self, target: str, msgid: str, reaction: str, now: float, *, removes: bool) -> None:
        """Add a reaction to a message, or remove it (IRCv3 react); it is delivered like a message."""
        self._put(UnsentMessage(self._new_id(), "TAGMSG", target, "", msgid, reaction, removes), now)

    def _put(self, unsent: UnsentMessage, now: float) -> None:
        if self.outbox.is_full:
            self.fail(unsent, "too much is waiting to be sent", now)
        else:
            self.outbox.put(unsent)

    def flush(self, now: float) -> None:
        """Send what is ready to be sent."""
        for unsent in self.outbox.launch(self._is_ready):
            lines, problem = self._lines_of(unsent)
            for line in lines:
                self._exchange.send(line)
            if problem:
                self.outbox.remove(unsent.id)
                self.fail(unsent, problem, now)

    def _lines_of(self, unsent: UnsentMessage) -> tuple[Sequence[Message], str]:
        """Return the lines of a message on this connection, or why it cannot be sent."""
        login = self._exchange.login
        message = _message_of(unsent)
        if "message-tags" not in login.agreed:
            if unsent.reaction:
                return (), "this gateway has no reactions"
            message.tags.clear()
        if "labeled-response" in login.agreed:
            message.tags = {"label": unsent.id, **message.tags}
        if unsent.reaction:
            return [message], ""
        lines = lines_of(message, login.batch_limits, unsent.id)
        if lines is None:  # the gateway has withdrawn draft/multiline
            return (), "the gateway takes no such long message"
        return lines, ""

    def _is_ready(self, target: str) -> bool:
        room = self.conversations.get(casefold(target))
        return room is None or room.sync_state is SyncState.READY

    def _report_sent(self, unsent: UnsentMessage, now: float, replaces: str = "") -> None:
        said = Sent(now, unsent.id, unsent.verb, unsent.target, unsent.text, unsent.reply_to, replaces)
        self._exchange.events.append(said)

    def fit_to_gateway(self, now: float) -> None:
        """Split waiting messages to the limits of this connection, which may be lower than the last one's."""
        limits = self._exchange.login.batch_limits

        def fitting(unsent: UnsentMessage) -> list[UnsentMessage]:
            message = Message(unsent.verb, [unsent.target, unsent.text])
            if unsent.reaction or lines_of(message, limits, "") is not None:
                return [unsent]
            bodies = compose(unsent.verb, unsent.target, unsent.text, limits)
            pieces = [replace(unsent, id=f"{unsent.id}.{number}", text=body) for number, body in enumerate(bodies)]
            for number, piece in enumerate(pieces):
                self._report_sent(piece, now, replaces=unsent.id if number == 0 else "")
            return pieces

        self.outbox.rewrite(fitting)

    def confirm_sent(self, client_msgids: Sequence[str], now: float) -> None:
        """Handle a PONG: messages sent before its PING have arrived, except those that lack their echo."""
        for client_msgid in client_msgids:
            if (unsent := self.outbox.remove(client_msgid)) is None:
                continue
            if self._exchange.login.has_echo:
                self.fail(unsent, "the gateway did not confirm it", now)
            else:
                self._seen.add(f"{ID_TAG}={unsent.id}")
                relayed = _message_of(unsent)
                relayed.source = self._exchange.naming.current
                self._exchange.show(
                    relayed, now, conversation=unsent.target, is_typed_here=True, client_msgid=unsent.id
                )

    def fail(self, unsent: UnsentMessage, reason: str, now: float) -> None:
        self.has_failed = True
        if unsent.reaction:
            text = f"your reaction {unsent.reaction} was not delivered: {reason}"
            self._exchange.notify(text, now, conversation=unsent.target)
        else:
            self._exchange.events.append(Failed(now, unsent.target, unsent.text, reason, unsent.id))

    def on_message_refused(self, message: Message, now: float) -> None:
        """Handle an error for a message, found by its label, or else by its target."""
        message_id = message.tags.get(ID_TAG) or message.tags.get("label", "")
        unsent = self.outbox.remove(message_id) or self._confirmed.pop(message_id, None)
        if unsent is None:
            candidates = [self.outbox.sent_with(target) for target in message.params[1:]]
            found = next((candidate for candidate in candidates if candidate), None)
            unsent = self.outbox.remove(found.id) if found else None
        if unsent is None:
            self._exchange.show(message, now)
        else:
            self.fail(unsent, reason(message), now)

    def answers_own_message(self, message: Message) -> bool:
        """Tell whether this is, by its label, the answer to a message of ours (IRCv3 labeled-response)."""
        return message.tags.get("label", "") in self.outbox

    # --- receiving -----------------------------------------------------------------------------------------

    def on_message(self, message: Message, now: float) -> None:
        if self.answers_own_message(message) and not self._exchange.naming.is_mine(
            split_source(message.source or "")[0]
        ):
            self.on_message_refused(message, now)  # a NOTICE, from a server without a better reply
            return
        room = self.conversation_of(message)
        if room is not None and room.sync_state is SyncState.CATCHING_UP:
            room.held.append(message)
        else:
            self._show_once(message, room, now)

    def conversation_of(self, message: Message) -> Conversation | None:
        """Return the conversation that a message belongs to, None if there is none."""
        target, nick = message.params[0], split_source(message.source or "")[0]
        if target.startswith("#"):
            return self.rooms.get(casefold(target))
        if self._exchange.naming.is_mine(nick):
            return self.person(target)
        is_personal = "!" in (message.source or "") and self._exchange.naming.is_mine(target)
        return self.person(nick) if is_personal else None

    def _show_once(self, message: Message, room: Conversation | None, now: float, *, is_history: bool = False) -> bool:
        """Show a message unless it was shown before; True if it was new."""
        is_typed_here, client_msgid = self._confirm(message, is_history=is_history)
        # A message has two ids: the network's, and the sender's, which stays the same when it is sent again.
        ids = [f"{key}={message.tags[key]}" for key in ("msgid", ID_TAG) if message.tags.get(key)]
        if not ids and "time" in message.tags:
            ids = [replace(message, tags={"time": message.tags["time"]}).line()]
        are_new = [self._seen.add(message_id) for message_id in ids]
        is_new = all(are_new)
        if is_new and room is not None:
            room.position = position(message, now)
        if is_new or client_msgid:
            self._exchange.show(
                message,
                now,
                conversation=room.name if room else "",
                is_typed_here=is_typed_here,
                client_msgid=client_msgid,
                is_history=is_history,
                is_quiet=not is_new,
            )
        return is_new

    def _confirm(self, message: Message, *, is_history: bool) -> tuple[bool, str]:
        """Remove our message from the outbox when it comes back; return whether it is ours, and its client msgid."""
        if message.verb not in ("PRIVMSG", "NOTICE", "TAGMSG"):
            return False, ""
        message_id = message.tags.get(ID_TAG) or message.tags.get("label", "")
        if unsent := self.outbox.remove(message_id):
            self._note_confirmed(unsent)
            return True, unsent.id
        naming = self._exchange.naming
        nick = split_source(message.source or "")[0]
        if is_history:
            is_echo, is_ours = False, naming.was_mine(nick)
        else:
            is_echo = is_ours = naming.is_mine(nick) and self._exchange.login.has_echo
        if (
            is_ours
            and not message_id
            and message.verb != "TAGMSG"
            and (found := self.outbox.sent_with(*message.params[:2]))
        ):
            self.outbox.remove(found.id)
            return True, found.id
        return is_echo, ""

    def _note_confirmed(self, unsent: UnsentMessage) -> None:
        """Remember a message to a person: an error may follow its echo if they have just left."""
        if casefold(unsent.target) not in self.rooms:
            self._confirmed[unsent.id] = unsent
            if len(self._confirmed) > CONFIRMED_LIMIT:
                del self._confirmed[next(iter(self._confirmed))]

    # --- people ---------------------------------------------------------------------------------------------

    def person(self, nick: str) -> Conversation:
        """Return the conversation with a person, new or not."""
        if (known := self.people.get(casefold(nick))) is not None:
            return known
        if len(self.people) >= PEOPLE_LIMIT:
            idle = (each for each in self.people if self.people[each].sync_state is SyncState.READY)
            self.people.pop(next(idle, ""), None)
        self.people[casefold(nick)] = Conversation(nick, is_person=True)
        return self.people[casefold(nick)]

    def renamed(self, old: str, new: str) -> None:
        """Continue a conversation under the new nick of a person."""
        person = self.people.get(casefold(old))
        if person is not None and (casefold(new) == casefold(old) or casefold(new) not in self.people):
            del self.people[casefold(old)]
            person.name = new
            self.people[casefold(new)] = person

    def catch_up_with(self, nick: str, since: float, now: float) -> None:
        """Fetch the messages of a new conversation since a time."""
        person = self.person(nick)
        if person.position is None:
            person.position = Position("", since)
            self.history.begin(person, now)

    # --- rooms ----------------------------------------------------------------------------------------------

    def join(self, name: str, key: str, now: float) -> None:
        """Join a room, on this and all later connections, and make it the current conversation."""
        self.current_room = name
        room = self.rooms.setdefault(casefold(name), Conversation(name))
        room.key = key or room.key
        if room.sync_state is SyncState.AWAITED:
            self._ask(room, now)

    def leave(self, name: str) -> None:
        self.rooms.pop(casefold(name), None)
        if casefold(self.current_room) == casefold(name):
            self.current_room = next((room.name for room in self.rooms.values()), "")

    def join_all(self, now: float) -> None:
        """Join all rooms again on a new connection."""
        for room in self.rooms.values():
            self._ask(room, now)
        for person in self.people.values():
            if person.position is not None and self._exchange.login.has_history:
                person.sync_state, person.asked_at = SyncState.CATCHING_UP, now

    def catch_up_with_people(self, now: float) -> None:
        """Fetch missed direct messages, once ISUPPORT has given the size of a page."""
        for person in self.people.values():
            if person.sync_state is SyncState.CATCHING_UP:
                self.history.begin(person, now)

    def tick(self, now: float) -> None:
        for room in list(self.conversations.values()):
            if room.sync_state is SyncState.CATCHING_UP:
                self.history.tick(room, now, ASK_AGAIN_S)
            elif room.sync_state is SyncState.AWAITED and now - room.asked_at >= ASK_AGAIN_S:
                self._ask(room, now)

    def _ask(self, room: Conversation, now: float) -> None:
        if self._exchange.is_registered:
            room.asked_at = now
            self._exchange.send(Message("JOIN", [room.name, room.key] if room.key else [room.name]))

    def on_own_join(self, message: Message, now: float) -> None:
        """Note that a room is joined; it is ready when missed messages are here."""
        name = message.params[0]
        room = self.rooms.setdefault(casefold(name), Conversation(name))
        if room.sync_state is not SyncState.AWAITED:
            return
        if casefold(self.current_room) == casefold(name):
            self.current_room = name
        room.name = name
        is_first = room.position is None
        self._exchange.show(message, now, conversation=name, is_quiet=not is_first)
        if is_first:
            room.position = position(message, now)
        self.history.begin(room, now, is_first=is_first)

    def on_join_refused(self, room: Conversation, message: Message, now: float) -> None:
        self.leave(room.name)
        self._exchange.show(message, now)


def _message_of(unsent: UnsentMessage) -> Message:
    """Return a message with its client tags, without a label."""
    tags = {ID_TAG: unsent.id}
    if unsent.reply_to:
        tags |= dict.fromkeys(REPLY_TAGS, unsent.reply_to)
    if unsent.reaction:
        tags["+draft/unreact" if unsent.removes_reaction else "+draft/react"] = unsent.reaction
    return Message(unsent.verb, [unsent.target, unsent.text] if unsent.text else [unsent.target], tags=tags)
