"""Events of a history in the form in which members were shown them (IRCv3 chathistory, event-playback).

Owns what a reader with certain capabilities may be shown, and how. What a log does not tell is left out: who quit
with a gateway that died, the ranks that were given back to who returned, names that two claims settled. Pure.
"""

from gateway.chat.capabilities import EVENT_PLAYBACK, EXTENDED_JOIN, MESSAGE_TAGS
from gateway.chat.events import FACT, extended_join
from gateway.chat.history_access import MESSAGES, PLAYED, PastEvent
from gateway.chat.member import Sender
from gateway.chat.modes import lines, parse
from gateway.chat.render import in_batch, message_lines, msgid, tags
from gateway.chat.state import State
from gateway.wire.message import Message
from gateway.wire.message import parse as parse_line
from gateway.wire.tags import parse_tags


def verbs(caps: int) -> frozenset[str]:
    """What a reader with these capabilities is shown, and so what its pages are counted in."""
    if not caps & EVENT_PLAYBACK:
        return MESSAGES
    return PLAYED if caps & MESSAGE_TAGS else PLAYED - {"TAGMSG"}


def shown(past: PastEvent, caps: int, name: str, batch: str = "", room: State | None = None) -> list[str]:
    """An event as lines for a reader with these capabilities, in a batch of his where there is one.

    ``name``: the conversation's; ``room``: where it is one.
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
        line = f":{event.source} JOIN {name}"
        account = parse_tags(past.tags).get(f"{FACT}account", "")
        return [extended_join(line, account, event.params[-1])] if caps & EXTENDED_JOIN else [line]
    if event.verb == "MODE":
        return list(lines(f":{event.source} MODE {name}", parse("".join(event.params[1:2]), event.params[2:])))
    return [past.line]
