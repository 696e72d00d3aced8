"""Events and entries: the content of a room's log, as bytes and as text.

An entry is one append: one or more events of a room, in order. Its payload is

    sid sid sid CRLF          one session id an event
    line CRLF                 one IRC line an event
    line CRLF ...

The bytes after the first CRLF are exactly the bytes for a client without capabilities. An event's line may begin with
tags. `hubbub/...` are facts for the fold, which clients can neither set nor see. Tags that begin with `+` are the
client's own. The functions below make the canonical line of each event. Only a message in its canonical form takes the
fast path of the fold.

Owns the form of the log. Knows nothing of Redis, the rules of rooms or the readers. Pure: runs on any thread.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gateway.chat.member import Sender
from gateway.wire.message import Message
from gateway.wire.tags import escape

NOBODY = "-"
"""The session id of an event that no session made (GONE, RULES)."""

NETWORK: Final = "hubbub"
"""The source of lines of no session: the modes of a new room, and those that a returning member gets back."""

NOT_IN_NAMES = frozenset(" !@,*?#:\ufffd")
"""Characters that would split a line: more than the rules for clients exclude, so that those can change alone."""

LOGGED_OUT = "*"
"""The account name of a user without account (IRCv3 extended-join, account-notify)."""

FACT = "hubbub/"
"""The prefix of internal tags."""

OF_BOT = f"{FACT}bot=1"
"""The fact that the event's session is a bot."""

MORE = f"{FACT}more"
"""The lines of a message after the first, each after its separator (gateway.chat.multiline)."""


EPHEMERAL = "~"
"""The header of an ephemeral message, in place of the four words before the payload of an entry."""


class Event(NamedTuple):
    """A session id and its IRC line, without CRLF."""

    sid: str
    line: str


class EventId(NamedTuple):
    """The place of an event: the stream id of its entry in a log, and its index in the entry."""

    stream_id: str
    event_index: int

    def __str__(self) -> str:
        """Return the form in the rejected-event set."""
        return f"{self.stream_id}.{self.event_index}"


class Entry:
    """One append as its readers get it. `body` is the lines as bytes, each with its CRLF."""

    __slots__ = ("body", "id", "lines", "origin", "sids")

    def __init__(self, id: str, origin: str, sids: list[str], lines: list[str], body: bytes) -> None:
        self.id = id
        self.origin = origin
        self.sids = sids
        self.lines = lines
        self.body = body


def encode(events: Sequence[tuple[str, str]]) -> bytes:
    """Return the payload of an entry of these (session id, line) pairs. ValueError if one would break the form."""
    sids = [sid for sid, _ in events]
    head = " ".join(sids)
    text = "\r\n".join([head, *[line for _, line in events], ""])
    ends = len(sids) + 1
    is_framed = text.count("\n") == ends and text.count("\r") == ends and "\0" not in text
    if not is_framed or "" in sids or head.count(" ") != ends - 2:
        raise ValueError("a session id or a line that would break an entry's frame")
    return text.encode("utf-8", "replace")


def decode(id: str, origin: str, payload: bytes) -> Entry:
    """Return the entry of a payload. A payload that `encode` cannot have made gives an entry without events."""
    head, _, body = payload.partition(b"\r\n")
    try:
        sids = head.decode("utf-8").split(" ")
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return Entry(id, origin, [], [], b"")
    lines = text.split("\r\n")
    ends = len(sids)
    breaks = payload.count(b"\n"), payload.count(b"\r"), payload.count(b"\0")
    if lines.pop() or len(lines) != ends or breaks != (ends + 1, ends + 1, 0):
        return Entry(id, origin, [], [], b"")
    return Entry(id, origin, sids, lines, body) if "" not in sids else Entry(id, origin, [], [], b"")


def number(text: str) -> int:
    """Parse a decimal number of at most 20 ASCII digits; 0 for anything else."""
    return int(text) if len(text) <= 20 and text.isascii() and text.isdigit() else 0


def origin_of(origin: str) -> tuple[str, int]:
    """Parse an origin: the sender of an entry and its count, which begins with 1; 0 if there is none."""
    lane, _, count = origin.rpartition(":")
    return lane, number(count)


def id_key(stream_id: str) -> tuple[int, int]:
    """Parse a stream id "ms-n" to (ms, n) for comparisons; (0, 0) for anything else."""
    ms_text, _, n_text = stream_id.partition("-")
    return number(ms_text), number(n_text)


def ms(stream_id: str) -> int:
    """Return the time of the append by Redis's clock, in ms since 1970."""
    return number(stream_id.partition("-")[0])


def with_tags(line: str, facts: Mapping[str, str | int], client_tags: str = "") -> str:
    """Return the line with facts (names without prefix, values unescaped) and client tags ("+a=b;+c") before it."""
    tags = [f"{FACT}{name}={escape(str(value))}" for name, value in facts.items()]
    if client_tags:
        tags.append(client_tags)
    return f"@{';'.join(tags)} {line}" if tags else line


