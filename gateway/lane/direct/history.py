"""The history of direct messages that each session of the lane has sent and received, in memory.

Nothing proves yet that two connections belong to one person, and the owner of a nick may not read messages to its
former owner. So a session reads only its own messages, and the history ends with the session (docs/decisions/0020). It
is bounded for a session and for the lane. The oldest messages are removed first. Runs on the lane's thread.
"""

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator

from gateway.broker.keys import inbox
from gateway.chat import deduplication
from gateway.chat.capabilities import CHATHISTORY
from gateway.chat.events import FACT, OF_BOT, EventId, ms, sender_of, text_of
from gateway.chat.history_access import MESSAGES, PastEvent, Place, Span, is_typing, place
from gateway.chat.render import log_mark
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.tags import client_only, format_tags, parse_tags

SESSION_MESSAGES = 500
SESSION_BYTES = 512 * 1024
LANE_BYTES = 64 * 1024 * 1024
OVERHEAD_BYTES = 500
"""The memory of a message besides its text."""


class StoredMessage:
    """A direct message that ``owner`` has sent or received, and the other's session id and nick at that time."""

    __slots__ = ("nick", "owner", "past", "sid", "size_bytes")

    def __init__(self, owner: Session, sid: str, nick: str, past: PastEvent) -> None:
        self.owner = owner
        self.sid = sid
        self.nick = nick
        self.past = past
        self.size_bytes = OVERHEAD_BYTES + len(past.line) + len(past.tags)


class DirectConversation:
    """The history of one session, in the order of the messages' places."""

    __slots__ = ("said", "size_bytes")

    def __init__(self) -> None:
        self.said: list[StoredMessage] = []
        self.size_bytes = 0


class DirectHistory:
    """The direct histories of the lane's sessions."""

    def __init__(self, called: Callable[[str], str | None]) -> None:
        """``called`` returns the present nick of the session with this id, if the lane knows it."""
        self._called = called
        self._talks: dict[Session, DirectConversation] = {}
        self._oldest_first: OrderedDict[StoredMessage, None] = OrderedDict()
        self.size_bytes = 0

    # -- storing --------------------------------------------------------------------------------------

    def received(self, session: Session, sender: str, stream_id: str, index: int, log: str, message: Message) -> None:
        """Store a message that a session was shown from the inbox ``log``. ``sender``: the other session's id."""
        nick = (message.source or "").partition("!")[0]
        self._add(session, sender, nick, _past(stream_id, index, log, message, message.source))

    def sent(self, session: Session, event_id: EventId, message: Message) -> None:
        """Store a session's own message to another lane's inbox. A repeated client message id is stored once."""
        to = message.tags.get(f"{FACT}to", "")
        if to and not self._is_sent_again(session, message):
            past = _past(*event_id, inbox(to.rpartition(".")[0]), message, session.source)
            self._add(session, to, message.params[0], past)

    def redact(self, session: Session, msgid: str) -> None:
        """Remove a deleted message that the session sent or received (IRCv3 message-redaction)."""
        at = place(msgid)
        for said in [said for said in self._said(session) if said.past.place == at]:
            self._drop(said)

    def forget(self, session: Session) -> None:
        """Remove the history of a session that has left."""
        talk = self._talks.get(session)
        for said in list(talk.said) if talk is not None else ():
            self._drop(said)

    def _is_sent_again(self, session: Session, message: Message) -> bool:
        given = deduplication.message_id(message.tags)
        talk = self._talks.get(session) if given else None
        target = casefold(message.params[0])
        return talk is not None and any(
            casefold(said.nick) == target and deduplication.message_id(parse_tags(said.past.tags)) == given
            for said in talk.said
        )

    def _add(self, session: Session, sid: str, nick: str, past: PastEvent) -> None:
        if not session.caps & CHATHISTORY or (past.verb == "TAGMSG" and is_typing(past.tags)):
            return
        talk = self._talks.setdefault(session, DirectConversation())
        at = bisect_left(talk.said, past.place, key=_place)
        if at < len(talk.said) and talk.said[at].past.place == past.place:
            return  # to itself: sent and received
        said = StoredMessage(session, sid, nick, past)
        talk.said.insert(at, said)
        self._oldest_first[said] = None
        talk.size_bytes += said.size_bytes
        self.size_bytes += said.size_bytes
        while len(talk.said) > SESSION_MESSAGES or talk.size_bytes > SESSION_BYTES:
            self._drop(talk.said[0])
        while self.size_bytes > LANE_BYTES:
            self._drop(next(iter(self._oldest_first)))

    def _drop(self, said: StoredMessage) -> None:
        talk = self._talks[said.owner]
        talk.said.remove(said)
        talk.size_bytes -= said.size_bytes
        self.size_bytes -= said.size_bytes
        del self._oldest_first[said]
        if not talk.said:
            del self._talks[said.owner]

    # -- reading --------------------------------------------------------------------------------------

    def read(self, session: Session, nick: str, span: Span) -> tuple[str, list[PastEvent], bool]:
        """See gateway.chat.interfaces.Direct.history."""
        folded, name = casefold(nick), nick
        names = self._names(session)
        found = []
        for said in self._said(session):
            now = names[said.sid]
            if casefold(now) == folded:
                name = now
            elif casefold(said.nick) != folded:
                continue
            if said.past.verb in span.verbs and span.after < said.past.place < span.before:
                found.append(said.past)
        chosen = found[-span.limit :] if span.newest else found[: span.limit]
        return name, chosen, len(chosen) == len(found)

    def latest(self, session: Session) -> list[tuple[str, int]]:
        """See gateway.chat.interfaces.Direct.conversations."""
        names = self._names(session)
        last: dict[str, tuple[str, int]] = {}
        for said in self._said(session):
            if said.past.verb in MESSAGES:
                name = names[said.sid]
                last[casefold(name)] = name, ms(said.past.stream_id)
        return list(last.values())

    def _said(self, session: Session) -> Iterator[StoredMessage]:
        talk = self._talks.get(session)
        yield from talk.said if talk is not None else ()

    def _names(self, session: Session) -> dict[str, str]:
        """Return the nicks of the other users by session id: the present nick, or else the last known one."""
        last = {said.sid: said.nick for said in self._said(session)}
        return {sid: self._called(sid) or nick for sid, nick in last.items()}


def _place(said: StoredMessage) -> Place:
    return said.past.place


def _past(stream_id: str, index: int, log: str, message: Message, source: str | None) -> PastEvent:
    params = [message.params[0], text_of(message)] if len(message.params) > 1 else message.params
    line = Message(message.verb, params, source).line()
    client_tags = format_tags(client_only(message.tags))
    tags = f"{OF_BOT};{client_tags}" if sender_of(message.tags).is_bot else client_tags
    return PastEvent(stream_id, index, log_mark(log), tags, line)
