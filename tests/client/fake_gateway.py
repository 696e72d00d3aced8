"""A small network for the client's tests: pure, so that a test decides what arrives and what is lost.

`FakeNetwork` has one log and any number of `FakeConnection`s, which take bytes and give bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.wire.casefold import fold
from gateway.wire.framing import LineBuffer
from gateway.wire.message import Message, parse

ALL_CAPS = "batch cap-notify draft/chathistory echo-message labeled-response message-tags multi-prefix server-time sasl"


@dataclass
class FakeNetwork:
    """What all gateways share: names, members and one log for all rooms."""

    caps: str = ALL_CAPS
    page: int = 5  # the largest page of history
    knows_msgids: bool = True  # in CHATHISTORY
    refuses: set[str] = field(default_factory=set)  # rooms that cannot be joined, people who are not there
    log: list[Message] = field(default_factory=list)
    connections: list["FakeConnection"] = field(default_factory=list)
    ghosts: set[str] = field(default_factory=set)  # folded names that dead sessions hold
    is_promising: bool = True  # PONG comes without FAIL PING
    underway: list[Callable[[], None]] = field(default_factory=list)  # what stalled gateways have not done yet

    def connect(self) -> "FakeConnection":
        connection = FakeConnection(self)
        self.connections.append(connection)
        return connection

    def release(self) -> None:
        """Let happen what stalled gateways have taken, also for those whose connection is lost by now."""
        while self.underway:
            self.underway.pop(0)()

    def say(
        self,
        nick: str,
        target: str,
        text: str,
        tags: dict[str, str] | None = None,
        sender: "FakeConnection | None" = None,
    ) -> Message:
        """Put a message into the log and on its way to all who are to have it, its sender excepted.

        One that was said before under the same +hubbub/id is the first one.
        """
        message_id = (tags or {}).get("+hubbub/id")
        for first in self.log:
            if message_id and first.tags.get("+hubbub/id") == message_id and first.params[0] == target:
                return first
        stamped = {"time": self.time(), "msgid": f"m{len(self.log)}", **(tags or {})}
        message = Message("PRIVMSG", [target, text], f"{nick}!u@h", stamped)
        self.log.append(message)
        for connection in self.connections:
            is_addressed = fold(target) in connection.rooms or fold(target) == fold(connection.nick)
            if is_addressed and connection is not sender:
                connection.deliver(message)
        return message

    def time(self) -> str:
        """The network's own time: a second for each message."""
        at = datetime.fromtimestamp(1_700_000_000 + len(self.log), UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"

    def texts(self, room: str) -> list[str]:
        return [message.params[1] for message in self.log if message.params[0] == room]


class FakeConnection:
    """One client's connection to a gateway: `take` its bytes; `output` holds the lines for it, until cleared."""

    def __init__(self, network: FakeNetwork) -> None:
        self.network = network
        self.nick = "*"
        self.caps: set[str] = set()
        self.rooms: set[str] = set()
        self.output: list[str] = []
        self.received: list[Message] = []  # all that the client sent
        self.has_quit = False
        self.is_stalled = False  # takes what is said, and is long about putting it into the log
        self._is_registered = False
        self._is_negotiating = False
        self._lines = LineBuffer(tags_limit_bytes=4096)

    def take(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            assert isinstance(line, str), "the client sent a line that is too long"
            message = parse(line)
            assert message is not None
            self.received.append(message)
            getattr(self, f"_on_{message.verb.lower()}", self._on_unknown)(message)

    def close(self, *, leaves_ghost: bool = False) -> None:
        if self in self.network.connections:
            self.network.connections.remove(self)
        if leaves_ghost:
            self.network.ghosts.add(fold(self.nick))

    def reply(self, verb: str, *params: str, source: str = "fake", tags: dict[str, str] | None = None) -> None:
        self.output.append(Message(verb, list(params), source, tags or {}).line())

    def deliver(self, message: Message, **tags: str) -> None:
        kept = {
            key: value
            for key, value in message.tags.items()
            if ("message-tags" if key != "time" else "server-time") in self.caps
        }
        self.output.append(Message(message.verb, message.params, message.source, {**tags, **kept}).line())

    # --- verbs ----------------------------------------------------------------------------------------------

    def _on_unknown(self, message: Message) -> None:
        self.reply("421", self.nick, message.verb, "Unknown command")

    def _on_pass(self, _message: Message) -> None:
        pass

    def _on_user(self, _message: Message) -> None:
        self._register()

    def _on_cap(self, message: Message) -> None:
        match message.params:
            case ["LS", *_]:
                self._is_negotiating = True
                first, _, rest = self.network.caps.partition(" ")
                if rest:
                    self.reply("CAP", "*", "LS", "*", first)
                self.reply("CAP", "*", "LS", rest or first)
            case ["REQ", names]:
                self.caps |= set(names.split())
                self.reply("CAP", "*", "ACK", names)
            case ["END"]:
                self._is_negotiating = False
                self._register()

    def _on_nick(self, message: Message) -> None:
        nick = message.params[0]
        others = {fold(other.nick) for other in self.network.connections if other is not self}
        if fold(nick) in others | self.network.ghosts:
            self.reply("433", self.nick, nick, "Nickname is already in use")
            return
        if self._is_registered:
            self.reply("NICK", nick, source=f"{self.nick}!u@h")
        self.nick = nick
        self._register()

    def _register(self) -> None:
        if self._is_registered or self._is_negotiating or self.nick == "*":
            return
        self._is_registered = True
        self.reply("001", self.nick, "Welcome")
        self.reply("005", self.nick, f"CHATHISTORY={self.network.page}", "are supported by this server")
        self.reply("422", self.nick, "No message of the day")

    def _on_join(self, message: Message) -> None:
        room = message.params[0]
        if room in self.network.refuses:
            self.reply("474", self.nick, room, "Cannot join channel (+b)")
            return
        self.rooms.add(fold(room))
        self.deliver(Message("JOIN", [room], f"{self.nick}!u@h", {"time": self.network.time()}))
        self.reply("353", self.nick, "=", room, self.nick)
        self.reply("366", self.nick, room, "End of NAMES")

    def _on_part(self, message: Message) -> None:
        self.rooms.discard(fold(message.params[0]))
        self.reply("PART", message.params[0], source=f"{self.nick}!u@h")

    def _on_names(self, message: Message) -> None:
        self.reply("353", self.nick, "=", message.params[0], f"{self.nick} @boss")
        self.reply("366", self.nick, message.params[0], "End of NAMES")

    def _on_privmsg(self, message: Message) -> None:
        target, text = message.params
        label = {"label": message.tags["label"]} if "labeled-response" in self.caps else {}
        if target in self.network.refuses or (target[0] == "#" and fold(target) not in self.rooms):
            self.reply("404", self.nick, target, "Cannot send to channel", tags=label)
            return
        tags = {key: value for key, value in message.tags.items() if key.startswith("+")}
        nick = self.nick

        def say() -> None:
            said = self.network.say(nick, target, text, tags, self)
            if "echo-message" in self.caps:
                self.deliver(said, **label)

        self._do(say)

    def _do(self, act: Callable[[], None]) -> None:
        if self.is_stalled:
            self.network.underway.append(act)
        else:
            act()

    def _on_ping(self, message: Message) -> None:
        self._do(lambda: self._pong(message))

    def _pong(self, message: Message) -> None:
        if not self.network.is_promising:
            self.reply("FAIL", "PING", "TEMPORARILY_UNAVAILABLE", "No promise")
        self.reply("PONG", "fake", message.params[0])

    def _on_pong(self, _message: Message) -> None:
        pass

    def _on_quit(self, _message: Message) -> None:
        self.has_quit = True
        self.reply("ERROR", "Bye")
        self.close()

    def _on_chathistory(self, message: Message) -> None:
        subcommand, room, reference, limit = message.params
        said = [entry for entry in self.network.log if fold(entry.params[0]) == fold(room)]
        match subcommand, reference.partition("=")[::2]:
            case "AFTER", ("msgid", _) if not self.network.knows_msgids:
                self.reply("FAIL", "CHATHISTORY", "INVALID_MSGREFTYPE", "AFTER", room, "no msgids here")
                return
            case "AFTER", ("msgid", msgid):
                index = next(index for index, entry in enumerate(said) if entry.tags["msgid"] == msgid)
                page = said[index + 1 :][: int(limit)]
            case "AFTER", ("timestamp", time):
                page = [entry for entry in said if entry.tags["time"] > time][: int(limit)]
            case _:
                page = said[-int(limit) :]
        assert int(limit) <= self.network.page
        self.reply("BATCH", "+h", "chathistory", room)
        for entry in page:
            self.deliver(entry, batch="h")
        self.reply("BATCH", "-h")
