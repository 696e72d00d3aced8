"""Gateways of the simulation: real lanes and a real heartbeat, driven turn by turn and beat by beat."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import redis

from gateway.broker.keys import Keys
from gateway.browser_addresses import BrowserAddresses
from gateway.chat.isupport import isupport_lines, isupport_tokens
from gateway.chat.network import Server
from gateway.heartbeat.leases import BEATS_A_LEASE, Heartbeat
from gateway.lane.clients.client import Dialect
from gateway.lane.context import LaneContext, LaneSettings
from gateway.lane.hooks import call_all
from gateway.lane.lane import Lane
from gateway.lane.loop.clock import Clock
from gateway.lane.loop.process import Post, ProcessServices
from gateway.net.connection import ClientConnection
from tests.simulation.sockets import ClientSocket, LaneSelector, LaneWake, LinkSocket
from tests.simulation.store import Failure

if TYPE_CHECKING:
    from tests.simulation.clients import SimulatedConnection
    from tests.simulation.network import Network

LEASE_S = 8.0
IDLE_LATENESS_S = 1.0
"""How late the turn of an idle lane may be. It makes a quiet minute cheap."""

SETTINGS = LaneSettings(
    prefix="",
    flood_rate=0.0,
    flood_burst=0,
    sendq_bytes=20_000,
    ping_interval_s=60.0,
    trusted_proxies=(),
    history_messages=10_000,
    history_bytes=8 << 20,
    history_age_s=24 * 3600.0,
    retry_queue_bytes=1 << 18,
    retry_queue_age_s=300.0,
    wait_replicas=0,
)
SERVER = Server(
    name="irc.test",
    network="Simulated",
    version="hubbub-0",
    lobby="#lobby",
    motd=(),
    isupport=isupport_lines(isupport_tokens("Simulated", "#lobby")),
    password=None,
    operators={},
    lease_s=LEASE_S,
    started_s=0.0,
)
KEYS = Keys(SETTINGS.prefix)


class SimulatedContext(LaneContext):
    """The context of a lane. A fault in the lane is a violation."""

    def __init__(self, node: "Node", *args: Any, **kwargs: Any) -> None:
        self._node = node
        super().__init__(*args, **kwargs)

    def fault(self, where: str, error: Exception) -> None:
        self._node.gateway.network.troubles.append((self.id, where, error))

    def post(self, call: Callable[[], None]) -> None:
        super().post(call)
        self._node.look_soon()

    def rekey(self, gateway: str) -> None:
        super().rekey(gateway)
        for client in self._node.lane.parts.clients.values():
            if client.connection.is_open:
                self._node.end_of(client.connection).sids.append(self.current_sid(client.session.sid))


class SimulatedLane(Lane):
    """A lane that reports its session ids to the simulation."""

    def __init__(self, node: "Node", context: LaneContext, selector: LaneSelector) -> None:
        self._node = node
        super().__init__(context, selector)
        handshake = self.parts.handshake
        self._opened = handshake.opened
        handshake.opened = self._note_session

    def _note_session(self, connection: ClientConnection, dialect: Dialect, data: bytes) -> None:
        """Record the session id before anything is read, as the first line may end the session."""
        self._node.end_of(connection).sids.append(f"{self.id}.{self.parts.connections.next_session}")
        self._opened(connection, dialect, data)


class Node:
    """One lane and the time of its next turn."""

    def __init__(self, gateway: "Gateway", number: int) -> None:
        network = gateway.network
        self.gateway = gateway
        self.agenda = network.agenda
        self.random = Random(f"{network.seed} {gateway.name}.{number}")
        self.wall_offset_s = 0.0
        self.link: LinkSocket | None = None
        self.turns = 0
        self._next_turn = float("inf")
        self._selector = LaneSelector()
        wake = LaneWake()
        self._selector.sockets[wake.fd] = wake
        agenda = self.agenda
        context = SimulatedContext(
            self,
            gateway.id,
            number,
            network.settings,
            SERVER,
            ProcessServices(
                connect=self._connect,
                cloak=lambda address: f"{address}.cloak",
                admit=lambda _address, _change: True,
                may_make_room=lambda _address: True,
                browsers=BrowserAddresses(lambda: agenda.now),
                verify=lambda *_try: None,
                beats=lambda: gateway.heartbeat.beats,
                gone=gateway.heartbeat.disown,
                rehash=lambda: None,
            ),
            clock=Clock(
                monotonic=lambda: agenda.now,
                wall=lambda: network.wall_now + self.wall_offset_s,
                awake=lambda: agenda.now,
            ),
            random=self.random,
            wake=wake,
        )
        self.lane = SimulatedLane(self, context, self._selector)
        self.lane.begin()

    def _connect(self, post: Post, done: Callable[[Any], None]) -> None:
        self.agenda.after(self.random.uniform(0.0005, 0.005), partial(self._connected, post, done))

    def _connected(self, post: Post, done: Callable[[Any], None]) -> None:
        if not self.gateway.is_alive:
            return
        self.link = self.gateway.network.redis.connect(self)
        if self.link is None:
            post(partial(done, ConnectionRefusedError(111, "Connection refused")))
        else:
            self._selector.sockets[self.link.fileno()] = self.link
            post(partial(done, self.link))

    @property
    def is_ready(self) -> bool:
        """Whether new clients may come here."""
        gateway = self.gateway
        return bool(gateway.is_running and gateway.heartbeat.beats and self.lane.context.is_ready)

    def accept(self, connection: "SimulatedConnection") -> ClientSocket:
        """Give the lane a new client connection."""
        end = ClientSocket(self.agenda, self.random, self, connection)
        self._selector.sockets[end.fd] = end
        self.lane.post(lambda: self.lane.parts.connections.accept(end, connection.address))  # type: ignore[arg-type]
        return end

    def end_of(self, connection: ClientConnection) -> "SimulatedConnection":
        end = self._selector.sockets[connection.fd]
        assert isinstance(end, ClientSocket)
        return end.connection

    # -- turns ----------------------------------------------------------------------------------------

    def look_soon(self) -> None:
        """Schedule a turn: something has arrived for the lane."""
        self._look(self.agenda.now + self.random.uniform(0.0, 0.001))

    def _look(self, at: float) -> None:
        if at < self._next_turn:
            self._next_turn = at
            self.agenda.at(at, lambda: self._turn(at))

    def _turn(self, at: float) -> None:
        if at != self._next_turn or not self.gateway.is_running:
            return
        self._next_turn = float("inf")
        lane = self.lane
        self.turns += 1
        try:
            lane.turn(0.0)
        except Exception as error:  # as the lane's thread does
            lane.context.fault("turn", error)
        if lane.context.is_stopping:
            self.gateway.lane_ended(self)
            return
        late = 0.0 if lane.parts.dispatcher.tasks else IDLE_LATENESS_S
        ready = self._selector.wait(0.0)
        self._look(self.agenda.now + (self.random.uniform(0.0, 0.001) if ready else lane.timeout_s() + late))

    def resume(self) -> None:
        self._next_turn = float("inf")
        self.look_soon()


class Gateway:
    """A gateway process: running, paused or dead."""

    def __init__(self, network: "Network", name: str, lanes: int) -> None:
        self.network = network
        self.name = name
        self.id = name
        self.is_alive = True
        self.is_paused = False
        self._leases_lost = 0
        self._is_enrolled = False
        self._random = Random(f"{network.seed} {name}")
        self.heartbeat = Heartbeat(
            "simulated",
            KEYS,
            self.id,
            lease_s=LEASE_S,
            lanes=lanes,
            on_beat=lambda: None,
            on_gone=self._gone,
            on_new=self._enrolled,
            monotonic=lambda: network.agenda.now,
            connect=lambda _url: Control(network, self._random),  # type: ignore[arg-type,return-value]
        )
        self.nodes = [Node(self, number) for number in range(lanes)]
        self._beat()

    @property
    def is_running(self) -> bool:
        return self.is_alive and not self.is_paused

    def _beat(self) -> None:
        if self.is_alive:
            if not self.is_paused:
                self.heartbeat.beat()
            self.network.agenda.after(LEASE_S / BEATS_A_LEASE, self._beat)

    def _gone(self) -> None:
        """Continue under a new gateway id after the loss of the lease, as the real process does."""
        self._leases_lost += 1
        self.heartbeat.take(f"{self.name[:5]}{'abcdefghijklmnopqrstuvwxyz234567'[self._leases_lost % 32]}")

    def _enrolled(self) -> None:
        if self.id != self.heartbeat.gateway:
            self.id = self.heartbeat.gateway
            for node in self.nodes:
                node.lane.post(partial(node.lane.parts.rekey.take, self.id))
        elif self._is_enrolled:
            for node in self.nodes:
                node.lane.post(partial(call_all, node.lane.parts.hooks.lease_lost))
        self._is_enrolled = True

    def lane_ended(self, node: Node) -> None:
        node.lane.end()
        if all(one.lane.context.is_stopping for one in self.nodes):
            self.kill()

    # -- what may happen to it ------------------------------------------------------------------------

    def kill(self) -> None:
        """Kill the process (-9). Bytes that it has sent may still arrive."""
        if not self.is_alive:
            return
        self.is_alive = False
        for node in self.nodes:
            if node.link is not None:
                node.link.close()
            for end in list(node._selector.sockets.values()):
                if isinstance(end, ClientSocket):
                    end.close()

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        if self.is_alive and self.is_paused:
            self.is_paused = False
            for node in self.nodes:
                node.resume()


class Control:
    """The heartbeat's Redis client, as far as it is used. A command runs at once, or fails before or after it ran."""

    def __init__(self, network: "Network", random: Random) -> None:
        self._network = network
        self._random = random

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return lambda *words: self._run(lambda: self._network.redis.server.execute(*_words((verb, *words))))

    def delete(self, *keys: str) -> Any:
        return self._run(lambda: self._network.redis.server.execute(b"DEL", *_words(keys)))

    def zmscore(self, key: str, members: Sequence[str]) -> Any:
        return self._run(lambda: self._network.redis.server.execute(b"ZMSCORE", *_words((key, *members))))

    def register_script(self, source: str) -> Callable[..., Any]:
        def run(keys: Sequence[Any], args: Sequence[Any], client: Any = None) -> Any:
            def now() -> Any:
                return self._network.redis.server.script(source, _words(keys), _words(args))

            return self._run(now) if client is None else client.later(now)

        return run

    def pipeline(self, transaction: bool) -> "Pipeline":
        assert not transaction
        return Pipeline(self._network, self._run)

    def _run(self, call: Callable[[], Any]) -> Any:
        """Run a command as a client without retries."""
        network = self._network
        if not network.redis.is_answering:
            raise redis.ConnectionError("simulated: away")
        is_lost = self._random.random() < network.control_loss
        if is_lost and self._random.random() < 0.5:
            raise redis.ConnectionError("simulated: cut before")
        try:
            reply = call()
        except Failure as failure:
            raise redis.ResponseError(str(failure)) from None
        finally:
            network.redis.published()
        if is_lost:
            raise redis.TimeoutError("simulated: cut after")
        return reply


class Pipeline:
    """Commands in one batch, without a transaction."""

    def __init__(self, network: "Network", run: Callable[[Callable[[], Any]], Any]) -> None:
        self._network = network
        self._run = run
        self._calls: list[Callable[[], Any]] = []

    def later(self, call: Callable[[], Any]) -> None:
        self._calls.append(call)

    def srem(self, key: str, *members: str) -> None:
        self.later(lambda: self._network.redis.server.execute(b"SREM", *_words((key, *members))))

    def execute(self) -> list[Any]:
        return [self._run(call) for call in self._calls]


def _words(values: Sequence[Any]) -> list[bytes]:
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]
