"""A registered (or registering) user of this lane, and the replies to its commands.

Pure: lines go to an ``Outlet``, the connection with its dialect. A command's replies go through :meth:`Session.reply`,
which collects the replies of a labeled command and sends them as IRCv3 labeled-response requires. So no command needs
to know of labels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from gateway.chat.capabilities import BATCH, ECHO_MESSAGE, LABELED_RESPONSE, STANDARD_REPLIES
from gateway.chat.errors import CommandError
from gateway.chat.flood import ANSWER_BYTES
from gateway.chat.member import Sender
from gateway.wire.framing import cut
from gateway.wire.tags import escape

if TYPE_CHECKING:
    from gateway.chat.multiline import Batch
    from gateway.chat.room import Room


LABEL_LIMIT_BYTES: Final = 64
"""IRCv3 labeled-response, "Tag value": a longer value is not a label."""
WORD_LIMIT_BYTES: Final = 256
"""The maximum length of a parameter that a numeric repeats: the longest name of a room."""


class Outlet(Protocol):
    """The output of a session."""

    def send(self, line: str) -> None:
        """Write one line (without CRLF) in the connection's dialect."""


class Registration:
    """The state of a registration, until 001."""

    __slots__ = ("negotiates", "nick", "password")

    def __init__(self) -> None:
        self.negotiates = False  # CAP LS or REQ has come, CAP END has not
        self.password = ""
        self.nick = ""  # requested before the network's password came: it is not claimed yet


