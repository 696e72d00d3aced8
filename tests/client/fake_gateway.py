"""A small network for the client's tests. It is pure, so a test decides which bytes arrive and which are lost.

`FakeNetwork` has one log and any number of `FakeConnection`s, which take and return bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.wire.casefold import casefold
from gateway.wire.framing import LineBuffer
from gateway.wire.message import Message, parse, split_source

ALL_CAPS = "batch cap-notify draft/chathistory echo-message labeled-response message-tags multi-prefix server-time sasl"
MODERN_CAPS = (
    f"{ALL_CAPS} away-notify draft/event-playback draft/message-redaction draft/multiline=max-bytes=4096,max-lines=20"
    " draft/read-marker"
)


@dataclass
class FakeNetwork:
    """The data that all gateways share: nicks, members and one log for all rooms."""

    caps: str = ALL_CAPS
    page: int = 5  # the largest page of history
    knows_msgids: bool = True  # in CHATHISTORY
    marks_end: bool = False  # the same: marks the last answer
    refuses: set[str] = field(default_factory=set)  # rooms that cannot be joined, users that do not exist
    log: list[Message] = field(default_factory=list)
    connections: list["FakeConnection"] = field(default_factory=list)
    supports: str = ""  # further tokens of ISUPPORT
    lobby: str = "#lobby"
    password: str = ""
    marks: dict[str, str] = field(default_factory=dict)  # read markers of all users, by target
    passwords: list[str] = field(default_factory=list)  # that were told
    orphaned_nicks: set[str] = field(default_factory=set)  # casefolded nicks that dead sessions hold
    is_promising: bool = True  # PONG comes without FAIL PING
    _by_id: dict[tuple[str, str], Message] = field(default_factory=dict)
    underway: list[Callable[[], None]] = field(default_factory=list)  # appends that stalled gateways have not done yet

    def connect(self) -> "FakeConnection":
        connection = FakeConnection(self)
        self.connections.append(connection)
        return connection

    def release(self) -> None:
        """Do the appends of stalled gateways, also for clients whose connection is lost meanwhile."""
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
        """Put a message into the log, and send it to its recipients except the sender."""
        return self.put(Message("PRIVMSG", [target, text], f"{nick}!u@h", tags or {}), sender)

    def put(self, message: Message, sender: "FakeConnection | None" = None) -> Message:
        """As `say`, for any message. A message with a known +hubbub/id is the first one again."""
        target = message.params[0]
        message_id = message.tags.get("+hubbub/id", f"log {len(self.log)}")
        if (first := self._by_id.setdefault((message_id, target), message)) is not message:
            return first
        message.tags = {"time": self.time(), "msgid": f"m{len(self.log)}", **message.tags}
        self.log.append(message)
        for connection in self.connections:
            is_addressed = casefold(target) in connection.rooms or casefold(target) == casefold(connection.nick)
            if is_addressed and connection is not sender:
                connection.deliver(message)
        return message

    def time(self) -> str:
        """The network's time: one second for each message."""
        at = datetime.fromtimestamp(1_700_000_000 + len(self.log), UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"

    def texts(self, room: str) -> list[str]:
        return [message.params[1] for message in self.log if message.params[0] == room and message.verb == "PRIVMSG"]


class FakeConnection:
    """One client's connection to a gateway: `take` gets its bytes, `output` has the lines for it until cleared."""

    def __init__(self, network: FakeNetwork) -> None:
        self.network = network
        self.nick = "*"
        self.caps: set[str] = set()
        self.rooms: set[str] = set()
        self.output: list[str] = []
        self.received: list[Message] = []  # all that the client sent
        self.has_quit = False
        self.is_away = False
        self.is_stalled = False  # accepts messages, and appends them much later
        self._is_registered = False
        self._is_negotiating = False
        self._password = ""
        self._batch: list[Message] = []  # the lines of a message of several lines; the BATCH is first
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
            self.network.orphaned_nicks.add(casefold(self.nick))

    def reply(self, verb: str, *params: str, source: str = "fake", tags: dict[str, str] | None = None) -> None:
        self.output.append(Message(verb, list(params), source, tags or {}).line())

    def deliver(self, message: Message, **tags: str) -> None:
        kept = {
            key: value
            for key, value in message.tags.items()
            if ("message-tags" if key != "time" else "server-time") in self.caps
        }
        if "\n" not in message.params[-1]:
            self.output.append(Message(message.verb, message.params, message.source, {**tags, **kept}).line())
            return
        target, text = message.params
        reference = f"b{kept.get('msgid', '')}"
        is_batch = "draft/multiline" in self.caps
        if is_batch:
            opening = Message("BATCH", [f"+{reference}", "draft/multiline", target], message.source, {**tags, **kept})
            self.output.append(opening.line())
        for number, line in enumerate(text.split("\n")):
            # IRCv3 multiline: without the capability, the first line alone has the message's id.
            own_tags = {"batch": reference} if is_batch else {**tags, **kept} if number == 0 else _only(tags, "batch")
            self.output.append(Message(message.verb, [target, line], message.source, own_tags).line())
        if is_batch:
            self.output.append(f"BATCH -{reference}")

    # --- verbs ----------------------------------------------------------------------------------------------

    def _on_unknown(self, message: Message) -> None:
        self.reply("421", self.nick, message.verb, "Unknown command")

    def _on_pass(self, message: Message) -> None:
        self._password = message.params[0]
        self.network.passwords.append(self._password)

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
        others = {casefold(other.nick) for other in self.network.connections if other is not self}
        if casefold(nick) in others | self.network.orphaned_nicks:
            self.reply("433", self.nick, nick, "Nickname is already in use")
            return
        if self._is_registered:
            self.reply("NICK", nick, source=f"{self.nick}!u@h")
        self.nick = nick
        self._register()

    def _register(self) -> None:
        if self._is_registered or self._is_negotiating or self.nick == "*":
            return
        if self.network.password and self._password != self.network.password:
            self.reply("464", self.nick, "Password incorrect")
            self.reply("ERROR", "Closing link: Bad password")
            self.has_quit = True
            return
        self._is_registered = True
        self.reply("001", self.nick, "Welcome")
        self.reply(
            "005",
            self.nick,
            f"CHATHISTORY={self.network.page}",
            *self.network.supports.split(),
            *([f"hubbub/LOBBY={self.network.lobby}"] if self.network.lobby else []),
            "are supported by this server",
        )
        self.reply("422", self.nick, "No message of the day")

    def _on_join(self, message: Message) -> None:
        room = message.params[0]
        if room in self.network.refuses:
            self.reply("474", self.nick, room, "Cannot join channel (+b)")
            return
        self.rooms.add(casefold(room))
        self.deliver(Message("JOIN", [room], f"{self.nick}!u@h", {"time": self.network.time()}))
        here = [other.nick for other in self.network.connections if casefold(room) in other.rooms]
        self.reply("353", self.nick, "=", room, " ".join(here))
        self.reply("366", self.nick, room, "End of NAMES")

    def _on_part(self, message: Message) -> None:
        self.rooms.discard(casefold(message.params[0]))
        self.reply("PART", message.params[0], source=f"{self.nick}!u@h")

    def _on_names(self, message: Message) -> None:
        self.reply("353", self.nick, "=", message.params[0], f"{self.nick} @boss")
        self.reply("366", self.nick, message.params[0], "End of NAMES")

    def _on_privmsg(self, message: Message) -> None:
        if message.tags.get("batch"):
            self._batch.append(message)
            return
        target, text = message.params
        label = self._label(message)
        if target in self.network.refuses or (target[0] == "#" and casefold(target) not in self.rooms):
            self.reply("404", self.nick, target, "Cannot send to channel", tags=label)
            return
        tags = {key: value for key, value in message.tags.items() if key.startswith("+")}
        nick = self.nick

        def say() -> None:
            said = self.network.say(nick, target, text, tags, self)
            if "echo-message" in self.caps:
                self.deliver(said, **label)

        self._do(say)

    def _label(self, message: Message) -> dict[str, str]:
        return {"label": message.tags["label"]} if "labeled-response" in self.caps and "label" in message.tags else {}

    def _on_batch(self, message: Message) -> None:
        """Handle a message of several lines (IRCv3 multiline)."""
        if message.params[0].startswith("+"):
            assert "draft/multiline" in self.caps
            self._batch = [message]
            return
        opening, *lines = self._batch
        assert message.params[0][1:] == opening.params[0][1:]
        assert len(lines) <= 20
        text = lines[0].params[1]
        for line in lines[1:]:
            text += ("" if "draft/multiline-concat" in line.tags else "\n") + line.params[1]
        assert len(text.encode()) <= 4096
        self._on_privmsg(Message("PRIVMSG", [opening.params[2], text], tags=opening.tags))

    def _relay(self, message: Message) -> None:
        tags = {key: value for key, value in message.tags.items() if key.startswith("+")}
        relayed = Message(message.verb, message.params, f"{self.nick}!u@h", tags)
        if "+typing" in tags:
            for other in self.network.connections:
                if other is not self and (casefold(message.params[0]) in {*other.rooms, casefold(other.nick)}):
                    other.deliver(relayed)
        else:
            self.deliver(self.network.put(relayed, self))

    _on_tagmsg = _on_redact = _relay

    def _on_markread(self, message: Message) -> None:
        target, mark = message.params
        self.network.marks[target] = max(mark, self.network.marks.get(target, ""))
        self.reply("MARKREAD", target, self.network.marks[target])

    def _on_who(self, message: Message) -> None:
        room = message.params[0]
        for other in self.network.connections:
            if casefold(room) in other.rooms:
                flags = "G" if other.is_away else "H"
                self.reply("352", self.nick, room, "u", "h", "fake", other.nick, flags, "0 name")
        self.reply("315", self.nick, room, "End of WHO")

    def _on_monitor(self, message: Message) -> None:
        online = {casefold(other.nick) for other in self.network.connections}
        for nick in message.params[1].split(","):
            self.reply("730" if casefold(nick) in online else "731", self.nick, nick)

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
        subcommand, target, *references, limit = message.params
        label = self._label(message)
        assert int(limit) <= self.network.page
        if subcommand == "TARGETS":
            self._tell_targets(target.partition("=")[2], int(limit), label)
            return
        said = [entry for entry in self.network.log if self._is_about(entry, target) and self._may_see(entry)]
        match subcommand, references[0].partition("=")[::2]:
            case (("AFTER" | "BEFORE"), ("msgid", _)) if not self.network.knows_msgids:
                text = "no msgids here"
                self.reply("FAIL", "CHATHISTORY", "INVALID_MSGREFTYPE", subcommand, target, text, tags=label)
                return
            case (("AFTER" | "BEFORE"), ("msgid", msgid)):
                index = next(index for index, entry in enumerate(said) if entry.tags["msgid"] == msgid)
                page = said[index + 1 :][: int(limit)] if subcommand == "AFTER" else said[:index][-int(limit) :]
            case "AFTER", ("timestamp", time):
                page = [entry for entry in said if entry.tags["time"] > time][: int(limit)]
            case "BEFORE", ("timestamp", time):
                page = [entry for entry in said if entry.tags["time"] < time][-int(limit) :]
            case _:
                page = said[-int(limit) :]
        is_end = page[-1:] == said[-1:] if subcommand == "AFTER" else page[:1] == said[:1]
        mark = {"draft/chathistory-end": ""} if self.network.marks_end and is_end else {}
        self.reply("BATCH", "+h", "chathistory", target, tags=label | mark)
        for entry in page:
            if "\n" in entry.params[-1] and "draft/multiline" in self.caps:
                opening, *lines, end = self._lines_of(entry)
                self.output += [f"@batch=h;{opening[1:]}", *lines, end]
            else:
                self.deliver(entry, batch="h")
        self.reply("BATCH", "-h")

    def _lines_of(self, entry: Message) -> list[str]:
        """Return the lines of the batch of a message of several lines."""
        output, self.output = self.output, []
        self.deliver(entry)
        lines, self.output = self.output, output
        return lines

    def _may_see(self, entry: Message) -> bool:
        return entry.verb in ("PRIVMSG", "NOTICE", "REDACT") or "draft/event-playback" in self.caps

    def _is_about(self, entry: Message, target: str) -> bool:
        other, nick = casefold(entry.params[0]), casefold(split_source(entry.source or "")[0])
        if target.startswith("#"):
            return other == casefold(target)
        return {other, nick} == {casefold(target), casefold(self.nick)}

    def _tell_targets(self, since: str, limit: int, label: dict[str, str]) -> None:
        others: dict[str, str] = {}
        for entry in self.network.log:
            nick = split_source(entry.source or "")[0]
            if casefold(self.nick) in (casefold(nick), casefold(entry.params[0])) and entry.tags["time"] > since:
                others[entry.params[0] if casefold(nick) == casefold(self.nick) else nick] = entry.tags["time"]
        self.reply("BATCH", "+t", "draft/chathistory-targets", tags=label)
        for other, time in list(others.items())[:limit]:
            self.reply("CHATHISTORY", "TARGETS", other, time, tags={"batch": "t"})
        self.reply("BATCH", "-t")


def _only(tags: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key == name}
