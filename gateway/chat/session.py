"""A registered (or registering) user's presence on this lane, and how it is answered.

Pure: what it writes goes to an ``Outlet``, its connection as its dialect sees it. A command's replies go
through :meth:`Session.reply`, so that a labeled command's are gathered and sent as IRCv3 labeled-response
wants them, without any command knowing of labels.
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
"""IRCv3 labeled-response, "Tag value": what is longer is no label."""
WORD_LIMIT_BYTES: Final = 256
"""Of a parameter that a numeric repeats: the longest name of a room."""


class Outlet(Protocol):
    """Where a session's lines go."""

    def send(self, line: str) -> None:
        """Writes one line (without CRLF), in the way of the connection's dialect."""


class Registration:
    """What is known only until 001."""

    __slots__ = ("negotiates", "nick", "password")

    def __init__(self) -> None:
        self.negotiates = False  # CAP LS or REQ came, CAP END not yet
        self.password = ""
        self.nick = ""  # asked for before the network's password came: it is not claimed yet


class Session:
    """See the module. Fields are plain: the lane's handlers own them."""

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
        """``address``: the peer's own; ``host``: the cloaked one that others see; ``now``: epoch seconds."""
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
        self.revision = 0  # of what the rooms were told of it: AWAY, SETNAME
        self.token = ""
        self.caps = 0
        self.oper = ""  # the operator's name, '' for ordinary users
        self.is_bot = False
        self.invisible = False
        self.wallops = False
        self.is_secure = False
        self.is_registered = False
        self.registration: Registration | None = Registration()
        self.signon = now
        self.last_active = now
        self.rooms: dict[str, Room] = {}  # by folded name
        self.invites: dict[str, str] | None = None  # folded name -> name of rooms invited to, the newest last
        self.batch: Batch | None = None  # the one that the client has open
        self.read_marks: dict[str, int] = {}  # folded target -> ms since 1970 of the last message read there
        self.label = ""  # the tag of the answers to the command at hand: "label=x" (escaped), or "batch=x"
        self.owed = 0  # bytes of answers, and what else was much work, that flood control has not counted yet
        self.response: list[str] | None = None
        self._batches = 0
        self._shared: dict[str, int] = {}  # the tag of a response of several answers -> how many are to come

    @property
    def sender(self) -> Sender:
        return Sender(self.account, self.is_bot)

    @property
    def source(self) -> str:
        """nick!user@host"""
        return f"{self.nick}!{self.user}@{self.host}"

    def send(self, line: str) -> None:
        """A line that is no reply to the command at hand."""
        self.outlet.send(line)

    def reply(self, line: str) -> None:
        """A line in answer to the command at hand."""
        self.owed += len(line)
        if self.response is None:
            self.outlet.send(line)
        else:
            self.response.append(line)

    def charge(self, lines: float) -> None:
        """Counts the command at hand as so many lines more than the one that it is."""
        self.owed += int(lines * ANSWER_BYTES)

    def numeric(self, code: str, *params: str) -> None:
        """A numeric reply; the last parameter is sent as text, any other that is no word as *."""
        middle = " ".join((self.nick or "*", *map(_word, params[:-1])))
        self.reply(f":{self.server} {code} {middle} :{params[-1]}")

    def numeric_words(self, code: str, *params: str) -> None:
        """A numeric reply whose last parameter is a single word."""
        self.reply(f":{self.server} {code} {' '.join((self.nick or '*', *params))}")

    def note(self, text: str) -> None:
        self.reply(f":{self.server} NOTICE {self.nick or '*'} :{text}")

    def fail(self, verb: str, code: str, *context_and_text: str) -> None:
        """IRCv3 standard-replies; a NOTICE to who has not asked for them."""
        if self.caps & STANDARD_REPLIES:
            self.standard_reply("FAIL", verb, code, *context_and_text)
        else:
            *context, text = context_and_text
            self.note(f"{' '.join((verb, *context))} failed: {text}")

    def warn(self, verb: str, code: str, text: str) -> None:
        """IRCv3 standard-replies, for who has asked for them."""
        self.standard_reply("WARN", verb, code, text)

    def standard_reply(self, kind: str, verb: str, code: str, *context_and_text: str) -> None:
        """The same to one whose other capabilities imply that it knows them."""
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
        """Answer an error of what is done inside: one of several targets fails, the others do not."""
        try:
            yield
        except CommandError as error:
            self.answer(error)

    # -- IRCv3 labeled-response -----------------------------------------------------------------------

    def begin_response(self, label: str) -> None:
        """From now on replies are gathered, until :meth:`end_response`."""
        if self.caps & LABELED_RESPONSE and len(label.encode()) <= LABEL_LIMIT_BYTES:
            self.label = f"label={escape(label)}"
            self.response = []

    def share_response(self) -> None:
        """The command at hand has several answers, some of them later: they come in one batch, which begins now."""
        if self.label and self.caps & BATCH and self.caps & ECHO_MESSAGE:
            reference = self.new_batch()
            self.outlet.send(f"@{self.label} :{self.server} BATCH +{reference} labeled-response")
            self.label = f"batch={reference}"
            self._shared[self.label] = 1  # the command itself

    def answered(self, label: str) -> None:
        """An answer with this tag has come, or will never: a shared response ends with its last one."""
        if label in self._shared:
            self._shared[label] -= 1
            if not self._shared[label]:
                del self._shared[label]
                self.outlet.send(f":{self.server} BATCH -{label.removeprefix('batch=')}")

    def end_response(self) -> None:
        """Sends the gathered replies: none as ACK, one tagged, several as the batch that they are or in one."""
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
        """The command at hand is not answered."""
        self.response, self.label = None, ""

    def put_off_response(self) -> str:
        """The command at hand is answered together with a later one: the label for that."""
        label = self.label
        self.drop_response()
        return label

    def resume_response(self, label: str) -> None:
        """From now on replies are gathered under a label that was put off, if there was any."""
        if label:
            self.response, self.label = [], label

    def take_label(self) -> str:
        """The label, to be carried by the echo of a message: the response is then that echo alone.

        "" where the label stays with the replies: there will be no echo, or an error came first. Of a shared response
        it is one answer more.
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
        """Makes what ``answer`` replies the response to a command that took its label with it."""
        if label in self._shared:
            self._shared[label] += 1
        now = self.response, self.label
        self.response, self.label = ([], label) if label else (None, "")
        answer()
        self.end_response()
        self.response, self.label = now

    def new_batch(self) -> str:
        """A batch reference that this connection has not used before."""
        self._batches += 1
        return f"b{self._batches}"


def _is_batch(lines: list[str]) -> bool:
    """Whether a response is one batch of its own (chathistory, multiline): that one then carries the label."""
    _, _, opening = lines[0].partition(" BATCH +")
    return bool(opening) and lines[-1].endswith(f"BATCH -{opening.partition(' ')[0]}")


def _word(param: str) -> str:
    """A parameter for the middle of a line, where not all that a client sent can stand (RFC 2812 2.3.1).

    It is cut, so that the text behind it fits into the line.
    """
    return cut(param, WORD_LIMIT_BYTES) if param and param[0] != ":" and " " not in param else "*"


def _of_batch(line: str, tag: str) -> str:
    """A line in a batch; what is in a batch within it says so, and of that only (IRCv3 batch, "Nested batches")."""
    return line if line.startswith("@batch=") else _tagged(line, tag)


def _tagged(line: str, tag: str) -> str:
    return f"@{tag};{line[1:]}" if line.startswith("@") else f"@{tag} {line}"
