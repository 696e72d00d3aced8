"""The connection of a session: one thread receives and one sends, so that neither waits for the other.

    hubbub-receive   connects, receives, reads the clock and shows events; connects again after a lost connection
    hubbub-send      sends the output of the session, as long as one connection lasts

Both, and the thread of the keyboard, share one session under the lock `_changed`. No thread waits for network or screen
while it holds the lock. So a slow screen does not delay sending, and a slow server does not delay receiving.
"""

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from client.events import Event
from client.server_addresses import Route, ServerAddress
from client.session import Session
from client.stream import Stream, connect, explain

TICK_S: Final = 1.0
GOODBYE_LIMIT_S: Final = 2.0  # for the server to close the connection after QUIT

T = TypeVar("T")


class Transport:
    """Keeps a session connected from `start` to `close`."""

    def __init__(self, session: Session, route: Route, show: Callable[[Event], None]) -> None:
        """`show` is called on the receiving thread, with one event after the other."""
        self._session = session
        self._route = route
        self._show = show
        self._changed = threading.Condition()  # guards the session
        self._is_closing = False
        self._unreachable: dict[ServerAddress, str] = {}  # address -> why, since the last connection that worked
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._receiver = threading.Thread(target=self._stay_connected, name="hubbub-receive", daemon=True)

    # --- for the thread of the keyboard ---------------------------------------------------------------------

    def start(self) -> None:
        self._receiver.start()

    def do(self, action: Callable[[Session, float], object]) -> None:
        """Run an action on the session; the other threads send and show what comes of it."""
        with self._changed:
            action(self._session, time.time())
            self._changed.notify_all()
        self._wake()

    def read(self, function: Callable[[Session], T]) -> T:
        """Read from the session, under its lock; safe on any thread."""
        with self._changed:
            return function(self._session)

    def wait_for(self, claim: Callable[[Session], bool], timeout_s: float | None) -> bool:
        """Wait until a condition is true of the session; False after the timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: claim(self._session), timeout_s)

    def close(self) -> None:
        """End both threads. After QUIT, the server gets a moment to close the connection."""
        if self.read(lambda session: session.is_finished):
            self._receiver.join(GOODBYE_LIMIT_S)
        self._is_closing = True
        self._wake()
        self._receiver.join(GOODBYE_LIMIT_S)
        if not self._receiver.is_alive():  # else it still resolves a host name, and ends with the process
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"!")
        except BlockingIOError:
            return  # the pipe has enough wake-ups

    # --- on hubbub-receive ----------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        return self._is_closing or self.read(lambda session: session.is_finished)

    def _stay_connected(self) -> None:
        while not self._is_over():
            while self.read(lambda session: session.needs_password) and not self._is_over():
                self._wait_readable(None, TICK_S)
            address, pause_s = self._route.advance()
            self._wait_before(address, pause_s)
            if self._is_over():
                break
            began = time.monotonic()
            try:
                stream = self._connect(address)
            except OSError as error:
                self._route.ended(0.0)
                self._explain_failure(address, explain(error))
            else:
                reason = self._converse(stream, address)
                self._route.ended(time.monotonic() - began)
                self._after_connection(address, reason)
        self._show_events()

    def _converse(self, stream: Stream, address: ServerAddress) -> str:
        """Receive until the connection ends, while a second thread sends; return why it ended."""
        self._update(lambda session, now: session.connected(str(address), now))
        sender = threading.Thread(target=self._send, args=(stream,), name="hubbub-send", daemon=True)
        sender.start()
        try:
            return self._receive(stream)
        except OSError as error:
            return explain(error)
        finally:
            stream.end()
            with self._changed:
                self._changed.notify_all()
            sender.join()
            stream.close()

    def _receive(self, stream: Stream) -> str:
        while not self._is_closing:
            data = stream.receive()
            if data == b"":
                return "it was closed"
            if data is None:
                self._update(Session.tick)
                if self.read(lambda session: session.is_dead):
                    return "no sign of life"
                self._wait_readable(stream, TICK_S)
            else:
                self._take_in(data)
        return "closing"

    def _take_in(self, data: bytes) -> None:
        self._update(lambda session, now: session.receive(data, now))

    def _after_connection(self, address: ServerAddress, reason: str) -> None:
        was_working, last_error = self.read(lambda session: (session.is_registered, session.last_error))
        needs_password = self.read(lambda session: session.needs_password)
        reason = last_error or reason
        self._update(Session.disconnected)
        if self._is_over():
            return
        if was_working:
            self._unreachable.clear()
            self._tell(f"the connection to {address} is lost ({reason}); what you say is kept until there is another")
        elif not needs_password:
            self._explain_failure(address, reason)

    def _explain_failure(self, address: ServerAddress, reason: str) -> None:
        """Notify the user once that no gateway can be reached, when all have been tried."""
        self._update(lambda session, now: session.unreachable(str(address), reason, now))
        was_known = len(self._unreachable) == self._route.length
        self._unreachable[address] = reason
        if not was_known and len(self._unreachable) == self._route.length:
            reasons = ", ".join(f"{address}: {why}" for address, why in self._unreachable.items())
            self._tell(f"no gateway can be reached ({reasons}); trying again, and keeping what you say")

    def _tell(self, text: str) -> None:
        self._update(lambda session, now: session.notify(text, now))

    def _update(self, action: Callable[[Session, float], None]) -> None:
        with self._changed:
            action(self._session, time.time())
            self._changed.notify_all()
        self._show_events()

    def _show_events(self) -> None:
        with self._changed:
            events = self._session.take_events()
        for event in events:
            self._show(event)

    def _wait_before(self, address: ServerAddress, pause_s: float) -> None:
        """Wait before the next address."""
        if pause_s:
            until = time.time() + pause_s
            self._update(lambda session, now: session.waiting(str(address), until, now))
            self._pause(pause_s)

    def _connect(self, address: ServerAddress) -> Stream:
        self._update(lambda session, now: session.connecting(str(address), now))
        return connect(address)

    def _pause(self, pause_s: float) -> None:
        until = time.monotonic() + pause_s
        while not self._is_over() and (left_s := until - time.monotonic()) > 0:
            self._wait_readable(None, left_s)
            self._show_events()

    def _wait_readable(self, stream: Stream | None, timeout_s: float) -> None:
        """Wait for the server, a wake-up, or the timeout."""
        sources = [self._wake_read] if stream is None else [self._wake_read, stream.fileno()]
        readable, _, _ = select.select(sources, [], [], timeout_s)
        if self._wake_read in readable:
            os.read(self._wake_read, 4096)

    # --- on hubbub-send -------------------------------------------------------------------------------------

    def _send(self, stream: Stream) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: stream.is_over or self._session.has_output)
                if stream.is_over:
                    return
                data = self._session.take_output()
            try:
                stream.send(data)
            except OSError:
                stream.end()  # the receiving thread notices it, and connects again
                return
