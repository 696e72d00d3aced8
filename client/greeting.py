"""The first replies of each connection, from RPL_WELCOME to the end of the MOTD, and what they start.

Owns whether the MOTD was shown, and whether the network has yet to name its lobby. Pure; under the session's lock.
"""

from typing import Final

from client.events import ConnectionChanged, ConnectionState
from client.exchange import Exchange
from client.history import HistoryLoader
from client.messaging import Messaging
from client.server_connection import ServerConnection
from gateway.wire import numerics as n
from gateway.wire.message import Message

END_OF_MOTD: Final = (n.RPL_ENDOFMOTD, n.ERR_NOMOTD)


class Greeting:
    """The registration of one session, connection after connection."""

    def __init__(
        self, exchange: Exchange, messaging: Messaging, history_loader: HistoryLoader, *, joins_lobby: bool
    ) -> None:
        """`joins_lobby`: if the user names no room, join the one that the network names as its lobby."""
        self.was_registered = False  # at least once, on any connection
        self.awaits_lobby = joins_lobby  # the network has not named its lobby yet
        self._exchange = exchange
        self._messaging = messaging
        self._history_loader = history_loader
        self._has_shown_motd = False

    def on_welcome(self, message: Message, connection: ServerConnection, now: float) -> None:
        """Join the rooms again, as the client that the server says we are."""
        naming, address = self._exchange.naming, connection.address
        self._exchange.is_registered = self.was_registered = True
        connection.pings.welcomed(now)
        naming.registered(message.params[0], now)
        self._exchange.events.append(ConnectionChanged(now, ConnectionState.CONNECTED, address))
        self._exchange.notify(f"connected to {address} as {naming.current}", now)
        if naming.is_reclaiming:
            text = f"your lost connection still holds the nick {naming.wanted}; you get it back when it is free"
            self._exchange.notify(text, now)
        self._messaging.fit_to_gateway(now)
        self._messaging.join_all(now)

    def on_isupport(self, message: Message, now: float) -> None:
        self._exchange.show(message, now, is_quiet=True)
        for token in message.params[1:-1]:
            key, _, value = token.partition("=")
            self._exchange.supported[key] = value
        if self.awaits_lobby and self._exchange.lobby:
            self.awaits_lobby = False
            if not self._messaging.rooms:
                self._messaging.join(self._exchange.lobby, "", now)

    def on_motd(self, message: Message, now: float) -> None:
        if not self._has_shown_motd:
            self._exchange.show(message, now)

    def on_end_of_motd(self, last_message_at: float, now: float) -> None:
        """Fetch the direct messages that came since `last_message_at`."""
        if self.awaits_lobby:
            self.awaits_lobby = False
            text = "this network has no lobby: /list shows its rooms, and /join ROOM joins one"
            self._exchange.notify(text, now)
        self._has_shown_motd = self._exchange.is_greeted = True
        self._messaging.catch_up_with_people(now)
        self._history_loader.request_targets(last_message_at, now)
