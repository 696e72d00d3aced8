"""The client without its sockets: bytes and typed messages in, bytes to send and events to show out.

    typed line  -> request() \\                  / take_output() -> bytes for the gateway
    from socket -> receive()  >  one Session  -<
    the clock   -> tick()    /                  \\ take_events() -> lines for the person

A session outlives its connections: its name, its rooms and what waits to be sent stay when one is lost. It
knows neither sockets nor threads; the clock comes in as `now`, in seconds since the epoch. Pure; on whichever
thread holds it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from client.conversation import Conversation
from client.events import Event
from client.exchange import Exchange
from client.naming import Naming
from client.room import Presence
from gateway.wire import numerics as n
from gateway.wire.casefold import fold
from gateway.wire.framing import LineBuffer
from gateway.wire.message import Message, parse, split_source

KEEPALIVE_S: Final = 30.0  # silence after which the gateway is asked for a sign of life
DEAD_AFTER_S: Final = 60.0  # silence after which the connection is given up
REGISTRATION_LIMIT_S: Final = 20.0
CONFIRM_WITHIN_S: Final = 5.0  # then a PING settles what no echo did
RECEIVED_LINE_LIMIT_BYTES: Final = 8192  # more than Modern IRC allows: other servers are lax

_JOIN_REFUSED: Final = frozenset(
    (
        n.ERR_NOSUCHCHANNEL,
        n.ERR_TOOMANYCHANNELS,
        n.ERR_CHANNELISFULL,
        n.ERR_INVITEONLYCHAN,
        n.ERR_BANNEDFROMCHAN,
        n.ERR_BADCHANNELKEY,
        n.ERR_BADCHANMASK,
    )
)
_NICK_REFUSED: Final = frozenset(
    (n.ERR_ERRONEUSNICKNAME, n.ERR_NICKNAMEINUSE, n.ERR_NICKCOLLISION, n.ERR_UNAVAILRESOURCE)
)
_FIRST_ERROR: Final = "400"
_MESSAGE_REFUSED: Final = frozenset(
    (n.ERR_NOSUCHNICK, n.ERR_NOSUCHCHANNEL, n.ERR_CANNOTSENDTOCHAN, n.ERR_TOOMANYTARGETS)
)


@dataclass(slots=True)
class Ping:
    """The one PING on its way: its PONG settles what was sent before it."""

    token: str
    covers: tuple[str, ...]  # ids of messages
    is_last: bool  # all is said and done: after its PONG comes QUIT
    is_promise: bool = True  # a FAIL PING before the PONG takes the promise back


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
    ) -> None:
        """`new_id` gives a fresh random token; `backlog` is how many old messages a first JOIN asks for."""
        self.naming = Naming(name, lambda: new_id()[:4])
        self._exchange = Exchange(self.naming)
        self.conversation = Conversation(self._exchange, rooms, new_id, backlog)
        self.is_dead = False  # the gateway is silent or has said ERROR: give this connection up
        self.is_finished = False  # QUIT is on its way: make no further connection
        self.was_registered = False  # once at least, on any connection
        self._new_id = new_id
        self._password = password
        self._is_connected = False
        self._is_finishing = False
        self._quit_reason: list[str] = []
        self._has_shown_motd = False
        self._begin_connection("", 0.0)

    def _begin_connection(self, place: str, now: float) -> None:
        self._exchange.reset()
        self._lines = LineBuffer(limit_bytes=RECEIVED_LINE_LIMIT_BYTES)
        self._place = place
        self._ping: Ping | None = None
        self._heard_at = now
        self._flight_began_at = now  # since when messages have been in flight without a pause
        self.last_error = ""  # why the gateway closes the connection
        self.is_dead = False

    # --- what the transport calls ---------------------------------------------------------------------------

    def connected(self, place: str, now: float) -> None:
        """Begin on a new connection; `place` is its address as a person should see it."""
        self._begin_connection(place, now)
        self._is_connected = True
        for message in self._exchange.registration.begin(self.naming.begin(), self._password):
            self._exchange.send(message)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes as they came from the gateway."""
        self._heard_at = now
        for line in self._lines.feed(data):
            message = parse(line) if isinstance(line, str) else None
            if message is not None:
                handler, minimum_params = _HANDLERS.get(message.verb, (Session._on_other, 0))
                if len(message.params) >= minimum_params:
                    handler(self, message, now)
        self._advance(now)

    def disconnected(self, now: float) -> None:
        """Note that the connection is gone; what was not confirmed is in doubt until the history tells."""
        self._begin_connection("", now)
        self._is_connected = False
        self.conversation.lose_connection()

    def tick(self, now: float) -> None:
        """Let time pass; to be called about once a second."""
        if self._is_connected:
            limit_s = DEAD_AFTER_S if self.is_registered else REGISTRATION_LIMIT_S
            self.is_dead |= now - self._heard_at >= limit_s
        if self.is_registered:
            if (nick := self.naming.due(now)) is not None:
                self._exchange.send(Message("NICK", [nick]))
            self.conversation.tick(now)
        self._advance(now)

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
    def is_settled(self) -> bool:
        """Whether all rooms are joined, all that was missed is here, and all that was said has arrived."""
        return self.is_registered and self.conversation.is_settled

    @property
    def current_room(self) -> str:
        """Where the person talks when they name no place, "" for nowhere."""
        return self.conversation.current_room

    @property
    def unconfirmed(self) -> int:
        """How many messages have been said and are not known to have arrived."""
        return len(self.conversation.outbox)

    @property
    def can_take_more(self) -> bool:
        return not self.conversation.outbox.is_full

    @property
    def has_delivered_all(self) -> bool:
        return not self.conversation.has_failed and not self.conversation.outbox

    def request(self, message: Message, now: float) -> None:
        """Do what the person typed: messages are kept until they arrive, the rest needs a connection now."""
        match message.verb, message.params:
            case "PRIVMSG" | "NOTICE", [target, text]:
                self.conversation.say(message.verb, target, text, now)
            case "JOIN", [names, *keys]:
                given = keys[0].split(",") if keys else []
                for name, key in zip(names.split(","), chain(given, repeat("")), strict=False):
                    self.conversation.enter(name, key, now)
            case "QUIT", reason:
                self._quit_reason = reason
                self.finish(now)
            case "PART", [name, *_] if not self.is_registered:
                self.conversation.leave(name)
            case "NICK", [nick] if not self.is_registered:
                self.naming.wanted = nick
            case _ if not self.is_registered:
                self.tell("not connected: try again when there is a connection", now)
            case verb, params:
                if verb == "NICK":
                    self.naming.typed(params[0])
                if verb == "NAMES" and (room := self.conversation.rooms.get(fold(params[0]))):
                    room.shows_names = True
                self._exchange.send(message)
        self._advance(now)

    def finish(self, now: float) -> None:
        """Leave as soon as all that was said has arrived; then it `is_finished`."""
        self._is_finishing = True
        self._advance(now)

    def give_up(self, now: float) -> None:
        """Leave at once, and name what could not be delivered."""
        reason = "it was not confirmed in time" if self.is_registered else "there was no connection"
        for pending in self.conversation.outbox.withdraw_all():
            self.conversation.fail(pending, reason, now)
        self._quit()

    def _quit(self) -> None:
        if self.is_registered and not self.is_finished:
            self._exchange.send(Message("QUIT", self._quit_reason))
        self.is_finished = True

    # --- going on with what is begun ------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        """Send what can be sent by now; whatever could have changed that ends here."""
        if not self.is_registered or self.is_finished:
            return
        if not self.conversation.outbox.in_flight:
            self._flight_began_at = now
        self.conversation.flush()
        if self._ping is None and self._wants_ping(now):
            is_last = self._is_finishing and self.is_settled
            self._ping = Ping(self._new_id(), self.conversation.outbox.in_flight, is_last)
            self._exchange.send(Message("PING", [self._ping.token]))

    def _wants_ping(self, now: float) -> bool:
        if self.conversation.outbox.in_flight:
            is_overdue = now - self._flight_began_at >= CONFIRM_WITHIN_S
            return is_overdue or not self._exchange.registration.has_echo
        return (self._is_finishing and self.is_settled) or now - self._heard_at >= KEEPALIVE_S

    # --- the connection -------------------------------------------------------------------------------------

    def _on_ping(self, message: Message, _now: float) -> None:
        self._exchange.send(Message("PONG", message.params))

    def _on_pong(self, message: Message, now: float) -> None:
        ping = self._ping
        if ping is None or message.params[-1] != ping.token:
            return
        self._ping = None
        if ping.is_promise:
            self._flight_began_at = now
            self.conversation.settle(ping.covers, now)
            if ping.is_last and self.is_settled:
                self._quit()

    def _on_cap(self, message: Message, _now: float) -> None:
        for line in self._exchange.registration.handle(message.params[1].upper(), message.params[2:]):
            self._exchange.send(line)

    def _on_welcome(self, message: Message, now: float) -> None:
        self._exchange.is_registered = self.was_registered = True
        self.naming.registered(message.params[0], now)
        self.tell(f"connected to {self._place} as {self.naming.current}", now)
        if self.naming.is_reclaiming:
            self.tell(f"the lost connection still holds {self.naming.wanted}; it will be yours again soon", now)
        self.conversation.enter_all(now)

    def _on_isupport(self, message: Message, _now: float) -> None:
        for token in message.params[1:]:
            key, _, value = token.partition("=")
            if key == "CHATHISTORY" and value.isdecimal() and len(value) < 10 and int(value) > 0:
                history = self.conversation.history
                history.page_limit = min(history.page_limit, int(value))

    def _on_motd(self, message: Message, now: float) -> None:
        if not self._has_shown_motd:
            self._exchange.show(message, now)

    def _on_end_of_motd(self, _message: Message, _now: float) -> None:
        self._has_shown_motd = True

    def _on_error(self, message: Message, _now: float) -> None:
        """Take the gateway's last word (RFC 2812 3.7.4); what was not confirmed by then goes to the next one."""
        self.last_error = message.params[-1]
        self.is_dead = True

    # --- people and rooms -----------------------------------------------------------------------------------

    def _is_by_me(self, message: Message) -> bool:
        return self.naming.is_mine(split_source(message.source or "")[0])

    def _on_nick(self, message: Message, now: float) -> None:
        if self._is_by_me(message):
            self.naming.renamed(message.params[0])
        self._exchange.show(message, now)

    def _on_nick_refused(self, message: Message, now: float) -> None:
        if not self.is_registered:
            refused = self.naming.current
            if (nick := self.naming.refused()) is None:
                self.last_error = message.params[-1]
                return
            if not self.naming.was_ours:
                self.tell(f"{refused}: {message.params[-1]}; trying {nick} (/nick NAME changes it)", now)
            self._exchange.send(Message("NICK", [nick]))
        elif not self.naming.is_reclaiming or fold(message.params[1]) != fold(self.naming.wanted):
            self._exchange.show(message, now)
        elif self.naming.still_taken(now):
            self.tell(f"your old name is still taken: you stay {self.naming.current}", now)

    def _on_join(self, message: Message, now: float) -> None:
        if self._is_by_me(message):
            self.conversation.on_own_join(message, now)
        else:
            self._exchange.show(message, now)

    def _on_part(self, message: Message, now: float) -> None:
        if self._is_by_me(message):
            self.conversation.leave(message.params[0])
        self._exchange.show(message, now)

    def _on_kick(self, message: Message, now: float) -> None:
        if self.naming.is_mine(message.params[1]):
            self.conversation.leave(message.params[0])
        self._exchange.show(message, now)

    def _on_topic(self, message: Message, now: float) -> None:
        """Show a topic once, whether it is set now (TOPIC) or stood there when we came (RPL_TOPIC)."""
        name, topic = message.params[-2:]
        room = self.conversation.rooms.get(fold(name))
        if room is None or room.topic != topic:
            self._exchange.show(message, now)
        if room is not None:
            room.topic = topic

    def _on_names(self, message: Message, now: float) -> None:
        room = self.conversation.rooms.get(fold(message.params[2]))
        if room is None or room.shows_names:
            self._exchange.show(message, now)

    def _on_end_of_names(self, message: Message, _now: float) -> None:
        if room := self.conversation.rooms.get(fold(message.params[1])):
            room.shows_names = False

    # --- messages, which are the conversation's -------------------------------------------------------------

    def _on_message(self, message: Message, now: float) -> None:
        self.conversation.on_message(message, now)

    def _on_batch(self, message: Message, now: float) -> None:
        self.conversation.history.on_batch(message, now)

    def _on_fail(self, message: Message, now: float) -> None:
        """Take a standard reply (IRCv3 standard-replies)."""
        match message.params[0].upper():
            case _ if self.conversation.is_waited_for(message):
                self.conversation.on_message_refused(message, now)
            case "PING" if self._ping is not None:
                self._ping.is_promise = False
            case "CHATHISTORY":
                self.conversation.history.on_refused(message, now)
            case "PRIVMSG" | "NOTICE":
                self.conversation.on_message_refused(message, now)
            case _:
                self._exchange.show(message, now)

    def _on_other(self, message: Message, now: float) -> None:
        """Take a numeric: the refusal of something that we asked for, or a line to read."""
        if len(message.params) < 2:  # nothing that it could be about
            self._exchange.show(message, now)
            return
        target = fold(message.params[1])
        room = self.conversation.rooms.get(target)
        if message.verb in _NICK_REFUSED and room is None:
            self._on_nick_refused(message, now)
        elif message.verb in _JOIN_REFUSED and room is not None and room.presence is Presence.AWAITED:
            self.conversation.on_join_refused(room, message, now)
        elif message.verb == n.ERR_UNKNOWNCOMMAND and target == "chathistory":
            self.conversation.history.on_refused(message, now)
        elif message.verb in _MESSAGE_REFUSED or (
            message.verb >= _FIRST_ERROR and self.conversation.is_waited_for(message)
        ):
            self.conversation.on_message_refused(message, now)
        else:
            self._exchange.show(message, now)


