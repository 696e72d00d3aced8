"""Events as lines of text: on the screen of the line mode, and in the log file.

Owns their format. No line contains a control character. Knows the time zone, but neither clock nor screen. Pure; on the
receiving thread.
"""

from dataclasses import replace
from datetime import datetime

from client.events import ClientNotice, Event, Failed, PasswordRequired, SearchResults, ServerEvent
from client.phrases import sentence
from client.tags import server_time
from gateway.wire.message import Message, split_source
from gateway.wire.text import strip_controls

_ACTION = "\x01ACTION "


def screen_line(event: Event, room: str) -> str | None:
    """Write an event for one who talks in `room`, a message of several lines as several ("\n" between them).

    None: it is not for people, or the user typed it and sees it there.
    """
    clock = f"[{datetime.fromtimestamp(event.at):%H:%M}]"
    match event:
        case ServerEvent(is_typed_here=False, is_quiet=False):
            rendered = (sentence(message, event.own_nick, room) for message in _single_lines(event.message))
            return "\n".join(f"{clock} {text}" for text in rendered if text is not None) or None
        case ClientNotice():
            return f"{clock} -- {strip_controls(event.text)}"
        case Failed():
            text = strip_controls(f"not delivered to {event.target} ({event.reason}): {event.text}")
            return f"{clock} -- {text}"
        case PasswordRequired():
            wish = "requires another password" if event.was_refused else "requires a password"
            ways = "use hubbub --ask-password or the variable HUBBUB_PASSWORD"
            return f"{clock} -- the network at {strip_controls(event.address)} {wish}: {ways}"
        case SearchResults():
            return _found(event)
    return None


def _found(event: SearchResults) -> str | None:
    """Format the results of a search since the last step, newest first, and how it ended."""
    lines = []
    for message in event.messages:
        at = server_time(message)
        day = f"{datetime.fromtimestamp(event.at if at is None else at):%Y-%m-%d %H:%M}"
        lines += [f"[{day}] {text}" for single in _single_lines(message) if (text := _said(single)) is not None]
    if event.is_over:
        problem = f" ({strip_controls(event.problem)})" if event.problem else ""
        lines.append(f"[{datetime.fromtimestamp(event.at):%H:%M}] -- searched {event.scanned} messages{problem}")
    return "\n".join(lines) or None


def _single_lines(message: Message) -> list[Message]:
    if message.verb not in ("PRIVMSG", "NOTICE"):
        return [message]
    return [replace(message, params=[message.params[0], line]) for line in message.params[1].split("\n")]


def log_line(event: Event) -> str | None:
    """Format an event for the log: date, time, conversation, nick and text; like screen_line."""
    clock = f"{datetime.fromtimestamp(event.at):%Y-%m-%d %H:%M:%S}"
    if isinstance(event, ServerEvent) and event.message.verb in ("PRIVMSG", "NOTICE"):
        if event.is_quiet:
            return None
        said = (_said(message) for message in _single_lines(event.message))
        place = strip_controls(event.conversation or event.message.params[0])
        return "\n".join(f"{clock} {place} {text}" for text in said if text is not None) or None
    line = screen_line(event, "") if not isinstance(event, SearchResults) else None
    return None if line is None else f"{clock} {line.partition('] ')[2]}"


def _said(message: Message) -> str | None:
    nick, text = split_source(message.source or "")[0], message.params[1]
    if text.startswith(_ACTION):
        return strip_controls(f"* {nick} {text.removeprefix(_ACTION)}")
    if text.startswith("\x01"):
        return None  # a CTCP request
    return strip_controls(f"<{nick}> {text}")
