"""The simulated network: gateways, clients and a Redis, and one run of a plan."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from gateway.lane.context import LaneSettings
from tests.simulation.agenda import Agenda
from tests.simulation.clients import Client, SimulatedConnection
from tests.simulation.gateways import SETTINGS, Gateway, Node
from tests.simulation.plan import ROOMS, Plan, Step
from tests.simulation.redis_host import STARTED_US, RedisHost
from tests.simulation.sockets import NARROW_WINDOW_BYTES, WINDOW_BYTES

MARK = "<{}>"
"""The mark of a message in its text, in any dialect."""


class Network:
    """Gateways, clients and a Redis in virtual time. ``_do_KIND`` carries out a step of the plan."""

    def __init__(self, plan: Plan) -> None:
        self.seed = plan.seed
        self.plan = plan
        self.agenda = Agenda()
        self.settings: LaneSettings = replace(SETTINGS, sendq_bytes=plan.sendq_bytes)
        self.redis = RedisHost(self.agenda, Random(f"{plan.seed} redis"), plan.replies_first)
        self.control_loss = 0.0
        self.troubles: list[tuple[str, str, Exception]] = []
        self.gateways: list[Gateway] = []
        self.clients: list[Client] = []
        self.is_healed = False
        self.asked_at = 0.0
        for number, lanes in enumerate(plan.gateways):
            self.start(f"gate{number}", lanes)
        for number, (caps, is_text) in enumerate(plan.clients):
            self.clients.append(Client(self, number, caps, is_text))

    @property
    def wall_now(self) -> float:
        return STARTED_US / 1_000_000 + self.agenda.now

    @property
    def nodes(self) -> list[Node]:
        """The lanes of living gateways."""
        return [node for gateway in self.gateways if gateway.is_alive for node in gateway.nodes]

    @property
    def connections(self) -> list[SimulatedConnection]:
        return [connection for client in self.clients for connection in client.connections]

    def start(self, name: str, lanes: int) -> Gateway:
        gateway = Gateway(self, name, lanes)
        self.gateways.append(gateway)
        return gateway

    def some_node(self, random: Random) -> Node | None:
        """A random lane that accepts new clients."""
        ready = [node for node in self.nodes if node.is_ready]
        return random.choice(ready) if ready else None

    # -- a run ----------------------------------------------------------------------------------------

    def run(self) -> None:
        """Carry out all steps of the plan, repair everything, and let the network come to rest."""
        for step in self.plan.steps:
            self.agenda.at(step.at, lambda step=step: self.take(step))  # type: ignore[misc]
        self.agenda.run(self.plan.length_s)
        self.heal()
        self.agenda.run(self.agenda.now + self.plan.rest_s)
        if any(step.kind == "flush_scripts" for step in self.plan.steps):
            self._ask_history()  # the first use of a flushed script fails; the next connection loads the scripts
            self.agenda.run(self.agenda.now + 10.0)
        self._ask_history()

    def _ask_history(self) -> None:
        """Let every client with draft/chathistory request the history of all rooms and users."""
        self.asked_at = self.agenda.now
        for client in self.clients:
            if client.connection is not None and "draft/chathistory" in client.caps:
                for room in ROOMS:
                    client.connection.send(f"CHATHISTORY LATEST {room} * 100")
                for other in self.clients:
                    client.connection.send(f"CHATHISTORY LATEST {other.nick} * 100")
        self.agenda.run(self.agenda.now + 1.0)
        while any(node.lane.parts.link._awaiting for node in self.nodes) and self.agenda.now < self.asked_at + 6.0:
            self.agenda.run(self.agenda.now + 0.05)

    def heal(self) -> None:
        self.is_healed = True
        self.control_loss = 0.0
        self.redis.heal()
        for gateway in self.gateways:
            gateway.resume()
        if not any(gateway.is_alive for gateway in self.gateways):
            self.start("gatelast", 1)
        for client in self.clients:
            if client.connection is not None:
                client.connection.end.widen(WINDOW_BYTES)

    def take(self, step: Step) -> None:
        """Carry out one step of the plan."""
        acts: Callable[..., None] = getattr(self, f"_do_{step.kind}")
        acts(*step.args)

    # -- what clients do ------------------------------------------------------------------------------

    def _do_connect(self, client: int) -> None:
        self.clients[client].connect()

    def _do_connect_to(self, client: int, gateway: int) -> None:
        """Connect to this gateway, if it accepts clients."""
        self.clients[client].connect(self._node(gateway, 0))

    def _do_leave(self, client: int, how: str) -> None:
        self.clients[client].leave(how)

    def _do_reset(self, client: int) -> None:
        self.clients[client].reset()

    def _do_storm(self, gateway: int) -> None:
        """Reset all connections of a gateway at once."""
        for client in self.clients:
            if client.connection is not None and client.connection.node.gateway is self.gateways[gateway]:
                client.reset()

    def _do_slow(self, client: int, seconds: float) -> None:
        """Let a client read nothing for a while."""
        connection = self.clients[client].connection
        if connection is not None:
            connection.end.widen(NARROW_WINDOW_BYTES)
            self.agenda.after(seconds, lambda: connection.end.widen(WINDOW_BYTES))

    def _do_join(self, client: int, room: str, key: str) -> None:
        one = self.clients[client]

        def act(connection: SimulatedConnection) -> None:
            one.rooms[room] = key
            one.join(connection, room, key)

        one.do(act)

    def _do_part(self, client: int, room: str) -> None:
        one = self.clients[client]

        def act(connection: SimulatedConnection) -> None:
            one.rooms.pop(room, None)
            connection.send(f"/part {room}" if connection.is_text else f"PART {room} :away")

        one.do(act)

    def _do_nick(self, client: int, nick: str) -> None:
        def act(connection: SimulatedConnection) -> None:
            connection.client.wished_nick = nick
            connection.send(f"/nick {nick}" if connection.is_text else f"NICK {nick}")

        self.clients[client].do(act)

    def _do_say(self, client: int, verb: str, target: str | int, token: str, label: str, tag_id: str) -> None:
        """Send a message, every third as a multiline batch if possible. ``target``: a room, or a client's number."""

        def act(connection: SimulatedConnection) -> None:
            to = target if isinstance(target, str) else self.clients[target].nick
            mark = MARK.format(token)
            if connection.is_text:
                connection.send(f"/msg {to} {mark}", token)
                return
            tags = [f"label={label}"] if label and "labeled-response" in connection.caps else []
            tags += [f"+hubbub/id={tag_id}"] if tag_id and "message-tags" in connection.caps else []
            kind = verb if verb != "TAGMSG" or "message-tags" in connection.caps else "PRIVMSG"
            if kind == "TAGMSG":
                tags.append(f"+mark={mark}")
            head = f"@{';'.join(tags)} " if tags else ""
            if kind != "TAGMSG" and "draft/multiline" in connection.caps and int(token[1:]) % 3 == 0:
                connection.send(f"{head}BATCH +{token} draft/multiline {to}")
                connection.send(f"@batch={token} {kind} {to} :{mark}", token)
                for text in ("", f"{token} ends"):
                    connection.send(f"@batch={token} {kind} {to} :{text}")
                connection.send(f"BATCH -{token}")
                return
            connection.send(f"{head}{kind} {to}" if kind == "TAGMSG" else f"{head}{kind} {to} :{mark}", token)

        self.clients[client].do(act)

    def _do_redact(self, client: int, room: str) -> None:
        """Delete the newest message of a room whose id the client knows."""

        def act(connection: SimulatedConnection) -> None:
            known = (re.match(rf"@(?:\S*;)?msgid=([^; ]+)\S* :\S+ (?:PRIVMSG|BATCH \+\S+ \S+) {room}\b", line)
                     for _, line in reversed(connection.lines))  # fmt: skip
            found = next(filter(None, known), None)
            if found is not None:
                connection.send(f"REDACT {room} {found[1]} :taken back")

        self.clients[client].do(act)

    def _do_line(self, client: int, line: str, *others: int) -> None:
        """Send any other command; ``{}`` is replaced by the nick of another client."""

        def act(connection: SimulatedConnection) -> None:
            if not connection.is_text:
                connection.send(line.format(*(self.clients[other].nick for other in others)))

        self.clients[client].do(act)

    # -- what happens to gateways ---------------------------------------------------------------------

    def _do_start(self, name: str, lanes: int) -> None:
        self.start(name, lanes)

    def _do_kill(self, gateway: int) -> None:
        self.gateways[gateway].kill()

    def _do_pause(self, gateway: int, seconds: float) -> None:
        paused = self.gateways[gateway]
        paused.pause()
        self.agenda.after(seconds, paused.resume)

    def _do_lane_clock(self, gateway: int, by_s: float) -> None:
        for node in self.gateways[gateway].nodes:
            node.wall_offset_s += by_s

    # -- what happens to Redis and on the way there ---------------------------------------------------

    def _node(self, gateway: int, lane: int) -> Node:
        nodes = self.gateways[gateway].nodes
        return nodes[lane % len(nodes)]

    def _do_trap(self, gateway: int, lane: int, how: str, late_s: float) -> None:
        self.redis.arm(self._node(gateway, lane), how, late_s)

    def _do_cut(self, gateway: int, lane: int, is_all_lost: bool) -> None:
        self.redis.cut(self._node(gateway, lane), is_all_lost)

    def _do_overflow(self, gateway: int, lane: int, delivered: int) -> None:
        self.redis.overflow(self._node(gateway, lane), delivered)

    def _do_lag(self, gateway: int, lane: int, seconds: float, is_outward: bool) -> None:
        self.redis.lag(self._node(gateway, lane), seconds, is_outward=is_outward)

    def _do_deafen(self, gateway: int, lane: int, messages: int) -> None:
        self.redis.deafen(self._node(gateway, lane), messages)

    def _do_stall(self, seconds: float) -> None:
        self.redis.stall(seconds)

    def _do_restart(self, down_s: float) -> None:
        self.redis.restart(down_s)

    def _do_replicate(self) -> None:
        self.redis.replicate()

    def _do_failover(self, down_s: float) -> None:
        self.redis.restart(down_s, self.redis.fall_back)

    def _do_wipe(self, is_restart: bool) -> None:
        if is_restart:
            self.redis.restart(0.05, self.redis.wipe)
        else:
            self.redis.wipe()

    def _do_flush_scripts(self) -> None:
        self.redis.server.flush_scripts()

    def _do_redis_clock(self, by_s: float) -> None:
        self.redis.set_clock(by_s)

    def _do_control_loss(self, share: float, seconds: float) -> None:
        self.control_loss = share
        self.agenda.after(seconds, lambda: setattr(self, "control_loss", 0.0))
