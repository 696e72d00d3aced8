"""History for clients that do not ask by CHATHISTORY: the last lines of a room on JOIN, and znc.in/playback.

Only members are sent it, after their JOIN. For a client without server-time the text has the time.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.chat.capabilities import CHATHISTORY, SERVER_TIME, ZNC_PLAYBACK
from gateway.chat.commands.streaming import Change, Selection, access, begin_batch, end_batch, select, show
from gateway.chat.commands.table import Command
from gateway.chat.dates import hour_and_minute
from gateway.chat.errors import Unavailable
from gateway.chat.events import FACT, ms
from gateway.chat.history_access import FIRST, ID_LIMIT, LAST, MESSAGES, PastEvent, Place, Span
from gateway.chat.interfaces import Services
from gateway.chat.isupport import HISTORY_LIMIT
from gateway.chat.session import Session
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source
from gateway.wire.tags import parse_tags

PLAYBACK: Final = "*playback"
"""The target of ``PRIVMSG *playback :PLAY BUFFER [SINCE [UNTIL]]`` (znc.in/playback)."""
EXCERPTS: Final = 4
"""At most so many excerpts of a log are looked at for its last lines."""
_LEAVING: Final = frozenset(("PART", "QUIT", "KICK"))
_SECONDS: Final = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?", re.ASCII)
_ACTION: Final = "\x01ACTION "


async def last_lines(services: Services, session: Session, joined: Sequence[tuple[str, Place]]) -> None:
    """Show the last messages of rooms that were joined at these places, to a client that does not ask for history.

    If the log has the last leave of this nick and host, only what was sent since. Bots are shown nothing, as they would
    answer old commands.
    """
    if (
        session.caps & (CHATHISTORY | ZNC_PLAYBACK)
        or session.is_bot
        or not services.context.server.join_history_messages
    ):
        return
    session.end_response()  # the messages are not part of a labeled response
    try:
        for name, joined_at in joined:
            missed = await _missed(services, session, name, joined_at)
            await _play(services, session, name, Selection(Span(FIRST, joined_at, len(missed), True), missed, True))
    except Unavailable:
        return  # the JOINs themselves have succeeded


async def _missed(services: Services, session: Session, name: str, joined_at: Place) -> list[PastEvent]:
    limit = services.context.server.join_history_messages
    rest: Span | None = Span(FIRST, joined_at, 2 * limit, newest=True, verbs=MESSAGES | _LEAVING)
    found: list[PastEvent] = []
    for _ in range(EXCERPTS):
        may_read = access(session, name)()
        if rest is None or may_read is None:
            break
        page = await services.history.read(may_read, rest)
        for past in reversed(page.events):
            if past.verb in MESSAGES:
                found.insert(0, past)
            elif _has_left(past, session):
                return found
            if len(found) == limit:
                return found
        rest = replace(rest, before=page.reached) if page.reached is not None else None
    return found


def _has_left(past: PastEvent, session: Session) -> bool:
    """Whether a user with the session's nick and host left by this event. A KICK names session ids only."""
    if past.verb == "KICK":
        return parse_tags(past.tags).get(f"{FACT}sids") == session.sid
    nick, _, host = split_source(past.line[1:].partition(" ")[0])
    return casefold(nick) == casefold(session.nick) and host == session.host


async def play(services: Services, session: Session, text: str) -> None:
    """Carry out a message to ``*playback``: PLAY BUFFER [SINCE [UNTIL]], times in seconds since 1970."""
    verb, *params = text.split() or [""]
    span = _span(params[1:])
    if verb.upper() != "PLAY" or not params or span is None:
        session.note(f"Usage: PRIVMSG {PLAYBACK} :PLAY ROOM|* [SINCE [UNTIL]], times in seconds since 1970")
        return
    session.end_response()
    asked = {casefold(name) for name in params[0].split(",")}
    for name in list(session.rooms):
        if "*" in asked or name in asked:
            await _play(services, session, name, await select(services, session, access(session, name), span))


def _span(times: list[str]) -> Span | None:
    found = [_SECONDS.fullmatch(time) for time in times]
    if len(times) > 2 or None in found:
        return None
    ats = [int(match[1]) * 1000 + int((match[2] or "0")[:3].ljust(3, "0")) for match in found if match is not None]
    after = (ats[0], ID_LIMIT, ID_LIMIT, "") if ats and ats[0] else FIRST
    before = (ats[1], ID_LIMIT, ID_LIMIT, "") if len(ats) > 1 else LAST
    return Span(after, before, HISTORY_LIMIT, newest=True)


async def _play(services: Services, session: Session, folded_name: str, selection: Selection) -> None:
    """Send the selected events of a room, in a batch if the client knows batches."""
    room = session.rooms.get(casefold(folded_name))
    if room is not None and selection.events != []:
        reference = begin_batch(session, "chathistory", room.name)
        await show(services, session, room.name, selection, access(session, room.name), reference, _change(session))
        end_batch(session, reference)
    await services.pacing.pace(session)  # many rooms may take longer than one wait


def _change(session: Session) -> Change:
    """Change an event for playback: a program must not answer it, and without server-time its text has the time."""
    has_time = bool(session.caps & SERVER_TIME)

    def change(past: PastEvent) -> PastEvent | None:
        head, _, text = past.line.partition(" :")
        action = _ACTION if text.startswith(_ACTION) else ""
        if text.startswith("\x01") and not action:
            return None
        if has_time:
            return past
        return replace(past, line=f"{head} :{action}[{hour_and_minute(ms(past.stream_id))}] {text[len(action) :]}")

    return change


async def znc(services: Services, session: Session, message: Message) -> None:
    """The other form of the same: ``ZNC *playback PLAY BUFFER [SINCE [UNTIL]]``."""
    if casefold(message.params[0]) == PLAYBACK:
        await play(services, session, " ".join(message.params[1:]))


COMMANDS = {"ZNC": Command(znc, 2)}
