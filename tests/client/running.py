"""A whole client inside a test: its session and its two threads, without keyboard and screen."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from client.events import ClientNotice, ConnectionChanged, ConnectionState, Event, OlderLoaded, ServerEvent
from client.server_addresses import Route, parse_address
from client.session import Session
from client.transport import Transport
from gateway.wire.message import Message, split_source
from tests.client.fake_server import DEADLINE_S


class Running:
    """A session with its transport, and its shown events."""

    def __init__(self, *addresses: str, name: str = "alice") -> None:
        self.session = Session(name, ["#lobby"], lambda: secrets.token_hex(8))
        route = Route([parse_address(address) for address in addresses], lambda: 0.0)
        self.transport = Transport(self.session, route, self._show)
        self._events: list[Event] = []
        self._shown = threading.Condition()

    def _show(self, event: Event) -> None:
        with self._shown:
            self._events.append(event)
            self._shown.notify_all()

    def say(self, text: str) -> None:
        message = Message("PRIVMSG", ["#lobby", text])
        self.transport.do(lambda session, now: session.request(message, now))

    def until(self, claim: Callable[[Session], bool]) -> None:
        assert self.transport.wait_for(claim, DEADLINE_S), "it never became true"

    def until_shown(self, claim: Callable[["Running"], bool]) -> None:
        with self._shown:
            assert self._shown.wait_for(lambda: claim(self), DEADLINE_S), self._events

    def heard(self) -> list[str]:
        return [
            event.message.params[1]
            for event in self._events
            if isinstance(event, ServerEvent) and not event.is_quiet and event.message.verb == "PRIVMSG"
        ]

    def joined(self) -> set[str]:
        """Return the nicks that were shown to join."""
        heard = [event.message for event in self._events if isinstance(event, ServerEvent)]
        return {split_source(message.source or "")[0] for message in heard if message.verb == "JOIN"}

    def links(self) -> list[tuple[ConnectionState, str]]:
        """Return the changes of the connection, with the gateways."""
        return [(event.state, event.address) for event in self._events if isinstance(event, ConnectionChanged)]

    def pages(self) -> list[OlderLoaded]:
        return [event for event in self._events if isinstance(event, OlderLoaded)]

    def statuses(self) -> list[str]:
        return [event.text for event in self._events if isinstance(event, ClientNotice)]


@contextmanager
def running(*addresses: str, name: str = "alice") -> Iterator[Running]:
    client = Running(*addresses, name=name)
    client.transport.start()
    try:
        yield client
    finally:
        client.transport.close()
