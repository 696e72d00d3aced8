"""The client without its sockets: bytes and typed messages in, bytes to send and events to show out.

    typed line  -> request() \\                  / take_output() -> bytes for the gateway
    from socket -> receive()  >  one Session  -<
    the clock   -> tick()    /                  \\ take_events() -> lines for the person

A session outlives its connections: its name, its rooms and what waits to be sent stay when one is lost. It
knows neither sockets nor threads; the clock comes in as `now`, in seconds since the epoch. Pure; on whichever
thread holds it.
"""

from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Final

from client.batches import Batches, HistoryBatch
from client.conversation import Position
from client.error_replies import ErrorReplies
from client.events import ConnectionChanged, ConnectionState, Event, PasswordRequired
from client.exchange import Exchange
from client.history import HistoryLoader
from client.messaging import Messaging
from client.naming import Naming
from client.pings import Pings
from client.room_directory import RoomDirectory
from client.saved_state import SavedState
from client.server_events import ServerEvents
from client.tags import server_time
from client.typing_and_read_markers import TypingAndReadMarkers, TypingState
from gateway.wire import numerics as n
from gateway.wire.casefold import fold
from gateway.wire.framing import LineBuffer
from gateway.wire.message import Message, parse

DEAD_AFTER_S: Final = 60.0  # silence after which the connection is given up
REGISTRATION_LIMIT_S: Final = 20.0
RECEIVED_LINE_LIMIT_BYTES: Final = 8192  # more than Modern IRC allows: other servers are lax


