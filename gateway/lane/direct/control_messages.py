"""Control messages in the inbox, which need more than showing a line: KILL, WALLOPS, INVITE, FAIL, operator notices.

Runs on the lane's thread.
"""

from collections.abc import Callable

import structlog

from gateway.chat.capabilities import STANDARD_REPLIES
from gateway.chat.user_modes import is_receiver
from gateway.lane.clients.client import Client
from gateway.lane.direct.inbox import ControlHandler, Show
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES, cut
from gateway.wire.message import Message

log = structlog.get_logger()

INVITES_KEPT = 20
OPERATOR_NOTICE = "OPERNOTICE"
"""The verb of a notice for the operators that are connected to a lane."""


def control_handlers(
    clients: dict[str, Client], disconnect: Callable[[Client, str], None]
) -> dict[str, ControlHandler]:
    """Return the handlers by verb. ``clients``: the lane's by session id. ``disconnect`` ends one for a reason."""

    def kill(message: Message, client: Client | None, show: Show) -> None:
        """Modern IRC "KILL message": the line itself, then ERROR; others see a QUIT with the operator's name."""
        if client is not None:
            show(client)
            by = (message.source or "").partition("!")[0]
            log.info("killed", session=client.session.sid, nick=client.session.nick, by=message.source)
            disconnect(client, f"Killed ({by} ({message.params[1]}))")

    def wallops(_message: Message, _client: Client | None, show: Show) -> None:
        """RFC 2812 4.7: sent to users with +w and to all operators."""
        for client in clients.values():
            if is_receiver(client.session, "WALLOPS"):
                show(client)

    def invite(message: Message, client: Client | None, show: Show) -> None:
        """Modern IRC "INVITE message". Stored for INVITE without parameters."""
        if client is not None:
            session, room = client.session, message.params[1]
            session.invites = {name: r for name, r in (session.invites or {}).items() if name != casefold(room)}
            session.invites[casefold(room)] = room
            if len(session.invites) > INVITES_KEPT:
                del session.invites[next(iter(session.invites))]
            show(client)

    def fail(message: Message, client: Client | None, show: Show) -> None:
        """IRCv3 standard-replies: the refusal of a message by its recipient's lane."""
        if client is not None and client.session.caps & STANDARD_REPLIES:
            show(client)
        elif client is not None:
            session = client.session
            session.answer_late("", lambda: session.fail(*message.params))

    def operator_notice(message: Message, _client: Client | None, _show: Show) -> None:
        for client in clients.values():
            if is_receiver(client.session, OPERATOR_NOTICE):
                line = f":{message.source} NOTICE {client.session.nick} :*** {message.params[0]}"
                client.send(cut(line, LINE_CONTENT_BYTES))

    return {OPERATOR_NOTICE: operator_notice, "KILL": kill, "WALLOPS": wallops, "INVITE": invite, "FAIL": fail}
