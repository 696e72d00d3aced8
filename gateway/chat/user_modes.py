"""User modes: the table of them. A new mode is a line here and an attribute of the session. Pure."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.chat.modes import Change
from gateway.chat.profile_updates import BOT, ProfileField
from gateway.chat.session import Session


class SetBy(Enum):
    """The command that sets a mode. MODE clears any."""

    MODE = "MODE"
    OPER = "OPER"


@dataclass(frozen=True, slots=True)
class UserMode:
    """`attribute` is the session's: true if the mode is set, and something false if not."""

    letter: str
    attribute: str
    set_by: SetBy = SetBy.MODE
    profile_field: ProfileField | None = None
    """The part of the profile that the mode is. It is written to every room of the user, so that others see it."""
    receives: frozenset[str] = frozenset()
    """Verbs of lines for everybody that a user is sent only with such a mode (`is_receiver`)."""

    def is_set(self, session: Session) -> bool:
        return bool(getattr(session, self.attribute))


BOT_MODE: Final = UserMode("B", "is_bot", profile_field=BOT)
"""IRCv3 bot-mode."""
INVISIBLE: Final = UserMode("i", "invisible")
OPERATOR: Final = UserMode("o", "oper", SetBy.OPER, receives=frozenset(("WALLOPS", "OPERNOTICE")))
"""The attribute is the operator's name."""
WALLOPS: Final = UserMode("w", "wallops", receives=frozenset(("WALLOPS",)))

USER_MODES: Final = (BOT_MODE, INVISIBLE, OPERATOR, WALLOPS)
"""In the order in which they are shown."""
BY_LETTER: Final = {mode.letter: mode for mode in USER_MODES}
LETTERS: Final = "".join(BY_LETTER)


def shown(session: Session) -> str:
    """The modes of a session as RPL_UMODEIS has them: "+iw"."""
    return "+" + "".join(mode.letter for mode in USER_MODES if mode.is_set(session))


def is_receiver(session: Session, verb: str) -> bool:
    """Whether a user is sent a line for everybody with this verb."""
    return session.is_registered and any(verb in mode.receives and mode.is_set(session) for mode in USER_MODES)


def apply(session: Session, change: Change) -> bool:
    """Make a change that MODE asks for, of a mode that is no part of the profile; whether it changes anything."""
    mode = BY_LETTER.get(change.letter)
    if mode is None or mode.profile_field is not None or mode.is_set(session) is change.adding:
        return False
    if change.adding and mode.set_by is not SetBy.MODE:
        return False
    value = getattr(session, mode.attribute)
    setattr(session, mode.attribute, change.adding if isinstance(value, bool) else "")
    return True