class Session:
    """A user's session. The lane's handlers write its fields directly."""

    __slots__ = (
        "_batches",
        "_shared",
        "account",
        "address",
        "away",
        "batch",
        "caps",
        "host",
        "invisible",
        "invites",
        "is_bot",
        "is_registered",
        "is_secure",
        "label",
        "last_active",
        "nick",
        "oper",
        "outlet",
        "owed",
        "read_marks",
        "realname",
        "registration",
        "response",
        "revision",
        "rooms",
        "server",
        "sid",
        "signon",
        "token",
        "user",
        "wallops",
    )

    def __init__(self, sid: str, server: str, outlet: Outlet, address: str, host: str, now: float) -> None:
        """``address``: the peer's own. ``host``: the cloaked one that others see. ``now``: epoch seconds."""
        self.sid = sid
        self.server = server
        self.outlet = outlet
        self.address = address
        self.host = host
        self.nick = ""
        self.user = ""
        self.realname = ""
        self.account = ""
        self.away: str | None = None
        self.revision = 0  # the number of its profile changes: AWAY, SETNAME
        self.token = ""
        self.caps = 0
        self.oper = ""  # the operator's name, or '' for other users
        self.is_bot = False
        self.invisible = False
        self.wallops = False
        self.is_secure = False
        self.is_registered = False
        self.registration: Registration | None = Registration()
        self.signon = now
        self.last_active = now
        self.rooms: dict[str, Room] = {}  # by casefolded name
        self.invites: dict[str, str] | None = None  # casefolded name -> name of rooms invited to, the newest last
        self.batch: Batch | None = None  # the batch that the client has open
        self.read_marks: dict[str, int] = {}  # casefolded target -> ms since 1970 of the last message read there
        self.label = ""  # the tag of the replies to the present command: "label=x" (escaped), or "batch=x"
        self.owed = 0  # bytes of replies and cost of other work that flood control has not counted yet
        self.response: list[str] | None = None
        self._batches = 0
        self._shared: dict[str, int] = {}  # the tag of a response of several replies -> the number of those to come

    @property
    def sender(self) -> Sender:
        return Sender(self.account, self.is_bot)

    @property
    def source(self) -> str:
        """nick!user@host"""
        return f"{self.nick}!{self.user}@{self.host}"

    def send(self, line: str) -> None:
        """Write a line that is not a reply to the present command."""
        self.outlet.send(line)

    def reply(self, line: str) -> None:
        """Write a line in reply to the present command."""
        self.owed += len(line)
        if self.response is None:
            self.outlet.send(line)
        else:
            self.response.append(line)

    def charge(self, lines: float) -> None:
        """Count the present command as this many additional lines."""
        self.owed += int(lines * ANSWER_BYTES)

    def numeric(self, code: str, *params: str) -> None:
        """Write a numeric. The last parameter is sent as text. Any other that is not a word is sent as *."""
        middle = " ".join((self.nick or "*", *map(_word, params[:-1])))
        self.reply(f":{self.server} {code} {middle} :{params[-1]}")

    def numeric_words(self, code: str, *params: str) -> None:
        """Write a numeric whose last parameter is a single word."""
        self.reply(f":{self.server} {code} {' '.join((self.nick or '*', *params))}")

    def note(self, text: str) -> None:
        self.reply(f":{self.server} NOTICE {self.nick or '*'} :{text}")

    def fail(self, verb: str, code: str, *context_and_text: str) -> None:
        """Write a FAIL (IRCv3 standard-replies), or a NOTICE without the capability."""
        if self.caps & STANDARD_REPLIES:
            self.standard_reply("FAIL", verb, code, *context_and_text)
        else:
            *context, text = context_and_text
            self.note(f"{' '.join((verb, *context))} failed: {text}")

    def warn(self, verb: str, code: str, text: str) -> None:
        """Write a WARN (IRCv3 standard-replies) if the capability is negotiated."""
        self.standard_reply("WARN", verb, code, text)

    def standard_reply(self, kind: str, verb: str, code: str, *context_and_text: str) -> None:
        """Write a FAIL to a client whose other capabilities imply standard-replies."""
        *context, text = context_and_text
        self.reply(f":{self.server} {kind} {' '.join((verb, code, *map(_word, context)))} :{text}")

    def answer(self, error: CommandError) -> None:
        """Send the reply that an error carries, as a part of the response to the command at hand."""
        if not error.verb:
            self.numeric(error.code, *error.params)
        elif error.is_implied:
            self.standard_reply("FAIL", error.verb, error.code, *error.params)
        else:
            self.fail(error.verb, error.code, *error.params)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer an error that is raised inside: one of several targets fails, the others do not."""
        try:
            yield
        except CommandError as error:
            self.answer(error)

    # -- IRCv3 labeled-response -----------------------------------------------------------------------

    def begin_response(self, label: str) -> None:
        """Collect replies from now on, until :meth:`end_response`."""
        if self.caps & LABELED_RESPONSE and len(label.encode()) <= LABEL_LIMIT_BYTES:
            self.label = f"label={escape(label)}"
            self.response = []

    def share_response(self) -> None:
        """Begin one batch for the replies to the present command, some of which come later."""
        if self.label and self.caps & BATCH and self.caps & ECHO_MESSAGE:
            reference = self.new_batch()
            self.outlet.send(f"@{self.label} :{self.server} BATCH +{reference} labeled-response")
            self.label = f"batch={reference}"
            self._shared[self.label] = 1  # the command itself

    def answered(self, label: str) -> None:
        """Note that a reply with this tag has come, or will never come. A shared response ends with its last one."""
        if label in self._shared:
            self._shared[label] -= 1
            if not self._shared[label]:
                del self._shared[label]
                self.outlet.send(f":{self.server} BATCH -{label.removeprefix('batch=')}")

    def end_response(self) -> None:
        """Send the collected replies: none as ACK, one with the tag, several as the batch that they are or in one."""
        lines, label = self.response, self.label
        self.response, self.label = None, ""
        if lines is None:
            return
        if label in self._shared:
            for line in lines:
                self.outlet.send(_of_batch(line, label))
            self.answered(label)
        elif not lines:
            self.outlet.send(f"@{label} :{self.server} ACK")
        elif len(lines) == 1 or not self.caps & BATCH or _is_batch(lines):
            self.outlet.send(_tagged(lines[0], label))
            for line in lines[1:]:
                self.outlet.send(line)
        else:
            reference = self.new_batch()
            self.outlet.send(f"@{label} :{self.server} BATCH +{reference} labeled-response")
            for line in lines:
                self.outlet.send(_of_batch(line, f"batch={reference}"))
            self.outlet.send(f":{self.server} BATCH -{reference}")

    def drop_response(self) -> None:
        """Let the present command have no reply."""
        self.response, self.label = None, ""

    def put_off_response(self) -> str:
        """Let the present command be answered together with a later one. Return the label for that."""
        label = self.label
        self.drop_response()
        return label

    def resume_response(self, label: str) -> None:
        """Collect replies from now on under a deferred label, if there is one."""
        if label:
            self.response, self.label = [], label

    def take_label(self) -> str:
        """Return the label for the echo of a message. The response is then that echo alone.

        "" if the label stays with the replies: there will be no echo, or an error came first. In a shared response the
        echo is one more reply.
        """
        if self.label in self._shared:
            self._shared[self.label] += 1
            return self.label
        if not self.caps & ECHO_MESSAGE or self.response:
            return ""
        label = self.label
        self.drop_response()
        return label

    def answer_late(self, label: str, answer: Callable[[], None]) -> None:
        """Make the replies of ``answer`` the response to a command that took its label with it."""
        if label in self._shared:
            self._shared[label] += 1
        now = self.response, self.label
        self.response, self.label = ([], label) if label else (None, "")
        answer()
        self.end_response()
        self.response, self.label = now

    def new_batch(self) -> str:
        """Return a batch reference that this connection has not used before."""
        self._batches += 1
        return f"b{self._batches}"


def _is_batch(lines: list[str]) -> bool:
    """Return whether a response is one batch (chathistory, multiline). That batch then has the label."""
    _, _, opening = lines[0].partition(" BATCH +")
    return bool(opening) and lines[-1].endswith(f"BATCH -{opening.partition(' ')[0]}")


def _word(param: str) -> str:
    """Return a valid parameter for the middle of a line from a client's text (RFC 2812 2.3.1).

    It is cut, so that the text after it fits into the line.
    """
    return cut(param, WORD_LIMIT_BYTES) if param and param[0] != ":" and " " not in param else "*"


def _of_batch(line: str, tag: str) -> str:
    """Return a line in a batch. A line of an inner batch names the inner one only (IRCv3 batch, "Nested batches")."""
    return line if line.startswith("@batch=") else _tagged(line, tag)


def _tagged(line: str, tag: str) -> str:
    return f"@{tag};{line[1:]}" if line.startswith("@") else f"@{tag} {line}"
