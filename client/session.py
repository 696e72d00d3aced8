"""The client without its sockets: bytes, actions of the user and the clock in, bytes and events out.

    user action -> request() \\                  / take_output() -> bytes for the server
    from socket -> receive()  >  one Session  -<
    the clock   -> tick()    /                  \\ take_events() -> events for the screen

A session outlives its connections. Its nick, its rooms and its unsent messages stay when a connection is lost. It knows
neither sockets nor threads; the clock comes in as `now`, in seconds since the epoch. Pure; one thread at a time.
"""

from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Final

from client.batches import HistoryBatch
from client.conversation import Position
from client.error_replies import ErrorReplies
from client.events import ConnectionChanged, ConnectionState, Event, PasswordRequired
from client.exchange import Exchange
from client.greeting import Greeting
from client.history import HistoryLoader
from client.messaging import Messaging
from client.naming import Naming
from client.room_directory import RoomDirectory
from client.saved_state import SavedState
from client.server_connection import ServerConnection
from client.server_events import ServerEvents
from client.tags import server_time
from client.typing_and_read_markers import TypingAndReadMarkers, TypingState
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message


class Session:
    """One user on the network, over any number of connections."""

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
        """`new_id` returns a new random token. A first JOIN requests `backlog` old messages, or all `since` a time.

        `joins_lobby`: if there is no room, join the one that the network names as its lobby.
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
        self._greeting = Greeting(self._exchange, self.messaging, self._history_loader, joins_lobby=joins_lobby)
        self.is_finished = False  # QUIT is sent: make no further connection
        self.needs_password = False  # the network has refused the present one: wait for another before connecting
        self._new_id = new_id
        self._password = password
        self._is_finishing = False
        self._quit_reason: list[str] = []
        self._last_message_at = 0.0  # by the network's clock
        self._begin_connection("", 0.0)

    def _begin_connection(self, address: str, now: float) -> None:
        self._exchange.reset()
        self._connection = ServerConnection(self._exchange, self._new_id, address, now)
        self._error_replies.last = ""

    # --- what the transport calls ---------------------------------------------------------------------------

    def waiting(self, address: str, until: float, now: float) -> None:
        """Note that the transport tries a gateway at `until`."""
        self._exchange.events.append(ConnectionChanged(now, ConnectionState.WAITING, address, next_try_at=until))

    def unreachable(self, address: str, reason: str, now: float) -> None:
        """Note that no connection to an address was possible."""
        self._exchange.events.append(ConnectionChanged(now, ConnectionState.WAITING, address, problem=reason))

    def connecting(self, address: str, now: float) -> None:
        """Note that the transport tries a gateway now."""
        self._exchange.events.append(ConnectionChanged(now, ConnectionState.CONNECTING, address))

    def connected(self, address: str, now: float) -> None:
        """Begin on a new connection; `address` is shown to the user."""
        self._begin_connection(address, now)
        for message in self._exchange.login.begin(self.naming.begin(), self.naming.user, self._password):
            self._exchange.send(message)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the server, cut anywhere."""
        for received in self._connection.receive(data, now):
            if isinstance(received, HistoryBatch):
                if not self._history_loader.on_page(received, now):
                    self.messaging.history.on_page(received, now)
            else:
                self._last_message_at = max(self._last_message_at, server_time(received) or 0.0)
                self._on_line(received, now)
        self._advance(now)

    def disconnected(self, now: float) -> None:
        """Note that the connection is lost. Unconfirmed messages are looked for in the history of the next one."""
        was_registered = self.is_registered
        self._begin_connection("", now)
        self._history_loader.lose_connection(now)
        self._typing_and_marks.lose_connection()
        self._server_events.lose_connection()
        self._room_directory.lose_connection(now)
        self.messaging.lose_connection()
        if was_registered:
            self._exchange.events.append(ConnectionChanged(now, ConnectionState.WAITING))

    def tick(self, now: float) -> None:
        """Do what is due by now; call it about once a second."""
        self._connection.tick(now)
        if self.is_registered:
            if (nick := self.naming.due(now)) is not None:
                self._exchange.send(Message("NICK", [nick]))
            self.messaging.tick(now)
            self._history_loader.tick(now)
            self._server_events.tick()
            self._room_directory.tick(now)
        self._advance(now)

    @property
    def has_output(self) -> bool:
        return bool(self._exchange.lines)

    def take_output(self) -> bytes:
        """Return the bytes to send, and forget them."""
        lines = self._exchange.lines
        output = "".join(f"{line}\r\n" for line in lines).encode()
        lines.clear()
        return output

    def take_events(self) -> list[Event]:
        """Return the events for the screen, and forget them."""
        events, self._exchange.events = self._exchange.events, []
        return events

    def notify(self, text: str, now: float) -> None:
        """Add a notice of the client itself to the events."""
        self._exchange.notify(text, now)

    # --- what the user does ---------------------------------------------------------------------------------

    @property
    def is_registered(self) -> bool:
        return self._exchange.is_registered

    @property
    def is_dead(self) -> bool:
        """Tell whether the server is silent or has sent ERROR: the transport closes this connection."""
        return self._connection.is_dead

    @property
    def was_registered(self) -> bool:
        """Tell whether there was a registered connection, this one or an earlier one."""
        return self._greeting.was_registered

    @property
    def awaits_lobby(self) -> bool:
        """Tell whether the network has yet to name its lobby, which is then joined."""
        return self._greeting.awaits_lobby

    @property
    def last_error(self) -> str:
        """Return why the server closed the connection, "" if it gave no reason."""
        return self._connection.error or self._error_replies.last

    @property
    def is_settled(self) -> bool:
        """Tell whether all rooms are joined, all missed messages are here, and all sent messages are confirmed."""
        return self.is_registered and not self.awaits_lobby and self.messaging.is_settled

    @property
    def current_room(self) -> str:
        """Return the conversation that a message without a target goes to, "" for none."""
        return self.messaging.current_room

    @property
    def unconfirmed(self) -> int:
        """Return how many messages are not confirmed."""
        return len(self.messaging.outbox)

    @property
    def can_take_more(self) -> bool:
        return not self.messaging.outbox.is_full

    @property
    def has_delivered_all(self) -> bool:
        return not self.messaging.has_failed and not self.messaging.outbox

    def request(self, message: Message, now: float) -> None:
        """Carry out a command. Messages wait until they can be sent; other commands need a connection now."""
        match message.verb, message.params:
            case "PRIVMSG" | "NOTICE", [target, text]:
                self.messaging.say(message.verb, target, text, now)
            case "JOIN", [names, *keys]:
                given = keys[0].split(",") if keys else []
                for name, key in zip(names.split(","), chain(given, repeat("")), strict=False):
                    self.messaging.join(name, key, now)
            case "QUIT", reason:
                self._quit_reason = reason
                self.finish(now)
            case "PART", [name, *_] if not self.is_registered:
                self.messaging.leave(name)
            case "NICK", [nick] if not self.is_registered:
                self.naming.wanted = nick
            case _ if not self.is_registered:
                self._answer_offline(now)
            case verb, params:
                if verb == "NICK":
                    self.naming.typed(params[0])
                if verb == "NAMES" and (room := self.messaging.rooms.get(casefold(params[0]))):
                    room.shows_names = True
                self._exchange.send(message)
        self._advance(now)

    def say(self, target: str, text: str, now: float, *, verb: str = "PRIVMSG", reply_to: str = "") -> list[str]:
        """Send a text of any length to a room or a person; `reply_to` is a msgid.

        Return the client msgids of its messages. Each is reported as `Sent`, then `Received` or `Failed`.
        """
        self._typing_and_marks.message_sent(target)
        ids = self.messaging.say(verb, target, text, now, reply_to)
        self._advance(now)
        return ids

    def react(self, target: str, msgid: str, reaction: str, now: float, *, removes: bool = False) -> None:
        """Add a reaction to a message, or remove it (IRCv3 react)."""
        self.messaging.react(target, msgid, reaction, now, removes=removes)
        self._advance(now)

    def redact(self, target: str, msgid: str, reason: str, now: float) -> None:
        """Delete a message (IRCv3 message-redaction)."""
        if self._exchange.agrees("draft/message-redaction"):
            self._exchange.send(Message("REDACT", [target, msgid, *([reason] if reason else [])]))
        elif self.is_registered:
            self.answer("this gateway has no message-redaction", now)
        else:
            self._answer_offline(now)

    def set_typing(self, target: str, state: TypingState, now: float) -> None:
        """Note that the user types; call it at each change of the text."""
        self._typing_and_marks.set_typing(target, state)
        self._advance(now)

    def mark_read(self, target: str, at: float, now: float) -> None:
        """Note that everything up to `at`, by the network's clock, was read."""
        self._typing_and_marks.mark_read(target, at)
        self._advance(now)

    def open_person(self, nick: str) -> None:
        """Open a conversation with a person, and watch whether they are online."""
        self.messaging.person(nick)

    def make_current(self, name: str, now: float) -> None:
        """Make a person or a room the current conversation; a room is joined if necessary."""
        if name.startswith("#"):
            self.messaging.join(name, "", now)
        else:
            self.messaging.current_room = name
            self.messaging.person(name)
        self._advance(now)

    def load_older(self, target: str, before: Position | None, now: float) -> None:
        """Request the page of history before a message; the answer is one `OlderLoaded`."""
        self._history_loader.load_older(target, before, now)

    def search(self, target: str, text: str, now: float) -> str:
        """Search the whole history, newest first; one `SearchResults` for each page. Return the search's id."""
        return self._history_loader.search(target, text, now)

    def cancel_search(self, search_id: str) -> None:
        self._history_loader.cancel(search_id)

    def list_rooms(self, now: float) -> None:
        """Request the public rooms of the network; the answer is one `RoomsListed`."""
        self._room_directory.ask(now)

    @property
    def ignored(self) -> set[str]:
        """The folded nicks whose messages are not shown. The caller may change the set."""
        return self._exchange.ignored

    def resume(self, state: SavedState) -> None:
        """Restore the state of the last run; call it before the first connection."""
        self.ignored.update(state.ignored)
        self._last_message_at = state.last_message_at
        self.naming.was_ours = casefold(state.nick) == casefold(self.naming.wanted)
        for saved in state.rooms:
            if (room := self.messaging.rooms.get(casefold(saved.name))) is not None:
                room.key = saved.key
        for saved in state.people:
            person = self.messaging.person(saved.name)
            if saved.read_until:
                person.position = Position("", saved.read_until)

    @property
    def last_message_at(self) -> float:
        """Return the time of the newest message of the network, by its clock."""
        return self._last_message_at

    def give_password(self, password: str) -> None:
        """Use this password on the next connection."""
        self._password = password
        self.needs_password = False

    def finish(self, now: float) -> None:
        """Quit as soon as everything is confirmed; then `is_finished` is true."""
        self._is_finishing = True
        self._advance(now)

    def give_up(self, now: float) -> None:
        """Quit at once, and report what was not delivered."""
        reason = "it was not confirmed in time" if self.is_registered else "there was no connection"
        for unsent in self.messaging.outbox.withdraw_all():
            self.messaging.fail(unsent, reason, now)
        self._quit()

    def _quit(self) -> None:
        if self.is_registered and not self.is_finished:
            self._exchange.send(Message("QUIT", self._quit_reason))
        self.is_finished = True

    def _answer_offline(self, now: float) -> None:
        self.answer("not connected: try again when there is a connection", now)

    def answer(self, text: str, now: float) -> None:
        """Answer a command of the user."""
        self._exchange.notify(text, now, is_answer=True)

    # --- going on with what is begun ------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        """Send what can be sent now. Every method that may have changed that calls it."""
        if not self.is_registered or self.is_finished:
            return
        self.messaging.flush(now)
        may_type, may_mark = self._exchange.agrees("message-tags"), self._exchange.agrees("draft/read-marker")
        for line in self._typing_and_marks.due(now, may_type=may_type, may_mark=may_mark):
            self._exchange.send(line)
        ping = self._connection.pings.due(
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

    def _on_pong(self, message: Message, now: float) -> None:
        ping = self._connection.on_pong(message, now)
        if ping is not None and ping.is_promise:
            self.messaging.confirm_sent(ping.covers, now)
            if ping.is_last and self.is_settled:
                self._quit()

    def _on_end_of_motd(self, _message: Message, now: float) -> None:
        self._greeting.on_end_of_motd(self._last_message_at, now)

    def _on_password_refused(self, message: Message, now: float) -> None:
        """Handle a wrong or missing password of the network. After registration, it is that of /oper."""
        if self.is_registered:
            self._exchange.show(message, now)
        else:
            self.needs_password = True
            self._exchange.events.append(
                PasswordRequired(now, self._connection.address, was_refused=bool(self._password))
            )


# Verb -> handler, and the fewest parameters of a valid line.
_HANDLERS: Final[dict[str, tuple[Callable[[Session, Message, float], None], int]]] = {
    "PING": (lambda session, message, _now: session._connection.on_ping(message), 0),
    "PONG": (Session._on_pong, 1),
    "CAP": (lambda session, message, _now: session._connection.on_cap(message), 3),
    "ERROR": (lambda session, message, _now: session._connection.on_error(message), 1),
    "PRIVMSG": (lambda session, message, now: session.messaging.on_message(message, now), 2),
    "NOTICE": (lambda session, message, now: session.messaging.on_message(message, now), 2),
    "FAIL": (lambda session, message, now: session._error_replies.on_fail(message, session._connection.pings, now), 3),
    n.RPL_WELCOME: (
        lambda session, message, now: session._greeting.on_welcome(message, session._connection, now),
        1,
    ),
    n.RPL_ISUPPORT: (lambda session, message, now: session._greeting.on_isupport(message, now), 1),
    n.RPL_MOTD: (lambda session, message, now: session._greeting.on_motd(message, now), 2),
    n.RPL_ENDOFMOTD: (Session._on_end_of_motd, 0),
    n.ERR_NOMOTD: (Session._on_end_of_motd, 0),
    n.ERR_PASSWDMISMATCH: (Session._on_password_refused, 0),
}
