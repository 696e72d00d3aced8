"""What network operators do on this lane (gateway.chat.interfaces.Operators). Runs on the lane's thread."""

import structlog

from gateway.chat.errors import ClientLeft, Unavailable
from gateway.chat.session import Session
from gateway.lane.context import LaneContext
from gateway.lane.direct.control_messages import OPERATOR_NOTICE
from gateway.lane.direct.messages import DirectMessages
from gateway.lane.loop.tasks import Wait

log = structlog.get_logger()


class Operators:
    """Passwords of operators, reports of what they do, and REHASH."""

    def __init__(self, context: LaneContext, direct: DirectMessages) -> None:
        self._context = context
        self._direct = direct

    async def verify(self, session: Session, password_hash: str, password: str) -> bool:
        context = self._context
        wait: Wait[bool] = Wait()
        cancel = context.process.verify(session.address, password_hash, password, context.post, wait.fulfil)
        if cancel is None:
            raise Unavailable
        try:
            return await wait
        except (ClientLeft, Unavailable):
            cancel()
            raise

    def report(self, session: Session, command: str, target: str = "", comment: str = "") -> None:
        log.info("operator_command", command=command, operator=session.oper, source=session.source, target=target)
        name = self._context.server.name
        what = f"{command} {target}: {comment}" if target else f"{command} on {name}, gateway {self._context.gateway}"
        self._direct.broadcast_soon(
            f":{name} {OPERATOR_NOTICE} :{session.source} (operator {session.oper}) used {what}"
        )

    def rehash(self) -> None:
        self._context.process.rehash()
