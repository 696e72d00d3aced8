"""Send events of histories to a session, page by page, as fast as it reads and its rate allows.

Owns the bounds in memory: for a long response only its bounds are found first, and its events are read again when they
are sent. It serves CHATHISTORY (history.py), and JOIN and znc.in/playback (replay.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gateway.chat import costs
from gateway.chat.capabilities import BATCH
from gateway.chat.errors import Unavailable
from gateway.chat.history_access import HistoryAccess, HistoryPage, PastEvent, Place, Span, readable
from gateway.chat.interfaces import Services
from gateway.chat.playback import shown
from gateway.chat.session import Session
from gateway.wire.casefold import casefold

PAGE_EVENTS: Final = 128
"""Events that are asked for at once; more than so many are not held while a session reads."""
HELD_BYTES: Final = 128 * 1024
PIECE_BYTES: Final = 32 * 1024
"""So much is sent before the session has to have read it."""
TRIES, TRY_AGAIN_S = 30, 1.0
"""How long an answer that has begun waits for a Redis that is away."""
END_TAG: Final = "draft/chathistory-end"
"""On the opening BATCH: nothing is left in the direction that was asked for."""

Access = Callable[[], HistoryAccess | None]
"""What may be read at present; None where nothing may be any more. Raises Unavailable where that is not known."""
Change = Callable[[PastEvent], PastEvent | None]
"""What an event is shown as; None: not at all."""


@dataclass(slots=True)
class Selection:
    """The part of a span to show. ``events``: all of it, or None if that is too much to hold in memory."""

    span: Span
    events: list[PastEvent] | None
    is_all: bool


def access(session: Session, name: str) -> Access:
    """Return a function that returns the present access of a member to a room."""

    def ask() -> HistoryAccess | None:
        room = session.rooms.get(casefold(name))
        may_read = readable(session.sid, room) if room is not None else None
        if room is not None and may_read is None:  # the log has lost the session, which joins again
            raise Unavailable
        return may_read

    return ask


async def select(services: Services, session: Session, may_read: Access, span: Span) -> Selection:
    """Find the part of a span to show: at most ``span.limit`` events, and whether there are more."""
    held: list[PastEvent] | None = []
    ends: list[Place] = []
    rest, is_all = replace(span, limit=span.limit + 1), False
    while not is_all and rest.limit:
        if rest.limit <= span.limit:  # not the first page
            await services.pacing.pace(session)
        now = may_read()
        if now is None:
            break
        page = await services.history.read(now, replace(rest, limit=min(rest.limit, PAGE_EVENTS)))
        session.charge(costs.HISTORY_PAGE)
        is_all = page.reached is None
        room_left = rest.limit - 1
        events = page.events
        if len(events) > room_left:
            events, is_all = (events[len(events) - room_left :] if span.newest else events[:room_left]), False
        rest = _behind(replace(rest, limit=rest.limit - len(page.events)), page)
        ends += [past.place for past in (events[:1] + events[-1:])]
        if held is not None:
            held = events + held if span.newest else held + events
            size_bytes = sum(len(past.line) + len(past.tags) for past in held)
            held = held if len(held) <= PAGE_EVENTS and size_bytes <= HELD_BYTES else None
    chosen = replace(span, after=_before(min(ends)), before=_after(max(ends)), newest=False) if ends else span
    return Selection(chosen, held, is_all)


def _behind(span: Span, page: HistoryPage) -> Span:
    """Return the part of a span that follows a page of it."""
    if page.reached is None:
        return span
    return replace(span, before=page.reached) if span.newest else replace(span, after=page.reached)


def _before(place: Place) -> Place:
    return (*place[:3], "")


def _after(place: Place) -> Place:
    return (place[0], place[1], place[2] + 1, "")


def begin_batch(session: Session, kind: str, target: str = "", *, is_all: bool = False) -> str:
    """Open a batch and return its reference, "" for a session without batches.

    The batch carries the label of the command, so that its lines need not be held in memory.
    """
    if not session.caps & BATCH:
        return ""
    label = session.put_off_response() if not session.response else ""
    tags = [label] if label else []
    tags += [END_TAG] if is_all else []
    head = f"@{';'.join(tags)} " if tags else ""
    reference = session.new_batch()
    session.reply(f"{head}:{session.server} BATCH +{reference} {kind} {target}".rstrip())
    return reference


def end_batch(session: Session, reference: str) -> None:
    if reference:
        session.reply(f":{session.server} BATCH -{reference}")


async def show(
    services: Services,
    session: Session,
    name: str,
    selection: Selection,
    may_read: Access,
    reference: str,
    change: Change = lambda past: past,
) -> None:
    """Send the selected events of a conversation, in the batch of this reference."""
    if selection.events is not None:
        await _send(services, session, name, selection.events, reference, change)
        return
    rest = selection.span
    while rest.limit > 0:
        page = await _page(services, session, may_read, replace(rest, limit=min(rest.limit, PAGE_EVENTS)))
        if page is None:
            return
        await _send(services, session, name, page.events, reference, change)
        if page.reached is None:
            return
        rest = _behind(replace(rest, limit=rest.limit - len(page.events)), page)


async def _page(services: Services, session: Session, may_read: Access, span: Span) -> HistoryPage | None:
    """Read a page of a response that has begun; retry while Redis is unavailable, as no page may be missing."""
    for _ in range(TRIES):
        try:
            now = may_read()
            session.charge(costs.HISTORY_PAGE)
            return await services.history.read(now, span) if now is not None else None
        except Unavailable:
            await services.pacing.pace(session)
            await services.pacing.pause(TRY_AGAIN_S)
    raise Unavailable


async def _send(
    services: Services, session: Session, name: str, events: list[PastEvent], reference: str, change: Change
) -> None:
    sent, room = 0, session.rooms.get(casefold(name))
    for past in events:
        changed = change(past)
        for line in shown(changed, session.caps, name, reference, room) if changed is not None else ():
            session.reply(line)
            sent += len(line)
        if sent >= PIECE_BYTES:
            await services.pacing.pace(session)
            sent = 0
