"""The lane's inbox: a log for events that are addressed to one session (direct messages, invitations, kills).

An event contains the session id of its recipient, ``hubbub/to``, so that the next owner of a nick cannot get it. If the
session no longer has the nick, the sender gets an error through its own inbox. Runs on the lane's thread.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from gateway.broker.keys import Keys, inbox
from gateway.broker.port import RedisPort, Reply, ignore
from gateway.chat import deduplication
from gateway.chat.capabilities import MESSAGE_REDACTION, MESSAGE_TAGS
from gateway.chat.errors import id_in_use
from gateway.chat.events import FACT, NOBODY, Entry, EventId, ms, origin_of, sender_of, text_of
from gateway.chat.history_access import place
from gateway.chat.render import log_mark, message_lines, msgid, tags
from gateway.chat.session import Session
from gateway.lane.clients.client import Client
from gateway.lane.direct.addressing import Addressing
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.logs.replica import Replica
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse
from gateway.wire.tags import client_only, format_tags

KEPT_ENTRIES = 1000
EXPIRY_S = 24 * 3600
FEWEST_PARAMS = {
    "PRIVMSG": 2,
    "NOTICE": 2,
    "TAGMSG": 1,
    "KILL": 2,
    "INVITE": 2,
    "REDACT": 2,
    "QUERY": 2,
    "REPLY": 2,
    "WALLOPS": 1,
    "FAIL": 4,
    "OPERNOTICE": 1,
}

Show = Callable[[Client], None]
ControlHandler = Callable[[Message, Client | None, Show], None]
"""Gets an event, its recipient if that is a client here, and a function that shows the event's line to a client."""
Heard = Callable[[Session, str, str, int, str, Message], None]
"""Gets each message that a session is shown: the session, the sender's id, stream id and index, inbox, message."""


