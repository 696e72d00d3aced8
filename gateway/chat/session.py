"""A registered (or registering) user's presence on this lane, and how it is answered.

Pure: what it writes goes to an ``Outlet``, its connection as its dialect sees it. A command's replies go
through :meth:`Session.reply`, so that a labeled command's are gathered and sent as IRCv3 labeled-response
wants them, without any command knowing of labels.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from gateway.chat.capabilities import BATCH, ECHO_MESSAGE, LABELED_RESPONSE, STANDARD_REPLIES
from gateway.chat.flood import ANSWER_BYTES
from gateway.wire.tags import escape

if TYPE_CHECKING:
    from gateway.chat.room import Room


LABEL_LIMIT_BYTES: Final = 64
"""IRCv3 labeled-response, "Tag value": what is longer is no label."""


class Outlet(Protocol):
    """Where a session's lines go."""

    def send(self, line: str) -> None:
        """Writes one line (without CRLF), in the way of the connection's dialect."""


class Registration:
    """What is known only until 001."""

    __slots__ = ("negotiates", "password")

    def __init__(self) -> None:
        self.negotiates = False  # CAP LS or REQ came, CAP END not yet
        self.password = ""


class Session:
    """See the module. Fields are plain: the lane's handlers own them."""

    __slots__ = (
        "_batches",
        "account",
        "address",
        "away",
        "caps",
        "host",
        "invisible",
        "invites",
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
        self.token = ""
        self.caps = 0
        self.oper = ""  # the operator's name, '' for ordinary users
        self.invisible = False
        self.wallops = False
        self.is_secure = False
        self.is_registered = False
        self.registration: Registration | None = Registration()
        self.signon = now
        self.last_active = now
        self.rooms: dict[str, Room] = {}  # by folded name
        self.invites: dict[str, str] | None = None  # folded name -> name of rooms invited to, the newest last
        self.read_marks: dict[str, int] = {}  # folded target -> ms since 1970 of the last message read there
        self.label = ""
        self.owed = 0  # bytes of answers, and what else was much work, that flood control has not counted yet
        self.response: list[str] | None = None
        self._batches = 0

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
        *context, text = context_and_text
        if self.caps & STANDARD_REPLIES:
            self.reply(f":{self.server} FAIL {' '.join((verb, code, *map(_word, context)))} :{text}")
        else:
            self.note(f"{' '.join((verb, *context))} failed: {text}")

    # -- IRCv3 labeled-response -----------------------------------------------------------------------

    def begin_response(self, label: str) -> None:
        """From now on replies are gathered, until :meth:`end_response`."""
        if self.caps & LABELED_RESPONSE and len(label.encode()) <= LABEL_LIMIT_BYTES:
            self.label = escape(label)
            self.response = []

    def end_response(self) -> None:
        """Sends the gathered replies: none as ACK, one tagged, several as the batch that they are or in one."""
        lines, label = self.response, self.label
        self.response, self.label = None, ""
        if lines is None:
            return
        if not lines:
            self.outlet.send(f"@label={label} :{self.server} ACK")
        elif len(lines) == 1 or not self.caps & BATCH or _is_batch(lines):
            self.outlet.send(_tagged(lines[0], f"label={label}"))
            for line in lines[1:]:
                self.outlet.send(line)
        else:
            reference = self.new_batch()
            self.outlet.send(f"@label={label} :{self.server} BATCH +{reference} labeled-response")
            for line in lines:
                self.outlet.send(_tagged(line, f"batch={reference}"))
            self.outlet.send(f":{self.server} BATCH -{reference}")

    def drop_response(self) -> None:
        """The command at hand is not answered."""
        self.response, self.label = None, ""

    def take_label(self) -> str:
        """The label, to be carried by the echo of a message: the response is then that echo alone.

        "" where the label stays with the replies: there will be no echo, or an error came first.
        """
        if not self.caps & ECHO_MESSAGE or self.response:
            return ""
        label = self.label
        self.drop_response()
        return label

    def answer_late(self, label: str, answer: Callable[[], None]) -> None:
        """Makes what ``answer`` replies the response to a command that took its label (escaped) with it."""
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
    """Whether a response is one batch of its own (chathistory): that one then carries the label."""
    _, _, opening = lines[0].partition(" BATCH +")
    return bool(opening) and lines[-1].endswith(f" BATCH -{opening.partition(' ')[0]}")


def _word(param: str) -> str:
    """What a client sent as a last parameter may hold anything, but cannot stand in the middle (RFC 2812 2.3.1)."""
    return param if param and param[0] != ":" and " " not in param else "*"


def _tagged(line: str, tag: str) -> str:
    return f"@{tag};{line[1:]}" if line.startswith("@") else f"@{tag} {line}"
