"""From bytes to commands: the lines of each client in order, waiting handlers, flood control.

Each line is one command. A handler that waits blocks the input of its client, never the lane. Runs on the lane's
thread.
"""

from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from math import inf
from typing import Any

from gateway.broker.probe import LinkProbe
from gateway.chat.capabilities import STANDARD_REPLIES, TEXT
from gateway.chat.errors import ClientLeft, CommandError, Unavailable, too_few_parameters, unavailable
from gateway.chat.flood import ANSWER_BYTES
from gateway.chat.interfaces import Services
from gateway.chat.session import Session
from gateway.lane.clients.client import Client, Clients
from gateway.lane.context import LaneContext
from gateway.lane.loop.tasks import Task, Wait
from gateway.net.connection import ClientConnection
from gateway.wire import numerics as n
from gateway.wire.framing import TooLong
from gateway.wire.message import Message, parse

WAITING_LINES_LIMIT = 256
WAIT_LIMIT_S = 5.0
REST_LIMIT_S = 5.0
"""The maximum time for which lines of a client are carried out after its connection is lost."""
TICK_S = 0.5


class Dispatcher:
    """Carries out the commands of all clients of the lane."""

    services: Services
    """The services for handlers. Set when all parts are built."""

    def __init__(
        self, context: LaneContext, clients: Clients, probe: LinkProbe, disconnect: Callable[[Client, str], None]
    ) -> None:
        """``disconnect`` ends a client for a reason."""
        self._context = context
        self._clients = clients
        self._probe = probe
        self._disconnect = disconnect
        self.tasks: dict[Task, None] = {}
        self._clock = 0.0  # seconds in which the lane was not behind: its own delays cause no timeouts
        self._ticked_at = 0.0
        self.commands = 0

    # -- lines ----------------------------------------------------------------------------------------

    def received(self, connection: ClientConnection, data: bytes) -> None:
        """Carry out the lines of a client."""
        client: Client = connection.state
        if client.on_finished is not None:
            return
        client.heard_at = self._context.now
        client.pinged = False
        for line in client.read(data):
            if client.inputs or client.task is not None or client.throttled:
                self._queue_line(client, line)
            else:
                self.line(client, line)
        if client.dialect.over:
            self.finish(client, partial(self._disconnect, client, client.dialect.over))

    def ended(self, connection: ClientConnection) -> None:
        """The peer sends no more: carry out what it sent, then end the client.

        A last line without a line end counts in plain text. In IRC it does not, as half of it may be missing.
        """
        client: Client = connection.state
        if client.dialect.variant & TEXT:
            for line in client.buffer.feed(b"\n"):
                self._queue_line(client, line)
        self.finish(client, partial(self._disconnect, client, "Connection closed"))

    def closed(self, connection: ClientConnection, why: str) -> None:
        """Handle a lost connection: carry out the lines that flood control has accepted, and drop the rest."""
        client: Client = connection.state
        disconnect = partial(self._disconnect, client, why or "Connection closed")
        if client.inputs and not client.throttled:
            self._context.later(REST_LIMIT_S, disconnect)
            self.ended(connection)
        else:
            disconnect()

    def finish(self, client: Client, on_finished: Callable[[], None]) -> None:
        """Accept no more lines from a client. Carry out the lines that it has sent, then call ``on_finished``."""
        client.on_finished = on_finished
        self.proceed(client)

    def _queue_line(self, client: Client, line: str | TooLong) -> None:
        if client.inputs is None:
            client.inputs = deque()
        client.inputs.append(line)
        if len(client.inputs) == WAITING_LINES_LIMIT:
            client.connection.pause()

    def proceed(self, client: Client) -> None:
        """Carry out the waiting lines, as far as flood control and handlers allow."""
        inputs = client.inputs
        while inputs and self._may_go_on(client):
            self.line(client, inputs.popleft())
            client.overdue -= client.overdue > 0
        if inputs is not None and not inputs:
            client.inputs = None
        if not client.throttled and len(inputs or ()) < WAITING_LINES_LIMIT // 2:
            client.connection.resume()
        if client.throttled and not client.connection.is_open:
            self._disconnect(client, "Connection closed")
        elif client.on_finished is not None and not inputs and self._may_go_on(client):
            client.on_finished()

    @staticmethod
    def _may_go_on(client: Client) -> bool:
        return client.task is None and not client.throttled and not client.is_leaving

    def line(self, client: Client, line: str | TooLong) -> None:
        """Carry out or begin the command of one line."""
        if client.is_leaving:
            return
        session = client.session
        if line.__class__ is not str:
            session.numeric(n.ERR_INPUTTOOLONG, "Input line was too long")
            return
        assert isinstance(line, str)
        if client.bucket is not None and not client.bucket.take(self._context.now):
            self._throttle(client, client.bucket.ready_in(self._context.now))
        text = client.dialect.translate(line, client)
        message = parse(text) if text is not None else None
        if message is not None:
            self.commands += 1
            self._command(client, session, message, text or "")

    def _command(self, client: Client, session: Session, message: Message, text: str) -> None:
        command = client.dialect.commands.get(message.verb)
        label = message.tags.get("label", "") if message.tags else ""
        if label:
            session.begin_response(label)
        if session.caps & STANDARD_REPLIES and "\ufffd" in text:
            session.warn(message.verb, "INVALID_UTF8", "Bytes that are not UTF-8 were replaced by U+FFFD")
        try:
            if not session.is_registered and (command is None or not command.before_registration):
                raise CommandError(n.ERR_NOTREGISTERED, "You have not registered")
            if command is None:
                raise CommandError(n.ERR_UNKNOWNCOMMAND, message.verb[:64], "Unknown command")
            if len(message.params) < command.fewest:
                raise too_few_parameters(message.verb)
            coroutine = command.handler(self.services, session, message)
        except Exception as error:
            self._ended(client, message, error)
            return
        if coroutine is not None:
            self.begin(client, coroutine, message)
            return
        if label:
            session.end_response()
        if session.owed >= ANSWER_BYTES:
            self._charge(client)

    def _charge(self, client: Client) -> None:
        """Charge a large answer as lines. A client that does not read its answers gets no more."""
        session, connection = client.session, client.connection
        tokens, session.owed = divmod(session.owed, ANSWER_BYTES)
        if not connection.is_closing:
            connection.flush()  # at once, since this is the only bound for the output of one turn
        if connection.backlog_bytes > connection.backlog_limit_bytes // 2:
            connection.when_drained(self.pause_reading(client))
        if client.bucket is not None and not client.bucket.take(self._context.now, tokens):
            self._throttle(client, client.bucket.ready_in(self._context.now))

    async def pause(self, seconds: float) -> None:
        """See gateway.chat.interfaces.Pacing."""
        wait: Wait[None] = Wait()
        self._context.later(seconds, lambda: wait.fulfil(None))
        await wait

    async def pace(self, session: Session) -> None:
        """See gateway.chat.interfaces.Pacing."""
        client = self._clients.of(session)
        connection, task = client.connection, client.task
        tokens, session.owed = divmod(session.owed, ANSWER_BYTES)
        if not connection.is_closing:
            connection.flush()
        wait_s = 0.0
        if client.bucket is not None and not client.bucket.take(self._context.now, tokens):
            wait_s = client.bucket.ready_in(self._context.now)
        assert task is not None
        task.deadline = inf  # its client is slow, not Redis
        drained: Wait[None] = Wait()
        connection.when_drained(lambda: drained.fulfil(None))
        await drained
        await self.pause(wait_s)  # another turn in any case
        task.deadline = self._clock + WAIT_LIMIT_S
        if not connection.is_open:
            raise ClientLeft

    def _throttle(self, client: Client, wait_s: float) -> None:
        """Read no more until the client's rate allows the next line. TCP slows the client down."""
        self._context.later(wait_s, self.pause_reading(client))

    def pause_reading(self, client: Client) -> Callable[[], None]:
        """Read no more from a client for a reason of the caller; return what ends this reason."""

        def resume_reading() -> None:
            client.throttled -= 1
            if not client.throttled:
                self.proceed(client)

        client.throttled += 1
        client.connection.pause()
        return resume_reading

    # -- handlers that wait ---------------------------------------------------------------------------

    def begin(self, client: Client, coroutine: Coroutine[Any, Any, None], message: Message) -> None:
        """Run a handler up to its first wait, and block the client's input until it ends."""

        def ended(task: Task, error: Exception | None) -> None:
            had_waited = task in self.tasks
            self.tasks.pop(task, None)
            client.task = None
            if isinstance(error, Unavailable):
                if had_waited and task.deadline <= self._clock:
                    client.overdue = len(client.inputs or ())
                error = unavailable(*(error.args or (message.verb, *message.params[:1])))
            self._ended(client, message, error)
            if had_waited:  # otherwise the caller continues with the next line
                self.proceed(client)

        task = Task(coroutine, ended)
        task.deadline = self._clock + WAIT_LIMIT_S
        client.task = task
        task.step()
        if client.overdue and self._probe.is_away:  # it has waited already, behind another handler that timed out
            while not task.ended:
                task.interrupt(Unavailable())
        if not task.ended:
            self.tasks[task] = None

    def _ended(self, client: Client, message: Message, error: Exception | None) -> None:
        """End a command that is done or has failed: its client gets the rest of the response."""
        session = client.session
        if isinstance(error, CommandError):
            session.answer(error)
        elif error is not None and not isinstance(error, ClientLeft):
            self._fault(client, message, error)
            return
        session.end_response()
        if session.owed >= ANSWER_BYTES:
            self._charge(client)

    def expire(self) -> None:
        """End the waits that have lasted too long. Called every ``TICK_S``, later if the lane is behind."""
        self._clock += min(self._context.now - self._ticked_at, TICK_S)
        self._ticked_at = self._context.now
        for task in list(self.tasks):
            if task.deadline <= self._clock:
                task.interrupt(Unavailable())

    def _fault(self, client: Client, message: Message, error: Exception) -> None:
        self._context.fault(message.verb, error)
        client.session.drop_response()
        self._disconnect(client, "Internal error")