def said(source: str, verb: str, room: str, text: str) -> str:
    """Return a PRIVMSG or NOTICE in canonical form: `room` is spelled as the room's own name."""
    return f":{source} {verb} {room} :{text}"


def said_in_lines(source: str, verb: str, room: str, first: str, more: str, client_tags: str = "") -> str:
    """Return the same with several lines: the first as an ordinary message, the others as a fact."""
    return with_tags(said(source, verb, room, first), {"more": more}, client_tags)


def text_of(message: Message) -> str:
    """Return the whole text of a message, with all its lines."""
    return message.params[1] + message.tags.get(MORE, "")


def sender_of(tags: Mapping[str, str]) -> Sender:
    """Return what the facts of an event say about its session."""
    return Sender(tags.get(f"{FACT}account", ""), tags.get(f"{FACT}bot") == "1")


def sender_facts(sender: Sender) -> dict[str, str | int]:
    """The facts that `sender_of` reads."""
    account: dict[str, str | int] = {"account": sender.account} if sender.account else {}
    return account | {"bot": 1} if sender.is_bot else account


def of_bot(line: str) -> str:
    """Return a message of a bot that is not a member, so the room's state does not know that it is a bot."""
    return f"@{OF_BOT};{line[1:]}" if line.startswith("@") else f"@{OF_BOT} {line}"


def tagmsg(source: str, room: str, client_tags: str) -> str:
    return f"@{client_tags} :{source} TAGMSG {room}"


def joined(source: str, room: str, realname: str, facts: Mapping[str, str | int]) -> str:
    """`facts`: token and seen always; key, account, away, revision, and bot=1, lobby=1, oper=1 if they apply."""
    return with_tags(f":{source} JOIN {room} :{realname}", facts)


def parted(source: str, room: str, reason: str = "") -> str:
    return f":{source} PART {room} :{reason}" if reason else f":{source} PART {room}"


def quitted(source: str, reason: str) -> str:
    return f":{source} QUIT :{reason}"


def renamed(source: str, nick: str, token: str) -> str:
    return f"@{FACT}token={token} :{source} NICK {nick}"


def kicked(source: str, room: str, nick: str, sid: str, reason: str, oper: bool = False) -> str:
    return with_tags(f":{source} KICK {room} {nick} :{reason}", _of_operator({"sids": sid}, oper))


def mode_set(source: str, room: str, modes: str, sids: Sequence[str] = (), oper: bool = False) -> str:
    """`modes` as typed, "+ov-b a b mask". `sids`: the sessions of its nicks, in order."""
    return with_tags(f":{source} MODE {room} {modes}", _of_operator({"sids": ",".join(sids)} if sids else {}, oper))


def topic_set(source: str, room: str, text: str, oper: bool = False) -> str:
    return with_tags(f":{source} TOPIC {room} :{text}", _of_operator({}, oper))


def redacted(source: str, target: str, msgid: str, reason: str = "") -> str:
    """`target`: the room, or the nick of the recipient."""
    return f":{source} REDACT {target} {msgid} :{reason}" if reason else f":{source} REDACT {target} {msgid}"


def redacted_in_room(source: str, room: str, msgid: str, by: str, reason: str = "", oper: bool = False) -> str:
    """`by`: the session that sent the message, by the room's log."""
    return with_tags(redacted(source, room, msgid, reason), _of_operator({"by": by}, oper))


def invited(source: str, nick: str, room: str, sid: str, oper: bool = False) -> str:
    return with_tags(f":{source} INVITE {nick} {room}", _of_operator({"sids": sid}, oper))


def _of_operator(facts: dict[str, str | int], oper: bool) -> dict[str, str | int]:
    """`oper`: a network operator, who has the rights of an operator in a room without one."""
    return facts | {"oper": 1} if oper else facts


def away(source: str, text: str | None, revision: int = 0) -> str:
    """`revision`, here and below: the session's own count of its profile changes."""
    return _of_revision(f":{source} AWAY" if text is None else f":{source} AWAY :{text}", revision)


def realname_set(source: str, realname: str, revision: int = 0) -> str:
    return _of_revision(f":{source} SETNAME :{realname}", revision)


def account_set(source: str, account: str, revision: int = 0) -> str:
    """`account` is "" after a logout."""
    return _of_revision(f":{source} ACCOUNT {account or LOGGED_OUT}", revision)


def host_changed(source: str, user: str, host: str, revision: int = 0) -> str:
    return _of_revision(f":{source} CHGHOST {user} {host}", revision)


def bot_set(source: str, is_bot: bool, revision: int = 0) -> str:
    return _of_revision(f":{source} BOT {is_bot:d}", revision)


def _of_revision(line: str, revision: int) -> str:
    return with_tags(line, {"revision": revision} if revision else {})


def gone(gateway: str) -> Event:
    """The end of a gateway. The fold removes all its sessions and rejects their later events."""
    return Event(NOBODY, f"GONE {gateway}")


def rules(version: int) -> Event:
    return Event(NOBODY, f"RULES {version}")
