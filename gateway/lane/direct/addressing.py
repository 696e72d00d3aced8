"""Events for one session, and the echoes of messages that their sender's lane does not see in a log.

An event for a session goes to the inbox of its lane, with the session's id as a fact. So no other session can get it
when a nick has changed hands. Runs on the lane's thread.
"""

from collections.abc import Callable, Sequence

from gateway.broker.keys import inbox
from gateway.chat.capabilities import ECHO_MESSAGE
from gateway.chat.effects import Rejection
from gateway.chat.events import FACT, EventId, sender_facts, text_of, with_tags
from gateway.chat.member import UNKNOWN, Sender
from gateway.chat.render import echo_of_first, labeled, log_mark, message_lines, msgid
from gateway.lane.clients.client import Client
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.tags import client_only, format_tags


class Addressing:
    """Addresses events to sessions. ``current_sid``: the present id of a session of this lane, by any id it had."""

    def __init__(self, current_sid: Callable[[str], str]) -> None:
        self._current_sid = current_sid

    def to_session(self, sid: str, line: str, sender: Sender = UNKNOWN) -> tuple[str, str]:
        """Return the log and the line of an event for one session."""
        sid = self._current_sid(sid)
        lane, _, _ = sid.rpartition(".")
        facts = {"to": sid, **sender_facts(sender)}
        if line.startswith("@"):
            tags, _, line = line[1:].partition(" ")
            return inbox(lane), with_tags(line, facts, tags)
        return inbox(lane), with_tags(line, facts)


def echo(client: Client, event_id: EventId, message: Message, label: str) -> None:
    """Echo a message that is in a log which the lane does not follow, or not any more."""
    session = client.session
    if session.caps & ECHO_MESSAGE:
        stream_id, index = event_id
        client_tags = format_tags(client_only(message.tags))
        to_lane = message.tags.get(f"{FACT}to", "").rpartition(".")[0]
        mark = log_mark(inbox(to_lane) if to_lane else casefold(message.params[0]))
        params = [message.params[0], text_of(message)] if len(message.params) > 1 else message.params
        line, msgid_tag = Message(message.verb, params, session.source).line(), msgid(stream_id, index, mark)
        lines = message_lines(line, session.caps, stream_id, msgid_tag, client_tags, sender=session.sender)
        _send(client, lines, label)


def echo_again(client: Client, effect: Rejection, label: str) -> None:
    """Answer a message that its client has sent a second time with the echo of the first one."""
    if client.session.caps & ECHO_MESSAGE:
        _send(client, echo_of_first(client.session, client.session.caps, effect), label)


def _send(client: Client, lines: Sequence[str], label: str) -> None:
    first, *others = lines
    client.send(labeled(first.encode(), label).decode())
    for line in others:
        client.send(line)
