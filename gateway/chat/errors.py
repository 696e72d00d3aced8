"""How a command fails: the exception that a handler raises, and the reply that it carries. Pure.

The dispatcher answers what a handler raises. A command with several targets answers for each by
:meth:`gateway.chat.session.Session.answering`, and goes on with the next.
"""

from gateway.chat.effects import Reason
from gateway.wire import numerics as n

_SPEAKING = frozenset(("PRIVMSG", "NOTICE", "TAGMSG"))

_TEXTS = {
    Reason.INVITE_ONLY: (n.ERR_INVITEONLYCHAN, "Cannot join channel (+i)"),
    Reason.BANNED: (n.ERR_BANNEDFROMCHAN, "Cannot join channel (+b)"),
    Reason.BAD_KEY: (n.ERR_BADCHANNELKEY, "Cannot join channel (+k)"),
    Reason.FULL: (n.ERR_CHANNELISFULL, "Cannot join channel (+l)"),
    Reason.NOT_MEMBER: (n.ERR_NOTONCHANNEL, "You're not on that channel"),
    Reason.NOT_OPERATOR: (n.ERR_CHANOPRIVSNEEDED, "You're not channel operator"),
}

_CANNOT_SEND = {
    Reason.NOT_MEMBER: "Cannot send to channel (no external messages)",
    Reason.MUTED: "Cannot send to channel (+m)",
    Reason.BANNED: "Cannot send to channel (you are banned)",
}

_ID_IN_USE = "another message has this id; send it again with a new one"


class Unavailable(Exception):
    """Redis did not answer in time: the command fails.

    Its arguments are the verb and the target that the reply names, if not the command's own.
    """


class ClientLeft(Exception):
    """The client left while its handler waited."""


class CommandError(Exception):
    """A command that is refused: a numeric, or with ``verb`` a FAIL (IRCv3 standard-replies)."""

    def __init__(self, code: str, *params: str, verb: str = "", is_implied: bool = False) -> None:
        """``params``: of a numeric its parameters, of a FAIL its context; the last one is text.

        ``verb``: the command that FAIL names. ``is_implied``: a capability that the client has negotiated for this
        command implies that it knows standard replies; other clients get a NOTICE.
        """
        self.code, self.params, self.verb, self.is_implied = code, params, verb, is_implied


def rejected(verb: str, room: str, reason: Reason | None, subject: str = "") -> CommandError | None:
    """The error of a command that a room's rules refuse: the same at once and when the log has it.

    ``reason``: None where it is not refused. ``subject``: the nick that a KICK or INVITE was about. None: the client
    is answered nothing.
    """
    if reason is None or reason is Reason.DUPLICATE:
        return None
    if reason in (Reason.NO_CHANGE, Reason.ALREADY_MEMBER) and verb != "INVITE":
        return None
    if reason is Reason.ID_IN_USE:
        return CommandError("ID_IN_USE", room, _ID_IN_USE, verb=verb)
    if verb == "NOTICE":
        return None  # RFC 2812 3.3.2: nothing is ever answered to a NOTICE
    if verb in _SPEAKING:
        return CommandError(n.ERR_CANNOTSENDTOCHAN, room, _CANNOT_SEND.get(reason, "Cannot send to channel"))
    if reason is Reason.NO_SUCH_MEMBER:
        return CommandError(n.ERR_USERNOTINCHANNEL, subject, room, "They aren't on that channel")
    if reason is Reason.ALREADY_MEMBER:
        return CommandError(n.ERR_USERONCHANNEL, subject, room, "is already on channel")
    if reason in _TEXTS:
        code, text = _TEXTS[reason]
        return CommandError(code, room, text)
    return CommandError(n.ERR_UNKNOWNERROR, verb, room, f"Refused ({reason.name.lower().replace('_', ' ')})")


def check(verb: str, room: str, reason: Reason | None, subject: str = "") -> None:
    """Raise the error of :func:`rejected`, if there is one."""
    error = rejected(verb, room, reason, subject)
    if error is not None:
        raise error


def unavailable(verb: str, *context: str) -> CommandError:
    """The error of a command that was not carried out because Redis does not answer."""
    text = "the network's message store does not answer; try again"
    return CommandError("TEMPORARILY_UNAVAILABLE", *context, text, verb=verb)


def no_such_room(name: str) -> CommandError:
    """A room that does not exist, or that the user may not know of."""
    return CommandError(n.ERR_NOSUCHCHANNEL, name, "No such channel")


def no_such_nick(nick: str) -> CommandError:
    """A nick that no session of the network has."""
    return CommandError(n.ERR_NOSUCHNICK, nick, "No such nick/channel")


def too_few_parameters(verb: str) -> CommandError:
    return CommandError(n.ERR_NEEDMOREPARAMS, verb, "Not enough parameters")


def too_many_targets(targets: str, limit: int) -> CommandError:
    return CommandError(n.ERR_TOOMANYTARGETS, targets, f"Too many targets (at most {limit})")


def id_in_use(verb: str, target: str) -> str:
    """The FAIL for a direct message whose id another message has; its sender's lane passes it on."""
    return f"FAIL {verb} ID_IN_USE {target} :{_ID_IN_USE}"
