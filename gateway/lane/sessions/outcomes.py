"""What follows the outcome of a client's event: an error, the echo of a direct message, or a late effect.

A message in a room is not handled here: fanout sends its echo. Runs on the lane's thread.
"""

from collections.abc import Callable

from gateway.chat import events
from gateway.chat.capabilities import SETNAME
from gateway.chat.effects import Joined, Outcome, ProfileChanged, Reason, Rejection, reason_of
from gateway.chat.errors import rejected, unavailable
from gateway.chat.events import EventId
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.lane.clients.client import Client
from gateway.lane.direct.addressing import echo, echo_again
from gateway.lane.direct.history import DirectHistory
from gateway.lane.outgoing import Outgoing
from gateway.lane.sessions.profile import Profiles, missing_updates
from gateway.logs.in_flight import PendingEvent
from gateway.logs.retry_queue import MustDeliver
from gateway.wire.casefold import casefold
from gateway.wire.message import parse


class Outcomes:
    """The listener of :class:`Outgoing`."""

    def __init__(
        self,
        outgoing: Outgoing,
        profiles: Profiles,
        direct_history: DirectHistory,
        show_room: Callable[[Session, Room], None],
    ) -> None:
        """``show_room`` replies with a room's topic and names, as to a JOIN."""
        self._outgoing = outgoing
        self._profiles = profiles
        self._direct_history = direct_history
        self._show_room = show_room

    def finished(self, client: Client, pending: PendingEvent, outcome: Outcome) -> None:
        """See :meth:`OutcomeListener.finished`."""
        session = client.session
        if pending.wait is None:
            if not client.is_leaving:
                self._reply(client, pending, outcome)
            return
        if pending.wait.done and not client.is_leaving and isinstance(outcome, Joined):
            self.joined_late(session, outcome)
        if isinstance(outcome, ProfileChanged):
            self._profiles.correct(session, outcome.member)

    def joined_late(self, session: Session, effect: Joined) -> None:
        """Show the room after a JOIN that took effect when no handler waited for it any more.

        The room gets what the session has changed of its profile meanwhile.
        """
        room = session.rooms.get(casefold(effect.room))
        if room is not None:
            session.answer_late("", lambda: self._show_room(session, room))
            for line in missing_updates(room.members.get(session.sid, effect.member), session):
                self._outgoing.must_deliver(session.sid, room.folded_name, line)

    def _reply(self, client: Client, pending: PendingEvent, outcome: Outcome) -> None:
        """Send the error of an event that no handler waits for, or the echo of a direct message."""
        message, session = parse(pending.line), client.session
        if message is None:
            return
        if isinstance(pending, MustDeliver):  # an event of the lane's own: no reply to its outcome
            if not session.rooms:  # no room has shown it
                client.send_nick_loss()
                if message.verb == "SETNAME" and session.caps & SETNAME:
                    session.send(events.realname_set(session.source, session.realname))
        elif isinstance(outcome, EventId):
            self._direct_history.sent(session, outcome, message)
            echo(client, outcome, message, pending.label)
        elif isinstance(outcome, Rejection) and outcome.reason is Reason.DUPLICATE:
            if outcome.first is not None:  # sent again by the client: it gets the echo of the first one
                echo_again(client, outcome, pending.label)
        elif outcome is None:
            error = unavailable(message.verb, *message.params[:1])
            session.answer_late(pending.label, lambda: session.answer(error))
        else:
            refusal = rejected(message.verb, message.params[0], reason_of(outcome))
            session.answer_late(pending.label, lambda: session.answer(refusal) if refusal is not None else None)