# Verb -> handler, and the parameters that a line must have to be looked at.
_HANDLERS: Final[dict[str, tuple[Callable[[Session, Message, float], None], int]]] = {
    "PING": (Session._on_ping, 0),
    "PONG": (Session._on_pong, 1),
    "CAP": (Session._on_cap, 3),
    "ERROR": (Session._on_error, 1),
    "NICK": (Session._on_nick, 1),
    "JOIN": (Session._on_join, 1),
    "PART": (Session._on_part, 1),
    "KICK": (Session._on_kick, 2),
    "TOPIC": (Session._on_topic, 2),
    "PRIVMSG": (Session._on_message, 2),
    "NOTICE": (Session._on_message, 2),
    "BATCH": (Session._on_batch, 1),
    "FAIL": (Session._on_fail, 3),
    n.RPL_WELCOME: (Session._on_welcome, 1),
    n.RPL_ISUPPORT: (Session._on_isupport, 1),
    n.RPL_TOPIC: (Session._on_topic, 3),
    n.RPL_NAMREPLY: (Session._on_names, 4),
    n.RPL_ENDOFNAMES: (Session._on_end_of_names, 2),
    n.RPL_MOTD: (Session._on_motd, 2),
    n.RPL_ENDOFMOTD: (Session._on_end_of_motd, 0),
    n.ERR_NOMOTD: (Session._on_end_of_motd, 0),
}
