"""What the network tells, as sentences: answers to commands, and what happens in rooms.

Owns the words for those lines that the plain-text dialect of the gateways (gateway.wire.text) has none for. Pure; any
thread.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from gateway.wire import numerics as n
from gateway.wire.message import Message, split_source
from gateway.wire.text import render, strip_controls

# What only programs want to know, or what is said once too often.
_HIDDEN: Final = frozenset(
    (
        n.RPL_YOURHOST,
        n.RPL_CREATED,
        n.RPL_MYINFO,
        n.RPL_ISUPPORT,
        n.RPL_UMODEIS,
        n.RPL_LUSERCLIENT,
        n.RPL_LUSEROP,
        n.RPL_LUSERUNKNOWN,
        n.RPL_LUSERCHANNELS,
        n.RPL_LUSERME,
        n.RPL_LOCALUSERS,
        n.RPL_GLOBALUSERS,
        n.RPL_CREATIONTIME,
        n.RPL_TOPICWHOTIME,
        n.RPL_LISTSTART,
        n.RPL_MOTDSTART,
        n.RPL_ENDOFMOTD,
        n.RPL_ENDOFWHO,
        n.RPL_ENDOFWHOIS,
        n.RPL_ENDOFWHOWAS,
        n.RPL_ENDOFNAMES,
        n.RPL_LISTEND,
        n.RPL_ENDOFBANLIST,
        n.RPL_ENDOFEXCEPTLIST,
        n.RPL_ENDOFINVEXLIST,
        n.RPL_ENDOFINVITELIST,
        n.RPL_ENDOFLINKS,
        n.RPL_ENDOFINFO,
    )
)

# Numeric -> the sentence for its parameters after the first, and how many of them it needs.
_SENTENCES: Final[dict[str, tuple[int, Callable[[Sequence[str]], str]]]] = {
    n.RPL_WHOISUSER: (5, lambda p: f"{p[0]} is {p[4]} ({p[1]}@{p[2]})"),
    n.RPL_WHOISSERVER: (2, lambda p: f"{p[0]} is on {p[1]}"),
    n.RPL_WHOISIDLE: (3, lambda p: f"{p[0]} has been idle for {_duration(p[1])}, and here since {_moment(p[2])}"),
    n.RPL_WHOISCHANNELS: (2, lambda p: f"{p[0]} is in {p[1]}"),
    n.RPL_WHOISACCOUNT: (2, lambda p: f"{p[0]} is logged in as {p[1]}"),
    n.RPL_WHOREPLY: (6, lambda p: f"{p[4]} ({p[1]}@{p[2]}) in {p[0]}{', away' if 'G' in p[5] else ''}"),
    n.RPL_LIST: (3, lambda p: f"{p[0]}: {p[1]} people{f', {p[2]}' if p[2] else ''}"),
    n.RPL_INVITING: (2, lambda p: f"{p[0]} is invited to {p[1]}"),
    n.RPL_CHANNELMODEIS: (2, lambda p: f"modes of {p[0]}: {' '.join(p[1:])}"),
    n.RPL_BANLIST: (2, lambda p: f"banned from {p[0]}: {p[1]}"),
    n.RPL_NOTOPIC: (1, lambda p: f"{p[0]} has no topic"),
}


def sentence(message: Message, own_nick: str, room: str = "") -> str | None:
    """Write what is not said by anyone as a line to read; None: not for people. As gateway.wire.text.render."""
    if message.verb in _HIDDEN:
        return None
    if message.verb == "INVITE" and len(message.params) > 1 and message.params[0] != own_nick:
        told = f"* {split_source(message.source or '')[0]} invited {message.params[0]} to {message.params[1]}"
        return strip_controls(told)
    rendered = render(message, own_nick, room)
    if rendered is not None or not message.verb.isdecimal():
        return rendered
    params = message.params[1:]
    fewest, write = _SENTENCES.get(message.verb, (0, " ".join))
    return f"* {strip_controls(write(params) if len(params) >= fewest else ' '.join(params))}"


def _duration(seconds: str) -> str:
    if not (seconds.isdecimal() and len(seconds) < 10):
        return seconds
    minutes = int(seconds) // 60
    hours, days = minutes // 60, minutes // 1440
    return f"{days} days" if days > 1 else f"{hours} hours" if hours > 1 else f"{minutes} minutes"


def _moment(seconds: str) -> str:
    if not (seconds.isdecimal() and len(seconds) < 11):
        return seconds
    return f"{datetime.fromtimestamp(int(seconds)):%Y-%m-%d %H:%M}"
