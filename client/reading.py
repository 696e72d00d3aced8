"""Events as lines to read: on the screen, and in the log file.

Owns their form, and that nothing in them can control a terminal. Knows the time zone, but neither clock nor
screen. Pure; on the receiving thread.
"""

from datetime import datetime

from client.events import Event, Heard, Status, Undelivered
from gateway.wire.message import split_source
from gateway.wire.text import render, strip_controls

_ACTION = "\x01ACTION "


def screen_line(event: Event, room: str) -> str | None:
    """Write an event for one who talks in `room`; None: not for people, or it stands where they typed it."""
    clock = f"[{datetime.fromtimestamp(event.at):%H:%M}]"
    match event:
        case Heard(is_typed_here=True):
            return None
        case Heard():
            text = render(event.message, event.own_nick, room)
            return f"{clock} {text}" if text is not None else None
        case Status():
            return f"{clock} -- {strip_controls(event.text)}"
        case Undelivered():
            text = strip_controls(f"not delivered to {event.target} ({event.reason}): {event.text}")
            return f"{clock} -- {text}"


def log_line(event: Event) -> str | None:
    """Write an event for the log: date, time, the room or the other person, and who said what."""
    clock = f"{datetime.fromtimestamp(event.at):%Y-%m-%d %H:%M:%S}"
    if isinstance(event, Heard) and event.message.verb in ("PRIVMSG", "NOTICE"):
        nick = split_source(event.message.source or "")[0]
        target, text = event.message.params[:2]
        place = target if target.startswith("#") or event.is_typed_here else nick
        if text.startswith(_ACTION):
            said = f"* {nick} {text.removeprefix(_ACTION)}"
        elif text.startswith("\x01"):
            return None  # a question that programs ask each other
        else:
            said = f"<{nick}> {text}"
        return f"{clock} {strip_controls(place)} {strip_controls(said)}"
    line = screen_line(event, "")
    return None if line is None else f"{clock} {line.partition('] ')[2]}"
