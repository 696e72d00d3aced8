"""What a gateway would not do: which of our wishes it was, and what becomes of that.

Owns the way from an error (FAIL, or a numeric from 400 on) to the part of the session that asked; what nobody asked
for is for the person to read. Pure; whoever holds the session.
"""

from typing import Final

from client.conversation import SyncState
from client.exchange import Exchange
from client.history import HistoryLoader
from client.messaging import Messaging
from client.pings import Pings
from gateway.wire import numerics as n
from gateway.wire.casefold import fold
from gateway.wire.message import Message

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
_MESSAGE_REFUSED: Final = frozenset(
    (n.ERR_NOSUCHNICK, n.ERR_NOSUCHCHANNEL, n.ERR_CANNOTSENDTOCHAN, n.ERR_TOOMANYTARGETS)
)
_FIRST_ERROR: Final = "400"


class ErrorReplies:
    """The errors of one session's wishes."""

    def __init__(self, exchange: Exchange, messaging: Messaging, history_loader: HistoryLoader) -> None:
        self._exchange = exchange
        self._messaging = messaging
        self._history_loader = history_loader
        self.last = ""  # why there is no name to be had on this connection

    def on_fail(self, message: Message, pings: Pings, now: float) -> None:
        """Take a standard reply (IRCv3 standard-replies)."""
        match message.params[0].upper():
            case _ if self._messaging.is_waited_for(message):
                self._messaging.on_message_refused(message, now)
            case "PING" if pings.take_promise_back():
                return
            case "CHATHISTORY":
                self._on_history(message, now)
            case "PRIVMSG" | "NOTICE":
                self._messaging.on_message_refused(message, now)
            case _:
                self._exchange.show(message, now)

    def on_numeric(self, message: Message, now: float) -> None:
        """Take a numeric: the refusal of something that we asked for, or a line to read."""
        if len(message.params) < 2:  # nothing that it could be about
            self._exchange.show(message, now)
            return
        target = fold(message.params[1])
        room = self._messaging.rooms.get(target)
        if message.verb in _NICK_REFUSED and room is None:
            self._on_nick(message, now)
        elif message.verb in _JOIN_REFUSED and room is not None and room.sync_state is SyncState.AWAITED:
            self._messaging.on_join_refused(room, message, now)
        elif message.verb == n.ERR_UNKNOWNCOMMAND and target == "chathistory":
            self._on_history(message, now)
        elif message.verb in _MESSAGE_REFUSED or (
            message.verb >= _FIRST_ERROR and self._messaging.is_waited_for(message)
        ):
            self._messaging.on_message_refused(message, now)
        else:
            self._exchange.show(message, now)

    def _on_history(self, message: Message, now: float) -> None:
        if not self._history_loader.refuses(message, now):
            self._messaging.history.on_refused(message, now)

    def _on_nick(self, message: Message, now: float) -> None:
        naming = self._exchange.naming
        if not self._exchange.is_registered:
            refused = naming.current
            if (nick := naming.refused()) is None:
                self.last = message.params[-1]
                return
            if not naming.was_ours:
                self._exchange.tell(f"{refused}: {message.params[-1]}; trying {nick} (/nick NAME changes it)", now)
            self._exchange.send(Message("NICK", [nick]))
        elif not naming.is_reclaiming or fold(message.params[1]) != fold(naming.wanted):
            self._exchange.show(message, now)
        elif naming.still_taken(now):
            self._exchange.tell(f"your old name is still taken: you stay {naming.current}", now)
