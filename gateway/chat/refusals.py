"""What a client is told when a room's rules refuse what it asked: the same words at once and after the fold."""

from gateway.chat.effects import Rejection
from gateway.chat.session import Session
from gateway.wire import numerics as n

_SPEAKING = frozenset(("PRIVMSG", "NOTICE", "TAGMSG"))

_TEXTS = {
    Rejection.INVITE_ONLY: (n.ERR_INVITEONLYCHAN, "Cannot join channel (+i)"),
    Rejection.BANNED: (n.ERR_BANNEDFROMCHAN, "Cannot join channel (+b)"),
    Rejection.BAD_KEY: (n.ERR_BADCHANNELKEY, "Cannot join channel (+k)"),
    Rejection.FULL: (n.ERR_CHANNELISFULL, "Cannot join channel (+l)"),
    Rejection.NOT_MEMBER: (n.ERR_NOTONCHANNEL, "You're not on that channel"),
    Rejection.NOT_OPERATOR: (n.ERR_CHANOPRIVSNEEDED, "You're not channel operator"),
}

_CANNOT_SEND = {
    Rejection.NOT_MEMBER: "Cannot send to channel (no external messages)",
    Rejection.MUTED: "Cannot send to channel (+m)",
    Rejection.BANNED: "Cannot send to channel (you are banned)",
}

_ID_IN_USE = "another message has this id; send it again with a new one"


def refuse(session: Session, verb: str, room: str, void: Rejection, subject: str = "") -> None:
    """Answers a refused command; ``subject`` is the nick that a KICK or INVITE was about."""
    if void is Rejection.DUPLICATE or (void in (Rejection.NO_CHANGE, Rejection.ALREADY_MEMBER) and verb != "INVITE"):
        return
    if void is Rejection.ID_IN_USE:
        session.fail(verb, "ID_IN_USE", room, _ID_IN_USE)
        return
    if verb == "NOTICE":
        return  # RFC 2812 3.3.2: nothing is ever answered to a NOTICE
    if verb in _SPEAKING:
        text = _CANNOT_SEND.get(void, "Cannot send to channel")
        session.numeric(n.ERR_CANNOTSENDTOCHAN, room, text)
    elif void is Rejection.NO_SUCH_MEMBER:
        session.numeric(n.ERR_USERNOTINCHANNEL, subject, room, "They aren't on that channel")
    elif void is Rejection.ALREADY_MEMBER:
        session.numeric(n.ERR_USERONCHANNEL, subject, room, "is already on channel")
    elif void in _TEXTS:
        code, text = _TEXTS[void]
        session.numeric(code, room, text)
    else:
        session.numeric(n.ERR_UNKNOWNERROR, verb, room, f"Refused ({void.name.lower().replace('_', ' ')})")


def unavailable(session: Session, verb: str, *context: str) -> None:
    """A command that could not be carried out because Redis is away."""
    text = "the network's message store does not answer; try again"
    session.fail(verb, "TEMPORARILY_UNAVAILABLE", *context, text)


def id_in_use(verb: str, target: str) -> str:
    """The same of a message to a person, for its sender's lane to pass on."""
    return f"FAIL {verb} ID_IN_USE {target} :{_ID_IN_USE}"
