"""Events of a history in the form in which members were shown them (IRCv3 chathistory, event-playback).

Owns what a reader with certain capabilities may be shown, and how. What a log does not tell is left out: who quit
with a gateway that died, the ranks that were given back to who returned, names that two claims settled. Pure.
"""

from gateway.chat.capabilities import EVENT_PLAYBACK, MESSAGE_TAGS
from gateway.chat.modes import lines, parse
from gateway.chat.past import MESSAGES, PLAYED, Past
from gateway.chat.render import msgid, tags
from gateway.wire.message import Message
from gateway.wire.message import parse as parse_line


def verbs(caps: int) -> frozenset[str]:
    """What a reader with these capabilities is shown, and so what its pages are counted in."""
    if not caps & EVENT_PLAYBACK:
        return MESSAGES
    return PLAYED if caps & MESSAGE_TAGS else PLAYED - {"TAGMSG"}


def shown(past: Past, caps: int, name: str) -> list[str]:
    """An event as lines for a reader with these capabilities; ``name``: the conversation's."""
    said_id = msgid(past.stream_id, past.index, past.mark)
    head = tags(caps, past.stream_id, said_id, past.client_tags)
    if past.verb in MESSAGES:
        return [head + past.line]
    event = parse_line(past.line)
    assert event is not None  # it has a verb
    return [head + line for line in _event(event, past.line, name)]


def _event(event: Message, line: str, name: str) -> list[str]:
    if event.verb == "JOIN":  # whom IRCv3 extended-join shows account and realname: both are in the event
        return [f":{event.source} JOIN {name}"]
    if event.verb == "MODE":
        return list(lines(f":{event.source} MODE {name}", parse("".join(event.params[1:2]), event.params[2:])))
    return [line]
