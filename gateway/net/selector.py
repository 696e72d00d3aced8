"""The lane's selector: waits for file descriptors and calls their handlers; other threads can end the wait.

It uses epoll directly: on a busy lane the key objects of ``selectors`` cost more than the system call.
Runs on the lane's thread, except `Wake.set`.
"""

import contextlib
import os
import select
from collections.abc import Callable

READ = select.EPOLLIN
WRITE = select.EPOLLOUT

Ready = Callable[[int], None]


class Selector:
    """Registered descriptors; ``handlers``: what to call for each, as ``on_ready(mask)``."""

    __slots__ = ("_epoll", "handlers")

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.handlers: dict[int, Ready] = {}

    def __len__(self) -> int:
        return len(self.handlers)

    def register(self, fd: int, on_ready: Ready, events: int = READ) -> None:
        self._epoll.register(fd, events)
        self.handlers[fd] = on_ready

    def modify(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def unregister(self, fd: int) -> None:
        """Remove a descriptor; call this before it is closed."""
        del self.handlers[fd]
        self._epoll.unregister(fd)

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        """Wait at most ``timeout_s`` seconds; return the ready descriptors, each with what is ready."""
        return self._epoll.poll(timeout_s, 1024)

    def close(self) -> None:
        self._epoll.close()


class Wake:
    """An eventfd by which any thread can end the wait."""

    __slots__ = ("fd",)

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def set(self) -> None:
        """Make the descriptor ready; has no effect after `close`. Any thread."""
        with contextlib.suppress(OSError):
            os.eventfd_write(self.fd, 1)

    def clear(self) -> None:
        os.eventfd_read(self.fd)

    def close(self) -> None:
        os.close(self.fd)
