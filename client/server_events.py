"""The events that the server reports about rooms and people, and the requests that keep it complete (WHO, MONITOR).

Decides which events are shown as text; the others are quiet and only change the lists beside the conversation. Pure;
under the session's lock.
"""

from collections.abc import Callable
from itertools import islice
from typing import Final

from client.conversation import Conversation
from client.exchange import Exchange
from client.messaging import Messaging
from client.tags import parse_time
from client.typing_and_read_markers import TypingAndReadMarkers
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source

WHO_TOKEN: Final = "732"  # marks the answers to our own WHO (WHOX)
_MONITOR_AT_ONCE: Final = 10  # nicks in one line


class ServerEvents:
    """The events of rooms and people of one session."""

    def __init__(self, exchange: Exchange, messaging: Messaging, typing_and_marks: TypingAndReadMarkers) -> None:
        self._exchange = exchange
        self._messaging = messaging
        self._typing_and_marks = typing_and_marks
        self._watched: set[str] = set()  # folded nicks

    def lose_connection(self) -> None:
        self._watched.clear()

    def take(self, message: Message, now: float) -> bool:
        """Handle a line; False if it is of another kind."""
        handler, fewest_params = _HANDLERS.get(message.verb, (None, 0))
        if handler is None or len(message.params) < fewest_params:
            return handler is not None
        handler(self, message, now)
        return True

    def tick(self) -> None:
        """Watch whether the people of our conversations are online (IRCv3 monitor)."""
        if "MONITOR" not in self._exchange.supported:
            return
        people = self._messaging.people
        new = list(islice((nick for nick in people if nick not in self._watched), _MONITOR_AT_ONCE))
        gone = [nick for nick in self._watched if nick not in people]
        for sign, nicks in (("-", gone), ("+", new)):
            if nicks:
                self._exchange.send(Message("MONITOR", [sign, ",".join(nicks)]))
        self._watched.difference_update(gone)
        self._watched.update(new)

    def _is_by_me(self, message: Message) -> bool:
        return self._exchange.naming.is_mine(split_source(message.source or "")[0])

    def _room(self, name: str) -> Conversation | None:
        return self._messaging.rooms.get(casefold(name))

    # --- people ---------------------------------------------------------------------------------------------

    def _on_nick(self, message: Message, now: float) -> None:
        if self._is_by_me(message):
            self._exchange.naming.renamed(message.params[0])
        else:
            self._messaging.renamed(split_source(message.source or "")[0], message.params[0])
        self._exchange.show(message, now)

    def _on_shown(self, message: Message, now: float) -> None:
        self._exchange.show(message, now)

    def _on_quiet(self, message: Message, now: float) -> None:
        self._exchange.show(message, now, is_quiet=True)

    def _on_count(self, message: Message, now: float) -> None:
        """Show the counts of LUSERS if the user requested them."""
        self._exchange.show(message, now, is_quiet=not self._exchange.is_greeted)

    def _on_monitor_full(self, message: Message, _now: float) -> None:
        """Stop watching more people (IRCv3 monitor, ERR_MONLISTFULL)."""
        self._exchange.supported.pop("MONITOR", None)

    # --- rooms ----------------------------------------------------------------------------------------------

    def _on_join(self, message: Message, now: float) -> None:
        if self._is_by_me(message):
            self._messaging.on_own_join(message, now)
        else:
            self._exchange.show(message, now)

    def _on_part(self, message: Message, now: float) -> None:
        if self._is_by_me(message):
            self._messaging.leave(message.params[0])
        self._exchange.show(message, now)

    def _on_kick(self, message: Message, now: float) -> None:
        if self._exchange.naming.is_mine(message.params[1]):
            self._messaging.leave(message.params[0])
        self._exchange.show(message, now)

    def _on_topic(self, message: Message, now: float) -> None:
        """Show a topic once, set now (TOPIC) or found on joining (RPL_TOPIC)."""
        name, topic = message.params[-2:]
        room = self._room(name)
        self._exchange.show(message, now, is_quiet=room is not None and room.topic == topic)
        if room is not None:
            room.topic = topic

    def _on_names(self, message: Message, now: float) -> None:
        room = self._room(message.params[2])
        self._exchange.show(message, now, is_quiet=room is not None and not room.shows_names)

    def _on_end_of_names(self, message: Message, now: float) -> None:
        room = self._room(message.params[1])
        if room is not None:
            room.shows_names = False
            if not room.has_asked_who and self._exchange.agrees("away-notify"):
                room.has_asked_who = True
                extended = ["%tcnfa," + WHO_TOKEN] if "WHOX" in self._exchange.supported else []
                self._exchange.send(Message("WHO", [room.name, *extended]))
                room.awaits_who = True
        self._exchange.show(message, now, is_quiet=True)

    def _on_who(self, message: Message, now: float) -> None:
        room = self._room(message.params[1])
        self._exchange.show(message, now, is_quiet=room is not None and room.awaits_who)

    def _on_end_of_who(self, message: Message, now: float) -> None:
        room = self._room(message.params[1])
        if room is None or not room.awaits_who:
            self._exchange.show(message, now)
        else:
            room.awaits_who = False

    # --- beside the conversation ----------------------------------------------------------------------------

    def _on_tags(self, message: Message, now: float) -> None:
        """Handle a TAGMSG. Typing is not stored; the rest is in the history and is shown exactly once."""
        if "+typing" not in message.tags:
            self._messaging.on_message(message, now)
        elif not self._is_by_me(message) and (conversation := self._messaging.conversation_of(message)):
            self._exchange.show(message, now, conversation=conversation.name, is_quiet=True)

    def _on_redaction(self, message: Message, now: float) -> None:
        self._messaging.on_message(message, now)

    def _on_mark(self, message: Message, now: float) -> None:
        """Handle a read marker (IRCv3 read-marker)."""
        at = parse_time(message.params[1].removeprefix("timestamp="))
        if at is not None:
            self._typing_and_marks.marker_received(message.params[0], at)
            self._exchange.show(message, now, is_quiet=True)


