"""Events of a history in the form in which members were shown them (IRCv3 chathistory, event-playback).

Owns the form of history for readers with certain capabilities. Changes that are not events in the log are left out: the
QUITs of a dead gateway's members, ranks that returning members get back, renames because of two claims. Pure.
"""

from gateway.chat.capabilities import EVENT_PLAYBACK, EXTENDED_JOIN, MESSAGE_TAGS
from gateway.chat.events import FACT
from gateway.chat.history_access import MESSAGES, PLAYED, PastEvent
from gateway.chat.member import Sender
from gateway.chat.modes import lines, parse
from gateway.chat.render import extended_join, in_batch, joined, message_lines, msgid, tags
from gateway.chat.state import State
from gateway.wire.message import Message
from gateway.wire.message import parse as parse_line
from gateway.wire.tags import parse_tags


def verbs(caps: int) -> frozenset[str]:
    """Return the verbs that a reader with these capabilities is shown. Its pages count these events."""
    if not caps & EVENT_PLAYBACK:
        return MESSAGES
    return PLAYED if caps & MESSAGE_TAGS else PLAYED - {"TAGMSG"}


def shown(past: PastEvent, caps: int, name: str, batch: str = "", room: State | None = None) -> list[str]:
    """Return an event as lines for a reader with these capabilities, in the reader's batch if there is one.

    ``name``: the conversation's. ``room``: the room, if it is one.
    """
    sender = Sender(is_bot=bool(caps & MESSAGE_TAGS) and past.is_of_bot(room))
    client_msgid = msgid(past.stream_id, past.index, past.mark)
    if past.verb in MESSAGES:
        return message_lines(past.line, caps, past.stream_id, client_msgid, past.client_tags, batch, sender)
    head = tags(caps, past.stream_id, client_msgid, past.client_tags, sender)
    event = parse_line(past.line)
    assert event is not None  # it has a verb
    return [in_batch(batch, head + line) for line in _event(past, event, caps, name)]


def _event(past: PastEvent, event: Message, caps: int, name: str) -> list[str]:
    if event.verb == "JOIN":
        account = parse_tags(past.tags).get(f"{FACT}account", "")
        source = event.source or ""
        if caps & EXTENDED_JOIN:
            return [extended_join(source, name, account, event.params[-1])]
        return [joined(source, name)]
    if event.verb == "MODE":
        return list(lines(f":{event.source} MODE {name}", parse("".join(event.params[1:2]), event.params[2:])))
    return [past.line]
