"""Sentences for numerics and events of the server: answers to commands, errors, and what happens in rooms.

Lines that are not here have the sentences of the gateways' plain-text dialect (gateway.wire.text). Pure; any thread.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from gateway.wire import numerics as n
from gateway.wire.message import Message, split_source
from gateway.wire.text import render, strip_controls

# Only for programs, or repeated.
_HIDDEN: Final = frozenset(
    (
        n.RPL_YOURHOST,
        n.RPL_CREATED,
        n.RPL_MYINFO,
        n.RPL_ISUPPORT,
        n.RPL_CREATIONTIME,
        n.RPL_TOPICWHOTIME,
        n.RPL_LISTSTART,
        n.RPL_MOTDSTART,
        n.RPL_ENDOFMOTD,
        n.RPL_ENDOFSTATS,
        n.RPL_ENDOFWHO,
        n.RPL_ENDOFWHOIS,
        n.RPL_ENDOFWHOWAS,
        n.RPL_ENDOFNAMES,
        n.RPL_ENDOFLINKS,
        n.RPL_ENDOFINFO,
        n.RPL_ENDOFHELP,
        n.RPL_ENDOFMONLIST,
        n.RPL_WHOSPCRPL,
        n.RPL_NONE,
        n.RPL_STARTTLS,
        n.ERR_NOMOTD,
    )
)

_Write = Callable[[Sequence[str]], str]

# Numeric -> the parameters after the nick that its sentence needs, and the sentence.
_ANSWERS: Final[dict[str, tuple[int, _Write]]] = {
    n.RPL_STATSCOMMANDS: (2, lambda p: f"{p[0]} was used {_times(p[1])}"),
    n.RPL_UMODEIS: (1, lambda p: f"your modes are {p[0]}" if p[0].strip("+") else "you have no modes"),
    n.RPL_LUSEROP: (1, lambda p: f"operators of the network: {p[0]}"),
    n.RPL_LUSERUNKNOWN: (1, lambda p: f"connections that are not registered yet: {p[0]}"),
    n.RPL_LUSERCHANNELS: (1, lambda p: f"rooms: {p[0]}"),
    n.RPL_ADMINME: (1, lambda p: f"about the administrators of {p[0]}:"),
    n.RPL_TRYAGAIN: (1, lambda p: f"the gateway is too busy for {p[0]} now: try again later"),
    n.RPL_LOCALUSERS: (2, lambda p: f"people on this gateway: {p[0]}; maximum: {p[1]}"),
    n.RPL_GLOBALUSERS: (2, lambda p: f"people on the network: {p[0]}; maximum: {p[1]}"),
    n.RPL_WHOISCERTFP: (2, lambda p: f"{p[0]} {p[-1]}"),
    n.RPL_AWAY: (2, lambda p: f"{p[0]} is away: {p[1]}"),
    n.RPL_USERHOST: (1, lambda p: f"found: {p[0]}" if p[0].strip() else "none of them is connected"),
    n.RPL_ISON: (1, lambda p: f"connected now: {p[0]}" if p[0].strip() else "none of them is connected"),
    n.RPL_UNAWAY: (0, lambda p: "you are no longer marked as away"),
    n.RPL_NOWAWAY: (0, lambda p: "you are marked as away"),
    n.RPL_WHOISREGNICK: (1, lambda p: f"{p[0]} is a registered nick"),
    n.RPL_WHOISUSER: (5, lambda p: f"{p[0]} is {p[4] or 'a person without a real name'} ({p[1]}@{p[2]})"),
    n.RPL_WHOISSERVER: (2, lambda p: f"{p[0]} is on {p[1]}"),
    n.RPL_WHOISOPERATOR: (1, lambda p: f"{p[0]} is an operator of the network"),
    n.RPL_WHOWASUSER: (5, lambda p: f"{p[0]} was {p[4] or 'a person without a real name'} ({p[1]}@{p[2]})"),
    n.RPL_WHOISIDLE: (3, lambda p: f"{p[0]} has been idle for {_duration(p[1])}, and here since {_moment(p[2])}"),
    n.RPL_WHOISCHANNELS: (2, lambda p: f"{p[0]} is in {p[1].strip()}"),
    n.RPL_WHOISSPECIAL: (2, lambda p: f"{p[0]} {p[1]}"),
    n.RPL_WHOISACCOUNT: (2, lambda p: f"{p[0]} is logged in as {p[1]}"),
    n.RPL_WHOISBOT: (1, lambda p: f"{p[0]} is a bot"),
    n.RPL_WHOISACTUALLY: (3, lambda p: f"{p[0]} comes from {' '.join(p[1:-1])}"),
    n.RPL_WHOISHOST: (2, lambda p: f"{p[0]} {p[-1]}"),
    n.RPL_WHOISMODES: (2, lambda p: f"{p[0]} {p[-1]}"),
    n.RPL_WHOISSECURE: (1, lambda p: f"{p[0]} uses an encrypted connection"),
    n.RPL_WHOREPLY: (6, lambda p: f"{p[4]} ({p[1]}@{p[2]}) in {p[0]}{', away' if 'G' in p[5] else ''}"),
    n.RPL_LIST: (3, lambda p: f"{p[0]}: {_people(p[1])}{f', {p[2]}' if p[2] else ''}"),
    n.RPL_LISTEND: (0, lambda p: "end of the list of rooms"),
    n.RPL_CHANNELMODEIS: (2, lambda p: f"modes of {p[0]}: {' '.join(p[1:])}"),
    n.RPL_NOTOPIC: (1, lambda p: f"{p[0]} has no topic"),
    n.RPL_INVITELIST: (1, lambda p: f"you are invited to {p[0]}"),
    n.RPL_ENDOFINVITELIST: (0, lambda p: "end of the list of invitations"),
    n.RPL_INVITING: (2, lambda p: f"{p[0]} is invited to {p[1]}"),
    n.RPL_BANLIST: (2, lambda p: f"banned from {p[0]}: {p[1]}{_by(p)}"),
    n.RPL_ENDOFBANLIST: (1, lambda p: f"end of the list of bans of {p[0]}"),
    n.RPL_EXCEPTLIST: (2, lambda p: f"exception from the bans of {p[0]}: {p[1]}{_by(p)}"),
    n.RPL_ENDOFEXCEPTLIST: (1, lambda p: f"end of the list of ban exceptions of {p[0]}"),
    n.RPL_INVEXLIST: (2, lambda p: f"may join {p[0]} without an invitation: {p[1]}{_by(p)}"),
    n.RPL_ENDOFINVEXLIST: (1, lambda p: f"end of the invitation exceptions of {p[0]}"),
    n.RPL_VERSION: (2, lambda p: f"{p[1]} runs version {p[0]}"),
    n.RPL_LINKS: (1, lambda p: f"{p[0]} is a gateway of the network"),
    n.RPL_YOUREOPER: (0, lambda p: "you are an operator of the network now"),
    n.RPL_REHASHING: (0, lambda p: "the gateway reads its settings again"),
    n.RPL_TIME: (2, lambda p: f"on {p[0]} it is {p[-1]}"),
    n.RPL_HELPSTART: (2, lambda p: p[1]),
    n.RPL_HELPTXT: (2, lambda p: p[1] or " "),
    n.RPL_MONONLINE: (1, lambda p: f"connected now: {p[0]}"),
    n.RPL_MONOFFLINE: (1, lambda p: f"not connected: {p[0]}"),
    n.RPL_MONLIST: (1, lambda p: f"watched: {p[0]}"),
}

_ERRORS: Final[dict[str, tuple[int, _Write]]] = {
    n.ERR_UNKNOWNERROR: (2, lambda p: f"{p[0]} was refused: {p[-1]}"),
    n.ERR_NOSUCHNICK: (1, lambda p: f"there is nobody called {p[0]}"),
    n.ERR_NOSUCHSERVER: (1, lambda p: f"there is no gateway called {p[0]}"),
    n.ERR_NOSUCHCHANNEL: (1, lambda p: f"there is no room {p[0]}"),
    n.ERR_CANNOTSENDTOCHAN: (2, lambda p: f"you cannot send to {p[0]}: {_cannot_send(p[1])}"),
    n.ERR_TOOMANYCHANNELS: (1, lambda p: f"you are in too many rooms to join {p[0]} as well"),
    n.ERR_WASNOSUCHNICK: (1, lambda p: f"nobody called {p[0]} was here recently"),
    n.ERR_TOOMANYTARGETS: (1, lambda p: f"too many targets: {p[-1]}"),
    n.ERR_NORECIPIENT: (0, lambda p: "the command needs a recipient"),
    n.ERR_NOTEXTTOSEND: (0, lambda p: "there is no text to send"),
    n.ERR_INPUTTOOLONG: (0, lambda p: "that line is too long"),
    n.ERR_UNKNOWNCOMMAND: (1, lambda p: f"the gateway does not know the command {p[0]}{_why(p)}"),
    n.ERR_NOADMININFO: (0, lambda p: "there is no information about the administrators"),
    n.ERR_NONICKNAMEGIVEN: (0, lambda p: "the command needs a nick"),
    n.ERR_ERRONEUSNICKNAME: (1, lambda p: f"{p[0]} is not a valid nick"),
    n.ERR_NICKNAMEINUSE: (1, lambda p: f"the nick {p[0]} is in use"),
    n.ERR_BANNICKCHANGE: (1, lambda p: f"you cannot change your nick while you are banned from {p[0]}"),
    n.ERR_NICKCOLLISION: (1, lambda p: f"the nick {p[0]} is in use"),
    n.ERR_UNAVAILRESOURCE: (1, lambda p: f"{p[0]} is not available now: try again later"),
    n.ERR_USERNOTINCHANNEL: (2, lambda p: f"{p[0]} is not in {p[1]}"),
    n.ERR_NOTONCHANNEL: (1, lambda p: f"you are not in {p[0]}"),
    n.ERR_USERONCHANNEL: (2, lambda p: f"{p[0]} is in {p[1]} already"),
    n.ERR_NOTREGISTERED: (0, lambda p: "you are not registered yet"),
    n.ERR_NEEDMOREPARAMS: (1, lambda p: f"{p[0]} needs more parameters{_why(p)}"),
    n.ERR_ALREADYREGISTERED: (0, lambda p: "you are registered already"),
    n.ERR_PASSWDMISMATCH: (0, lambda p: "that password is wrong"),
    n.ERR_YOUREBANNEDCREEP: (0, lambda p: f"you are banned from this network{_why(p)}"),
    n.ERR_CHANNELISFULL: (1, lambda p: f"you cannot join {p[0]}: it is full"),
    n.ERR_UNKNOWNMODE: (1, lambda p: f"there is no mode {p[0]} here"),
    n.ERR_INVITEONLYCHAN: (1, lambda p: f"you cannot join {p[0]}: nobody has invited you"),
    n.ERR_BANNEDFROMCHAN: (1, lambda p: f"you cannot join {p[0]}: you are banned from it"),
    n.ERR_BADCHANNELKEY: (1, lambda p: f"you cannot join {p[0]} without its key: /join {p[0]} KEY"),
    n.ERR_BADCHANMASK: (1, lambda p: f"{p[0]} is not a valid name for a room"),
    n.ERR_BANLISTFULL: (1, lambda p: f"that list of {p[0]} is full"),
    n.ERR_NOPRIVILEGES: (0, lambda p: "only operators of the network may do that"),
    n.ERR_CHANOPRIVSNEEDED: (1, lambda p: f"only operators of {p[0]} may do that"),
    n.ERR_CANTKILLSERVER: (0, lambda p: "a gateway cannot be killed that way"),
    n.ERR_NOOPERHOST: (0, lambda p: "this network has no operators"),
    n.ERR_UMODEUNKNOWNFLAG: (0, lambda p: "there is no such user mode"),
    n.ERR_USERSDONTMATCH: (0, lambda p: "you cannot change the modes of other users"),
    n.ERR_HELPNOTFOUND: (1, lambda p: f"there is no help about {p[0]}"),
    n.ERR_INVALIDKEY: (1, lambda p: f"that is not a valid key for {p[0]}"),
    n.ERR_INVALIDMODEPARAM: (3, lambda p: f"{p[2]} is not a valid value for the mode {p[1]} of {p[0]}{_why(p[2:])}"),
    n.ERR_NOPRIVS: (1, lambda p: f"you do not have the privilege {p[0]}"),
    n.ERR_MONLISTFULL: (0, lambda p: "you watch as many people as you may"),
}
_SENTENCES: Final = _ANSWERS | _ERRORS


def sentence(message: Message, own_nick: str, room: str = "") -> str | None:
    """Return the sentence for a line that is no message, as gateway.wire.text.render does; None: not for people."""
    if message.verb in _HIDDEN:
        return None
    if message.verb == "INVITE" and len(message.params) > 1 and message.params[0] != own_nick:
        shown = f"* {split_source(message.source or '')[0]} invited {message.params[0]} to {message.params[1]}"
        return strip_controls(shown)
    params = message.params[1:]
    known = _SENTENCES.get(message.verb)
    if known is not None and len(params) >= known[0]:
        return f"* {strip_controls(known[1](params))}"
    rendered = render(message, own_nick, room)
    if rendered is not None or not message.verb.isdecimal():
        return rendered
    return f"* {strip_controls(' '.join(params))}"


def reason(message: Message) -> str:
    """Return why a message was not delivered, from the error for it."""
    if message.verb == n.ERR_CANNOTSENDTOCHAN:
        return _cannot_send(message.params[-1])
    text = sentence(message, "") if message.verb.isdecimal() else None
    return message.params[-1] if text is None else text.removeprefix("* ")


def _cannot_send(text: str) -> str:
    """Explain the mode of the room that forbids it; gateways name it in brackets."""
    reasons = {
        "(+m)": "only voiced members may send",
        "(+n)": "you are not in that room",
        "(+b)": "you are banned from it",
    }
    return next((words for mode, words in reasons.items() if text.endswith(mode)), text)


def _why(params: Sequence[str]) -> str:
    """Return the server's own words, if there are any after the subject."""
    return f" ({params[-1]})" if len(params) > 1 else ""


def _by(params: Sequence[str]) -> str:
    return f" (by {split_source(params[2])[0]}, {_moment(params[3])})" if len(params) > 3 else ""


def _people(count: str) -> str:
    return "1 person" if count == "1" else f"{count} people"


def _times(count: str) -> str:
    return "once" if count == "1" else f"{count} times"


def _duration(seconds: str) -> str:
    if not (seconds.isdecimal() and len(seconds) < 10):
        return seconds
    minutes = int(seconds) // 60
    hours, days = minutes // 60, minutes // 1440
    if minutes < 2:
        return "a minute" if minutes else "less than a minute"
    return f"{days} days" if days > 1 else f"{hours} hours" if hours > 1 else f"{minutes} minutes"


def _moment(seconds: str) -> str:
    if not (seconds.isdecimal() and len(seconds) < 11):
        return seconds
    return f"{datetime.fromtimestamp(int(seconds)):%Y-%m-%d %H:%M}"