class Inbox:
    """The inbox of one lane. It follows its log as a room does, but has no state."""

    def __init__(
        self,
        lane: str,
        redis: RedisPort,
        keys: Keys,
        log_writer: LogWriter,
        clients: dict[str, Client],
        settle: Callable[[PendingEvent, Any], None],
        new_epoch: Callable[[], str],
        server: str,
        addressing: Addressing,
    ) -> None:
        self.rekeyed(lane)
        self._redis = redis
        self._keys = keys
        self._log_writer = log_writer
        self._clients = clients
        self._settle = settle
        self._new_epoch = new_epoch
        self._server = server
        self._addressing = addressing
        self._said: deduplication.SeenIds = {}  # by id and casefolded nick
        self._taken: dict[str, int] = {}  # lane -> the count of its newest entry here
        self.replica: Replica
        self._is_closed = False
        self.on_lost: Callable[[], None] = lambda: None
        """Called when an existing log had to be created again: Redis has lost it, and perhaps everything else."""
        self.on_message: Heard = lambda *_: None
        self.on_redacted: Callable[[Session, str], None] = lambda *_: None
        self.on_ephemeral: Callable[[bytes], None] = lambda _payload: None
        self.control_handlers: dict[str, ControlHandler] = {}
        """The control messages: verb -> handler."""

    def rekeyed(self, lane: str) -> None:
        """Use the inbox of this lane id."""
        self._lane = lane
        self._was_made = False
        self._redacted: deque[str] = deque()  # rejected events of the log, the oldest first
        self.name = inbox(lane)
        self._mark = log_mark(self.name)

    def link_up(self) -> None:
        """Restore what Redis may have lost: the log, or its newest deletions."""
        self.make()
        if self._redacted:
            self._redis.call(self._keys.rejected(self.name), ignore, "SADD", *self._redacted)

    def make(self) -> None:
        """Create the log if it does not exist. Only the lane itself does this, so nobody writes to a dead lane."""
        if self._is_closed:
            return
        name = self.name
        head = self._keys.head(name)

        def made(reply: Reply) -> None:
            if name != self.name or not isinstance(reply, int):
                return
            is_lost, self._was_made = reply == 1 and self._was_made, True
            if is_lost:
                self.on_lost()

        self._note()
        self._redis.call(head, made, "HSETNX", "last", "0-0")
        self._redis.call(head, ignore, "HSETNX", "epoch", self._new_epoch())

    def _note(self) -> None:
        """List the inbox for reapers, before it is created."""
        self._redis.call(self._keys.reapable, ignore, "SADD", self._lane)

    def close(self, done: Callable[[], None]) -> None:
        """Close the inbox for writers. ``done`` is called when all earlier entries have been handled.

        The reply comes on the connection that brings the entries, after all that were appended before.
        """
        self._is_closed = True
        self._redis.call(self._keys.head(self.name), lambda _reply: done(), "DEL")

    def tidy(self) -> None:
        """Trim entries that were read long ago, and renew the expiry."""
        log, head = self._keys.log(self.name), self._keys.head(self.name)
        self._redis.call(log, ignore, "XTRIM", "MAXLEN", "~", KEPT_ENTRIES)
        self._redis.call(log, ignore, "EXPIRE", EXPIRY_S)
        self._redis.call(head, ignore, "EXPIRE", EXPIRY_S)
        self._redis.call(self._keys.rejected(self.name), ignore, "EXPIRE", EXPIRY_S)
        while len(self._redacted) > KEPT_ENTRIES:
            self._redis.call(self._keys.rejected(self.name), ignore, "SREM", self._redacted.popleft())

    # -- Follower -------------------------------------------------------------------------------------

    def seed(self) -> bool:
        return False  # it has no state

    def begin(self, base: str | None) -> bool:
        self._note()  # if Redis has lost the log, the next append creates it again
        return True

    def apply(self, entry: Entry) -> None:
        pendings = self._log_writer.acknowledge(self.name, entry.origin)
        is_news = self._is_news(entry.origin)
        for index, (sid, line) in enumerate(zip(entry.sids, entry.lines, strict=True)):
            message = parse(line)
            if message is not None and is_news:
                self._take(entry, index, sid, message)
            if pendings is not None:
                self._settle(pendings[index], EventId(entry.id, index))

    def ephemeral(self, payload: bytes) -> None:
        self.on_ephemeral(payload)

    def caught_up(self) -> None:
        self._log_writer.caught_up(self.name, self._taken)

    def _is_news(self, origin: str) -> bool:
        """Return False for an entry that is read again after a loss. The lanes' counts decide, not Redis's clock."""
        lane, count = origin_of(origin)
        if count <= self._taken.get(lane, 0):
            return False
        self._taken[lane] = count
        return True

    def passing(self, entry: Entry) -> None:
        """Handle an ephemeral event for a session of this lane."""
        for line in entry.lines:
            message = parse(line)
            if message is None or message.verb != "TAGMSG" or not message.params:
                continue
            client = self._addressee(message)
            if client is not None and client.session.caps & MESSAGE_TAGS:
                client.send(self._line(entry, message, client))

    # -- received events ------------------------------------------------------------------------------

    def _take(self, entry: Entry, index: int, sender: str, message: Message) -> None:
        client = self._clients.get(message.tags.get(f"{FACT}to", ""))
        handler = self.control_handlers.get(message.verb)
        if len(message.params) < FEWEST_PARAMS.get(message.verb, 0):
            return  # no gateway writes that
        if handler is not None:
            handler(message, client, lambda to: to.send(self._line(entry, message, to)))
        elif message.verb in ("PRIVMSG", "NOTICE", "TAGMSG"):
            self._message(entry, index, sender, message, self._addressee(message))
        elif message.verb == "REDACT":
            self._redact(entry, message, client)
        elif client is not None:
            client.send(self._line(entry, message, client))

    def _addressee(self, message: Message) -> Client | None:
        """Return the recipient of a message, or None if the session no longer has the nick."""
        client = self._clients.get(message.tags.get(f"{FACT}to", ""))
        if client is None or client.is_leaving or casefold(client.session.nick) != casefold(message.params[0]):
            return None
        return client

    def _message(self, entry: Entry, index: int, sender: str, message: Message, client: Client | None) -> None:
        target, verb = message.params[0], message.verb
        nick = (message.source or "").partition("!")[0]
        if client is None:
            if verb != "NOTICE":
                given = deduplication.message_id(message.tags)
                about = format_tags({deduplication.ID_TAG: given}) if given else ""
                self.tell(sender, n.ERR_NOSUCHNICK, nick, target, "No such nick/channel", client_tags=about)
            return
        if message.tags and self._is_known(entry, index, sender, message):
            return
        self.on_message(client.session, sender, entry.id, index, self.name, message)
        self._show(entry, index, message, client)
        if verb == "PRIVMSG" and client.session.away is not None:
            self.tell(sender, n.RPL_AWAY, nick, client.session.nick, client.session.away)

    def _redact(self, entry: Entry, message: Message, client: Client | None) -> None:
        """IRCv3 message-redaction: the sender has deleted a message to this client. Its own lane has checked this."""
        ms, n, index, _ = place(message.params[1])
        mark = f"{ms}-{n}.{index}"
        self._redis.call(self._keys.rejected(self.name), ignore, "SADD", mark)
        self._redacted.append(mark)
        if client is not None:
            self.on_redacted(client.session, message.params[1])
            if client.session.caps & MESSAGE_REDACTION:
                client.send(self._line(entry, message, client))

    def _is_known(self, entry: Entry, index: int, sender: str, message: Message) -> bool:
        """Return whether a recent message has this id. A different message with the id is refused."""
        given = deduplication.message_id(message.tags)
        if not given:
            return False
        target = message.params[0]
        key = f"{given} {casefold(target)}"  # one message may go to several users of a lane
        said = deduplication.record_of(message, entry.id, index)
        first = deduplication.first_of(self._said, key, ms(entry.id))
        if first is None:
            deduplication.remember(self._said, key, said)
        elif not deduplication.is_same(first, said):
            line = f":{self._server} {id_in_use(message.verb, target)}"
            self._notify(sender, f"@{format_tags({deduplication.ID_TAG: given})} {line}")
        return first is not None

    def tell(self, sid: str, code: str, nick: str, *params: str, client_tags: str = "") -> None:
        """Send a numeric to a session of any lane, with the tags that identify the message."""
        middle = " ".join((nick, *params[:-1]))
        numeric = f":{self._server} {code} {middle} :{params[-1]}"
        self._notify(sid, f"@{client_tags} {numeric}" if client_tags else numeric)

    def _notify(self, sid: str, line: str) -> None:
        if self._is_closed and inbox(sid.rpartition(".")[0]) == self.name:
            return  # it has left
        log, event = self._addressing.to_session(sid, line)
        self._log_writer.add(log, PendingEvent(NOBODY, event))

    def _show(self, entry: Entry, index: int, message: Message, client: Client) -> None:
        """Show a message. TAGMSG is shown only with message-tags."""
        caps, params = client.session.caps, message.params
        client_tags = format_tags(client_only(message.tags))
        if message.verb != "TAGMSG":
            params = [params[0], text_of(message)]
        elif not (client_tags and caps & MESSAGE_TAGS):
            return
        line, client_msgid = Message(message.verb, params, message.source).line(), msgid(entry.id, index, self._mark)
        for one in message_lines(line, caps, entry.id, client_msgid, client_tags, sender=sender_of(message.tags)):
            client.send(one)

    def _line(self, entry: Entry, message: Message, client: Client) -> str:
        client_tags = format_tags(client_only(message.tags))
        prefix = tags(client.session.caps, entry.id, "", client_tags, sender_of(message.tags))
        source = message.source or ""
        if "!" not in source:
            source = self._server  # numerics of another gateway are shown as from the client's own, as all numerics
        return prefix + Message(message.verb, message.params, source).line()
