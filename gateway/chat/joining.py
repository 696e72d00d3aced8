"""The JOIN event of a session, for a user's command and for a session that joins its rooms again. Pure."""

from typing import Final

from gateway.chat import events
from gateway.chat.session import Session
from gateway.wire.casefold import casefold

JOIN_TRIES: Final = 5
"""How often a JOIN is appended that is rejected as stale each time."""


def join_line(
    session: Session, room: str, seen: str, lobby: str, *, key: str = "", oper: bool = False, was: str = ""
) -> str:
    """Write the event with its facts (docs/protocol.md, "Events").

    ``seen`` is the entry on which the check of the JOIN is based. ``oper``: with the rights of a network operator.
    ``was`` is the session's former id, if the JOIN follows a rekey.
    """
    facts: dict[str, str | int] = {"token": session.token, "seen": seen}
    if key:
        facts["key"] = key
    facts |= events.sender_facts(session.sender)
    if session.revision:
        facts["revision"] = session.revision
    if session.away is not None:
        facts["away"] = session.away
    if casefold(room) == casefold(lobby):
        facts["lobby"] = 1
    if oper:
        facts["oper"] = 1
    if was:
        facts["was"] = was
    return events.joined(session.source, room, session.realname, facts)
