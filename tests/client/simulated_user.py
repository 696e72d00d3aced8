"""A session and a fake connection that the tests of the session connect by hand."""

import itertools

from client.events import ClientNotice, Event, Failed, ServerEvent
from client.session import Session
from gateway.wire.message import Message
from tests.client.fake_gateway import FakeConnection, FakeNetwork


class SimulatedUser:
    """One user of a client on a network, with a simulated time."""

    def __init__(self, network: FakeNetwork, name: str = "alice", *rooms: str, backlog: int = 0) -> None:
        ids = itertools.count()
        self.network = network
        self.session = Session(name, rooms or ("#lobby",), lambda: f"{next(ids):04}{name}", backlog=backlog)
        self.connection: FakeConnection | None = None
        self.now = 1_700_000_000.0
        self.events: list[Event] = []

    def connect(self) -> FakeConnection:
        """Open a connection. No line is carried yet."""
        self.connection = self.network.connect()
        self.session.connected("fake:6667", self.now)
        return self.connection

    def start(self) -> "SimulatedUser":
        """Connect, and carry all lines."""
        self.connect()
        self.run()
        return self

    def run(self) -> None:
        """Carry lines in both directions until both sides are silent."""
        while self.carry_up() or self.carry_down():
            pass

    def connect_until(self, verb: str) -> FakeConnection:
        """Connect, and carry lines until the gateway has got one of this verb. Its answer is not carried."""
        connection = self.connect()
        while self.carry_up() and not self.sent(verb):
            self.carry_down()
        return connection

    def carry_up(self) -> bool:
        assert self.connection is not None
        data = self.session.take_output()
        self.connection.take(data)
        return bool(data)

    def carry_down(self, lines: int | None = None) -> bool:
        assert self.connection is not None
        carried = self.connection.output[:lines]
        del self.connection.output[:lines]
        if carried:
            self.hear(*carried)
        return bool(carried)

    def hear(self, *lines: str) -> None:
        """Let the gateway send these lines."""
        self.session.receive("".join(f"{line}\r\n" for line in lines).encode(), self.now)
        self.events += self.session.take_events()

    def cut(self, *, leaves_ghost: bool = False) -> None:
        """Lose the connection and all lines in flight in both directions."""
        assert self.connection is not None
        self.connection.close(leaves_ghost=leaves_ghost)
        self.connection = None
        self.session.disconnected(self.now)

    def request(self, verb: str, *params: str) -> None:
        self.session.request(Message(verb, list(params)), self.now)
        self.events += self.session.take_events()

    def say(self, text: str, target: str = "#lobby") -> None:
        self.request("PRIVMSG", target, text)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.session.tick(self.now)
        self.events += self.session.take_events()

    # --- shown events ---------------------------------------------------------------------------------------

    def heard(self, target: str = "#lobby") -> list[str]:
        """Return the texts of the messages that were shown, own messages included."""
        return [
            event.message.params[1]
            for event in self.events
            if isinstance(event, ServerEvent)
            and not event.is_quiet
            and event.message.verb == "PRIVMSG"
            and event.message.params[0] == target
        ]

    def shown(self, verb: str) -> list[Message]:
        return [
            event.message
            for event in self.events
            if isinstance(event, ServerEvent) and not event.is_quiet and event.message.verb == verb
        ]

    def statuses(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, ClientNotice))

    def undelivered(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Failed)]

    def sent(self, verb: str) -> list[Message]:
        """Return the lines of a verb that the gateway got on the present connection, except CHATHISTORY TARGETS."""
        assert self.connection is not None
        sent = [message for message in self.connection.received if message.verb == verb]
        return [message for message in sent if message.params[:1] != ["TARGETS"]]
