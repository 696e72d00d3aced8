"""Error replies (FAIL, and numerics from 400 on): which command each answers, and what follows from it.

An error without a command of ours is shown to the user. Pure; under the session's lock.
"""

from typing import Final

from client.conversation import SyncState
from client.exchange import Exchange
from client.history import HistoryLoader
from client.messaging import Messaging
from client.pings import Pings
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
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
    """The error replies to the commands of one session."""

    def __init__(self, exchange: Exchange, messaging: Messaging, history_loader: HistoryLoader) -> None:
        self._exchange = exchange
        self._messaging = messaging
        self._history_loader = history_loader
        self.last = ""  # why registration failed on this connection

    def on_fail(self, message: Message, pings: Pings, now: float) -> None:
        """Handle a FAIL (IRCv3 standard-replies)."""
        match message.params[0].upper():
            case _ if self._messaging.answers_own_message(message):
                self._messaging.on_message_refused(message, now)
            case "PING" if pings.revoke_promise():
                return
            case "CHATHISTORY":
                self._on_history(message, now)
            case "PRIVMSG" | "NOTICE":
                self._messaging.on_message_refused(message, now)
            case _:
                self._exchange.show(message, now)

    def on_numeric(self, message: Message, now: float) -> None:
        """Handle a numeric: an error for a command of ours, or a reply to show."""
        if len(message.params) < 2:  # it names no subject
            self._exchange.show(message, now)
            return
        target = casefold(message.params[1])
        room = self._messaging.rooms.get(target)
        if message.verb in _NICK_REFUSED and room is None:
            self._on_nick(message, now)
        elif message.verb in _JOIN_REFUSED and room is not None and room.sync_state is SyncState.AWAITED:
            self._messaging.on_join_refused(room, message, now)
        elif message.verb == n.ERR_UNKNOWNCOMMAND and target == "chathistory":
            self._on_history(message, now)
        elif message.verb in _MESSAGE_REFUSED or (
            message.verb >= _FIRST_ERROR and self._messaging.answers_own_message(message)
        ):
            self._messaging.on_message_refused(message, now)
        else:
            self._exchange.show(message, now)

    def _on_history(self, message: Message, now: float) -> None:
        if not self._history_loader.on_refused(message, now):
            self._messaging.history.on_refused(message, now)

    def _on_nick(self, message: Message, now: float) -> None:
        naming = self._exchange.naming
        if not self._exchange.is_registered:
            refused = naming.current
            if (nick := naming.refused()) is None:
                self.last = message.params[-1]
                return
            if not naming.was_ours:
                self._exchange.notify(f"{refused}: {message.params[-1]}; trying {nick} (/nick NAME changes it)", now)
            self._exchange.send(Message("NICK", [nick]))
        elif not naming.is_reclaiming or casefold(message.params[1]) != casefold(naming.wanted):
            self._exchange.show(message, now)
        elif naming.still_taken(now):
            self._exchange.notify(f"your old nick is still in use: you keep {naming.current}", now)
