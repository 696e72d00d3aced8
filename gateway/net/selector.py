"""The lane's selector: which file descriptor is ready, and whom that concerns; and how others end its wait.

epoll itself rather than ``selectors``: on a busy lane the wrapper's key objects cost more than the call.
Runs on the lane's thread, but for :meth:`Wake.ring`.
"""

import contextlib
import os
import select
from collections.abc import Callable

READ = select.EPOLLIN
WRITE = select.EPOLLOUT

Ready = Callable[[int], None]


class Selector:
    """Calls ``on_ready(mask)`` of each registered descriptor that is ready."""

    __slots__ = ("_epoll", "_handlers")

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Ready] = {}

    def __len__(self) -> int:
        return len(self._handlers)

    def register(self, fd: int, on_ready: Ready, events: int = READ) -> None:
        self._epoll.register(fd, events)
        self._handlers[fd] = on_ready

    def modify(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def unregister(self, fd: int) -> None:
        """Forgets a descriptor; must be called before it is closed."""
        del self._handlers[fd]
        self._epoll.unregister(fd)

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        """Waits at most ``timeout_s`` seconds for descriptors that are ready: for :meth:`serve`."""
        return self._epoll.poll(timeout_s, 1024)

    def serve(self, ready: list[tuple[int, int]]) -> None:
        """Calls whoever registered a descriptor that is ready."""
        handlers = self._handlers
        for fd, mask in ready:
            on_ready = handlers.get(fd)
            if on_ready is not None:  # an earlier handler of this turn may have closed it
                on_ready(mask)

    def close(self) -> None:
        self._epoll.close()


class Wake:
    """A descriptor that any thread can make ready: an eventfd."""

    __slots__ = ("fd",)

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        """Makes it ready; nothing once it is closed. From any thread."""
        with contextlib.suppress(OSError):
            os.eventfd_write(self.fd, 1)

    def clear(self) -> None:
        os.eventfd_read(self.fd)

    def close(self) -> None:
        os.close(self.fd)