# Verb -> handler, and the fewest parameters of a valid line.
_HANDLERS: Final[dict[str, tuple[Callable[[ServerEvents, Message, float], None], int]]] = {
    "ACCOUNT": (ServerEvents._on_quiet, 1),
    "AWAY": (ServerEvents._on_quiet, 0),
    "CHGHOST": (ServerEvents._on_quiet, 0),
    "INVITE": (ServerEvents._on_shown, 2),
    "JOIN": (ServerEvents._on_join, 1),
    "KICK": (ServerEvents._on_kick, 2),
    "MARKREAD": (ServerEvents._on_mark, 2),
    "MODE": (ServerEvents._on_shown, 2),
    "NICK": (ServerEvents._on_nick, 1),
    "PART": (ServerEvents._on_part, 1),
    "QUIT": (ServerEvents._on_shown, 0),
    "REDACT": (ServerEvents._on_redaction, 2),
    "SETNAME": (ServerEvents._on_quiet, 0),
    "TAGMSG": (ServerEvents._on_tags, 1),
    "TOPIC": (ServerEvents._on_topic, 2),
    n.RPL_ENDOFNAMES: (ServerEvents._on_end_of_names, 2),
    n.RPL_ENDOFWHO: (ServerEvents._on_end_of_who, 2),
    n.RPL_GLOBALUSERS: (ServerEvents._on_count, 0),
    n.RPL_LOCALUSERS: (ServerEvents._on_count, 0),
    n.RPL_LUSERCHANNELS: (ServerEvents._on_count, 0),
    n.RPL_LUSERCLIENT: (ServerEvents._on_count, 0),
    n.RPL_LUSERME: (ServerEvents._on_count, 0),
    n.RPL_LUSEROP: (ServerEvents._on_count, 0),
    n.RPL_LUSERUNKNOWN: (ServerEvents._on_count, 0),
    n.RPL_NAMREPLY: (ServerEvents._on_names, 4),
    n.RPL_TOPIC: (ServerEvents._on_topic, 3),
    n.RPL_WHOREPLY: (ServerEvents._on_who, 7),
    n.RPL_WHOSPCRPL: (ServerEvents._on_quiet, 5),
    n.RPL_MONONLINE: (ServerEvents._on_quiet, 2),
    n.RPL_MONOFFLINE: (ServerEvents._on_quiet, 2),
    n.ERR_MONLISTFULL: (ServerEvents._on_monitor_full, 0),
}
