"""The surroundings of the tests of logs: a simulated Redis and a real one, with one interface.

A :class:`Stage` has nodes (the part of a lane that handles logs: a link, a log writer, replicas) and a console to
inspect Redis. Everything runs in :meth:`Stage.until` only, which ends when its condition holds.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import hiredis

from gateway.broker.dialing import dial
from gateway.broker.keys import Keys
from gateway.broker.link import Selector as LinkSelector
from gateway.net.selector import Selector
from tests.simulation.server import SimulatedSelector, SimulatedServer
from tests.stage.node import Node

LIMIT_S = 30.0
IDLE_TURNS = 50

pack: Callable[[tuple[str | bytes | int, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


class World(Protocol):
    """A server and the network to it."""

    @property
    def selector(self) -> LinkSelector: ...

    def connect(self) -> Any:
        """Return a connected socket for a link."""

    def turn(self) -> None:
        """Let everything proceed. Raises AssertionError if nothing has proceeded for too long."""

    def serve(self) -> None:
        """Let the server proceed, not the links."""

    def command(self, *words: str | bytes | int) -> Any:
        """Send a command on a separate connection. Return its reply as a link gets it."""

    def stall(self) -> None:
        """Let the server receive without processing until :meth:`resume`, or for a moment."""

    def resume(self) -> None: ...

    def close(self) -> None: ...


class Simulated:
    """The simulated Redis. It proceeds only in a turn."""

    def __init__(self, replies_first: bool) -> None:
        self.server = SimulatedServer(replies_first)
        self.selector = SimulatedSelector()
        self._idle_turns = 0

    def connect(self) -> Any:
        return self.selector.know(self.server.connect())

    def turn(self) -> None:
        moved = self.server.serve() + self.selector.poll()
        self._idle_turns = 0 if moved else self._idle_turns + 1
        assert self._idle_turns < IDLE_TURNS, "nothing moves any more"

    def serve(self) -> None:
        self.server.serve()

    def command(self, *words: str | bytes | int) -> Any:
        stalled, self.server.is_stalled = self.server.is_stalled, False
        end = self.server.connect()
        end.send(pack(words))
        self.server.serve(end.connection)
        reader = hiredis.Reader()
        reader.feed(end.recv(0))
        end.close()
        self.server.is_stalled = stalled
        self.server.serve(end.connection)
        return reader.gets()

    def stall(self) -> None:
        self.server.is_stalled = True

    def resume(self) -> None:
        self.server.is_stalled = False

    def close(self) -> None:
        """Nothing to close."""


class Real:
    """A real server at a URL, connected as a lane connects to it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.selector = Selector()
        self._console = dial(url)
        self._reader = hiredis.Reader()
        self.command("HELLO", 3)
        info = dict(line.split(":", 1) for line in self.command("INFO", "server").decode().splitlines() if ":" in line)
        self._pid = int(info["process_id"])

    def connect(self) -> socket.socket:
        return dial(self._url)

    def turn(self) -> None:
        for fd, mask in self.selector.wait(0.05):
            if fd in self.selector.handlers:
                self.selector.handlers[fd](mask)

    def serve(self) -> None:
        """Do nothing: a real server runs by itself."""

    def command(self, *words: str | bytes | int) -> Any:
        self._console.sendall(pack(words))
        while (reply := self._reader.gets()) is False:
            self._reader.feed(self._console.recv(1 << 20))
        return reply

    def stall(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def close(self) -> None:
        self.resume()  # if a test has failed: all tests share the server
        self._console.close()
        self.selector.close()


class Stage:
    """Nodes and a console on one world."""

    def __init__(self, world: World, prefix: str, replicas: int = 0) -> None:
        self.world = world
        self._replicas = replicas
        self.keys = Keys(prefix)
        self.nodes: list[Node] = []
        self.command = world.command

    def node(self, lane: str = "", connected: bool = True) -> Node:
        """Add a node with a link that is up."""
        node = Node(self.world.selector, self.keys, lane or f"gate0{len(self.nodes)}.0", self._replicas)
        self.nodes.append(node)
        if connected:
            self.connect(node)
        return node

    def connect(self, node: Node) -> None:
        node.link.attach(self.world.connect())
        self.until(lambda: node.link.is_connected)

    def until(self, has_come: Callable[[], bool]) -> None:
        """Let everything run until a condition holds. Fail if it does not."""
        deadline = time.monotonic() + LIMIT_S
        while not has_come():
            self.step()
            assert time.monotonic() < deadline, "it did not come about in time"

    def until_executed(self, has_come: Callable[[], bool]) -> None:
        """Let the server run, but no node receive, until a condition holds."""
        deadline = time.monotonic() + LIMIT_S
        while not has_come():
            self.world.serve()
            assert time.monotonic() < deadline, "it did not come about in time"

    def step(self) -> None:
        """Run one turn of every node and of the world."""
        for node in self.nodes:
            node.turn()
        self.world.turn()

    def round_trip(self, *nodes: Node) -> None:
        """Run until everything that these nodes (or all) have sent is answered, and everything published has come."""
        asked = nodes or self.nodes
        answers: list[Any] = []
        for node in asked:
            node.turn()
            node.link.send(answers.append, "PING")
        self.until(lambda: len(answers) == len(asked))

    def write(self, node: Node, name: str, *lines: str, epoch: str = "e") -> None:
        """Append each line as an entry of a writer that follows no log, over this node's link."""
        exists = self.command("EXISTS", self.keys.head(name))
        replies: list[Any] = []
        for n, line in enumerate(lines):
            node.append(replies.append, name, "*" if n or exists else "", f"w.0:{line}", line, epoch)
        self.until(lambda: len(replies) == len(lines))
        assert all(isinstance(reply, bytes) for reply in replies)

    def entries(self, name: str) -> list[tuple[str, str, bytes]]:
        """Return a log from Redis: (id, origin, payload)."""
        found: Sequence[Any] = self.command("XRANGE", self.keys.log(name), "-", "+")
        return [(id.decode(), fields[1].decode(), fields[3]) for id, fields in found]

    def head(self, name: str) -> tuple[str, str]:
        epoch, last = self.command("HMGET", self.keys.head(name), "epoch", "last")
        return (epoch or b"").decode(), (last or b"").decode()

    def close(self) -> None:
        for node in self.nodes:
            node.link.drop("the end")
        self.world.close()