class Session:
    """One person's presence on the network, over any number of connections."""

    def __init__(
        self,
        name: str,
        rooms: Sequence[str],
        new_id: Callable[[], str],
        *,
        password: str = "",
        backlog: int = 0,
        since: float | None = None,
        joins_lobby: bool = False,
    ) -> None:
        """`new_id` gives a fresh random token; a first JOIN asks for `backlog` old messages, or for all `since`.

        `joins_lobby`: without any room, join the one that the network names as its lobby.
        """
        self.naming = Naming(name, lambda: new_id()[:4])
        self._exchange = Exchange(self.naming)
        self._typing_and_marks = TypingAndReadMarkers()
        self.messaging = Messaging(self._exchange, rooms, new_id, backlog)
        self._history_loader = HistoryLoader(self._exchange, new_id, self.messaging.catch_up_with)
        self._error_replies = ErrorReplies(self._exchange, self.messaging, self._history_loader)
        if since is not None:
            for room in self.messaging.rooms.values():
                room.position = Position("", since)
        self._room_directory = RoomDirectory(self._exchange)
        self._server_events = ServerEvents(self._exchange, self.messaging, self._typing_and_marks)
        self.is_dead = False  # the gateway is silent or has said ERROR: give this connection up
        self.is_finished = False  # QUIT is on its way: make no further connection
        self.was_registered = False  # once at least, on any connection
        self.awaits_lobby = joins_lobby  # the network has not yet said which room that is
        self.needs_password = (
            False  # the network has refused the present one: make no connection until there is another
        )
        self._new_id = new_id
        self._password = password
        self._is_connected = False
        self._is_finishing = False
        self._quit_reason: list[str] = []
        self._has_shown_motd = False
        self._last_message_at = 0.0  # by the network's clock
        self._begin_connection("", 0.0)

    def _begin_connection(self, place: str, now: float) -> None:
        self._exchange.reset()
        self._lines = LineBuffer(limit_bytes=RECEIVED_LINE_LIMIT_BYTES)
        self._batches = Batches()
        self._place = place
        self._pings = Pings(self._new_id, now)
        self._heard_at = now
        self._last_word = ""  # of the gateway, before it closes
        self._error_replies.last = ""
        self.is_dead = False

    # --- what the transport calls ---------------------------------------------------------------------------

    def waiting(self, place: str, until: float, now: float) -> None:
        """Note that a gateway will be tried at `until`."""
        self._connection_changed(ConnectionState.WAITING, now, place, next_try_at=until)

    def unreachable(self, place: str, reason: str, now: float) -> None:
        """Note that there was no connection to be had at an address."""
        self._connection_changed(ConnectionState.WAITING, now, place, problem=reason)

    def connecting(self, place: str, now: float) -> None:
        """Note that a gateway is being tried."""
        self._connection_changed(ConnectionState.CONNECTING, now, place)

    def connected(self, place: str, now: float) -> None:
        """Begin on a new connection; `place` is its address as a person should see it."""
        self._begin_connection(place, now)
        self._is_connected = True
        for message in self._exchange.login.begin(self.naming.begin(), self.naming.user, self._password):
            self._exchange.send(message)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes as they came from the gateway."""
        self._heard_at = now
        for line in self._lines.feed(data):
            message = parse(line) if isinstance(line, str) else None
            taken = self._batches.take(message) if message is not None else None
            if isinstance(taken, HistoryBatch):
                if not self._history_loader.takes(taken, now):
                    self.messaging.history.on_page(taken, now)
            elif taken is not None:
                self._last_message_at = max(self._last_message_at, server_time(taken) or 0.0)
                self._on_line(taken, now)
        self._advance(now)

    def disconnected(self, now: float) -> None:
        """Note that the connection is gone; what was not confirmed is in doubt until the history tells."""
        was_registered = self.is_registered
        self._begin_connection("", now)
        self._is_connected = False
        self._history_loader.lose_connection(now)
        self._typing_and_marks.lose_connection()
        self._server_events.lose_connection()
        self._room_directory.lose_connection(now)
        self.messaging.lose_connection()
        if was_registered:
            self._connection_changed(ConnectionState.WAITING, now)

    def tick(self, now: float) -> None:
        """Let time pass; to be called about once a second."""
        if self._is_connected:
            limit_s = DEAD_AFTER_S if self.is_registered else REGISTRATION_LIMIT_S
            self.is_dead |= now - self._heard_at >= limit_s
        if self.is_registered:
            if (nick := self.naming.due(now)) is not None:
                self._exchange.send(Message("NICK", [nick]))
            self.messaging.tick(now)
            self._history_loader.tick(now)
            self._server_events.tick()
            self._room_directory.tick(now)
        self._advance(now)

    def _connection_changed(
        self,
        state: ConnectionState,
        now: float,
        address: str = "",
        *,
        next_try_at: float | None = None,
        latency_s: float | None = None,
        problem: str = "",
    ) -> None:
        self._exchange.events.append(ConnectionChanged(now, state, address, next_try_at, latency_s, problem))

    @property
    def has_output(self) -> bool:
        return bool(self._exchange.lines)

    def take_output(self) -> bytes:
        """Give what is to be sent now, and forget it."""
        lines = self._exchange.lines
        output = "".join(f"{line}\r\n" for line in lines).encode()
        lines.clear()
        return output

    def take_events(self) -> list[Event]:
        """Give what is to be shown now, and forget it."""
        events, self._exchange.events = self._exchange.events, []
        return events

    def tell(self, text: str, now: float) -> None:
        """Put a word of the client's own among the events."""
        self._exchange.tell(text, now)

    # --- what the person does -------------------------------------------------------------------------------

    @property
    def is_registered(self) -> bool:
        return self._exchange.is_registered

    @property
    def last_error(self) -> str:
        """Why the gateway closes the connection, "" if it has not said so."""
        return self._last_word or self._error_replies.last

    @property
    def is_settled(self) -> bool:
        """Whether all rooms are joined, all that was missed is here, and all that was said has arrived."""
        return self.is_registered and not self.awaits_lobby and self.messaging.is_settled

    @property
    def current_room(self) -> str:
        """Where the person talks when they name no place, "" for nowhere."""
        return self.messaging.current_room

    @property
    def unconfirmed(self) -> int:
        """How many messages have been said and are not known to have arrived."""
        return len(self.messaging.outbox)

    @property
    def can_take_more(self) -> bool:
        return not self.messaging.outbox.is_full

    @property
    def has_delivered_all(self) -> bool:
        return not self.messaging.has_failed and not self.messaging.outbox

    def request(self, message: Message, now: float) -> None:
        """Do what the person typed: messages are kept until they arrive, the rest needs a connection now."""
        match message.verb, message.params:
            case "PRIVMSG" | "NOTICE", [target, text]:
                self.messaging.say(message.verb, target, text, now)
            case "JOIN", [names, *keys]:
                given = keys[0].split(",") if keys else []
                for name, key in zip(names.split(","), chain(given, repeat("")), strict=False):
                    self.messaging.enter(name, key, now)
            case "QUIT", reason:
                self._quit_reason = reason
                self.finish(now)
            case "PART", [name, *_] if not self.is_registered:
                self.messaging.leave(name)
            case "NICK", [nick] if not self.is_registered:
                self.naming.wanted = nick
            case _ if not self.is_registered:
                self._tell_offline(now)
            case verb, params:
                if verb == "NICK":
                    self.naming.typed(params[0])
                if verb == "NAMES" and (room := self.messaging.rooms.get(fold(params[0]))):
                    room.shows_names = True
                self._exchange.send(message)
        self._advance(now)

    def say(self, target: str, text: str, now: float, *, verb: str = "PRIVMSG", reply_to: str = "") -> list[str]:
        """Say a text, of any length and number of lines, to a room or a person; `reply_to` is a msgid.

        Gives the ids of the messages it becomes: they are `Sent`, then `Heard` or `Failed`.
        """
        self._typing_and_marks.said(target)
        ids = self.messaging.say(verb, target, text, now, reply_to)
        self._advance(now)
        return ids

    def react(self, target: str, msgid: str, reaction: str, now: float, *, removes: bool = False) -> None:
        """Add a reaction to a message, or remove it (IRCv3 react)."""
        self.messaging.react(target, msgid, reaction, now, removes=removes)
        self._advance(now)

    def redact(self, target: str, msgid: str, reason: str, now: float) -> None:
        """Take a message back (IRCv3 message-redaction)."""
        if self._exchange.agrees("draft/message-redaction"):
            self._exchange.send(Message("REDACT", [target, msgid, *([reason] if reason else [])]))
        elif self.is_registered:
            self.answer("this gateway has no message-redaction", now)
        else:
            self._tell_offline(now)

    def write(self, target: str, writing: TypingState, now: float) -> None:
        """Let the others know that the person writes; to be called at each change of the text."""
        self._typing_and_marks.write(target, writing)
        self._advance(now)

    def mark_read(self, target: str, at: float, now: float) -> None:
        """Note that everything up to the message of `at`, by the network's clock, was read."""
        self._typing_and_marks.mark(target, at)
        self._advance(now)

    def talk_to(self, nick: str) -> None:
        """Note that the person turns to someone: whether they are there is asked for from now on."""
        self.messaging.person(nick)

    def turn_to(self, name: str, now: float) -> None:
        """Talk to a person, or in a room, which is joined where it is not yet."""
        if name.startswith("#"):
            self.messaging.enter(name, "", now)
        else:
            self.messaging.current_room = name
            self.messaging.person(name)
        self._advance(now)

    def load_older(self, target: str, before: Position | None, now: float) -> None:
        """Ask for what was said before a message; the answer is one `OlderLoaded`."""
        self._history_loader.load_older(target, before, now)

    def search(self, target: str, text: str, now: float) -> str:
        """Search the whole history, newest first; one `SearchResults` for each page. Return the search's id."""
        return self._history_loader.search(target, text, now)

    def cancel_search(self, search_id: str) -> None:
        self._history_loader.cancel(search_id)

    def list_rooms(self, now: float) -> None:
        """Ask for the public rooms of the network; the answer is one `RoomsListed`."""
        self._room_directory.ask(now)

    @property
    def ignored(self) -> set[str]:
        """Folded nicks of those whose messages are not shown; to be changed by whoever holds the session."""
        return self._exchange.ignored

    def resume(self, state: SavedState) -> None:
        """Go on where the program was left: to be called before the first connection."""
        self.ignored.update(state.ignored)
        self._last_message_at = state.last_message_at
        self.naming.was_ours = fold(state.nick) == fold(self.naming.wanted)
        for saved in state.rooms:
            if (room := self.messaging.rooms.get(fold(saved.name))) is not None:
                room.key = saved.key
        for saved in state.people:
            person = self.messaging.person(saved.name)
            if saved.read_until:
                person.position = Position("", saved.read_until)

    @property
    def last_message_at(self) -> float:
        """When the last message was said that came from the network, by its clock."""
        return self._last_message_at

    def give_password(self, password: str) -> None:
        """Use another password, on the next connection."""
        self._password = password
        self.needs_password = False

    def finish(self, now: float) -> None:
        """Leave as soon as all that was said has arrived; then it `is_finished`."""
        self._is_finishing = True
        self._advance(now)

    def give_up(self, now: float) -> None:
        """Leave at once, and name what could not be delivered."""
        reason = "it was not confirmed in time" if self.is_registered else "there was no connection"
        for unsent in self.messaging.outbox.withdraw_all():
            self.messaging.fail(unsent, reason, now)
        self._quit()

    def _quit(self) -> None:
        if self.is_registered and not self.is_finished:
            self._exchange.send(Message("QUIT", self._quit_reason))
        self.is_finished = True

    def _tell_offline(self, now: float) -> None:
        self.answer("not connected: try again when there is a connection", now)

    def answer(self, text: str, now: float) -> None:
        """Answer the person to what they have just done."""
        self._exchange.tell(text, now, is_answer=True)

    # --- going on with what is begun ------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        """Send what can be sent by now; whatever could have changed that ends here."""
        if not self.is_registered or self.is_finished:
            return
        self.messaging.flush(now)
        may_write, may_mark = self._exchange.agrees("message-tags"), self._exchange.agrees("draft/read-marker")
        for line in self._typing_and_marks.due(now, may_write=may_write, may_mark=may_mark):
            self._exchange.send(line)
        ping = self._pings.due(
            self.messaging.outbox.in_flight,
            now,
            has_echo=self._exchange.login.has_echo,
            is_last=self._is_finishing and self.is_settled,
        )
        if ping is not None:
            self._exchange.send(Message("PING", [ping.token]))

    # --- the connection -------------------------------------------------------------------------------------

    def _on_line(self, message: Message, now: float) -> None:
        handler, fewest_params = _HANDLERS.get(message.verb, (None, 0))
        if handler is not None and len(message.params) >= fewest_params:
            handler(self, message, now)
        elif handler is None and not (
            self._room_directory.take(message, now) or self._server_events.take(message, now)
        ):
            self._error_replies.on_numeric(message, now)

    def _on_ping(self, message: Message, _now: float) -> None:
        self._exchange.send(Message("PONG", message.params))

    def _on_pong(self, message: Message, now: float) -> None:
        ping = self._pings.answered(message.params[-1], now)
        if ping is None:
            return
        self._connection_changed(ConnectionState.CONNECTED, now, self._place, latency_s=now - ping.sent_at)
        if ping.is_promise:
            self.messaging.settle(ping.covers, now)
            if ping.is_last and self.is_settled:
                self._quit()

    def _on_cap(self, message: Message, _now: float) -> None:
        for line in self._exchange.login.handle(message.params[1].upper(), message.params[2:]):
            self._exchange.send(line)

    def _on_welcome(self, message: Message, now: float) -> None:
        self._exchange.is_registered = self.was_registered = True
        self._pings.welcomed(now)
        self.naming.registered(message.params[0], now)
        self._connection_changed(ConnectionState.CONNECTED, now, self._place)
        self.tell(f"connected to {self._place} as {self.naming.current}", now)
        if self.naming.is_reclaiming:
            self.tell(f"the lost connection still holds {self.naming.wanted}; it will be yours again soon", now)
        self.messaging.fit_to_gateway(now)
        self.messaging.enter_all(now)

    def _on_isupport(self, message: Message, now: float) -> None:
        self._exchange.show(message, now, is_quiet=True)
        for token in message.params[1:-1]:
            key, _, value = token.partition("=")
            self._exchange.supported[key] = value
        if self.awaits_lobby and self._exchange.lobby:
            self.awaits_lobby = False
            if not self.messaging.rooms:
                self.messaging.enter(self._exchange.lobby, "", now)

    def _on_motd(self, message: Message, now: float) -> None:
        if not self._has_shown_motd:
            self._exchange.show(message, now)

    def _on_end_of_motd(self, _message: Message, now: float) -> None:
        if self.awaits_lobby:
            self.awaits_lobby = False
            self.tell("this network has no lobby: /list shows its rooms, /join ROOM joins one", now)
        self._has_shown_motd = self._exchange.is_greeted = True
        self.messaging.catch_up_with_people(now)
        self._history_loader.ask_who_wrote(self._last_message_at, now)

    def _on_password_refused(self, message: Message, now: float) -> None:
        """Take the network's refusal of our password, or of a connection without one; else it is that of /oper."""
        if self.is_registered:
            self._exchange.show(message, now)
        else:
            self.needs_password = True
            self._exchange.events.append(PasswordRequired(now, self._place, was_refused=bool(self._password)))

    def _on_error(self, message: Message, _now: float) -> None:
        """Take the gateway's last word (RFC 2812 3.7.4); what was not confirmed by then goes to the next one."""
        self._last_word = message.params[-1]
        self.is_dead = True

    def _on_message(self, message: Message, now: float) -> None:
        self.messaging.on_message(message, now)

    def _on_fail(self, message: Message, now: float) -> None:
        self._error_replies.on_fail(message, self._pings, now)


# Verb -> handler, and the parameters that a line must have to be looked at.
_HANDLERS: Final[dict[str, tuple[Callable[[Session, Message, float], None], int]]] = {
    "PING": (Session._on_ping, 0),
    "PONG": (Session._on_pong, 1),
    "CAP": (Session._on_cap, 3),
    "ERROR": (Session._on_error, 1),
    "PRIVMSG": (Session._on_message, 2),
    "NOTICE": (Session._on_message, 2),
    "FAIL": (Session._on_fail, 3),
    n.RPL_WELCOME: (Session._on_welcome, 1),
    n.RPL_ISUPPORT: (Session._on_isupport, 1),
    n.RPL_MOTD: (Session._on_motd, 2),
    n.RPL_ENDOFMOTD: (Session._on_end_of_motd, 0),
    n.ERR_NOMOTD: (Session._on_end_of_motd, 0),
    n.ERR_PASSWDMISMATCH: (Session._on_password_refused, 0),
}
