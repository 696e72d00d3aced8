"""A lane: one thread that is a complete chat server, with its own connections, replicas and Redis link.

Lanes share nothing but Redis, whether they are in one process or on different hosts. Everything that crosses into a
lane comes by :meth:`Lane.post`. assembly.py builds the parts of a lane; this runs them.

One turn: wait for sockets and the link; handle all complete lines; process what the link received; append the events
that have gathered; flush. Batches form by themselves: the busier the lane, the larger they are.
"""

import ssl
import threading
from collections.abc import Callable

import structlog

from gateway.broker.probe import TICK_S
from gateway.chat.network import Server
from gateway.lane.assembly import Parts
from gateway.lane.context import LaneContext, LaneSettings
from gateway.lane.hooks import call_all
from gateway.net.selector import Selector

log = structlog.get_logger()

MAINTAIN_S, CHECK_S, HOUR_S = 5.0, 30.0, 3600.0
LONGEST_WAIT_S = 5.0


class Lane:
    """The event loop of a lane and its thread.

    Everything but :meth:`post`, :meth:`start` and :meth:`join` belongs to the lane's thread. A simulation calls
    :meth:`begin`, :meth:`turn` and :meth:`end` itself.
    """

    def __init__(self, context: LaneContext, selector: Selector | None = None) -> None:
        self.context = context
        self.selector = Selector() if selector is None else selector
        self.parts = Parts(context, self.selector)
        self._thread = threading.Thread(target=self._run, name=f"lane-{context.number}")

    @property
    def id(self) -> str:
        return self.context.id

    # -- the thread -----------------------------------------------------------------------------------

    def start(self) -> None:
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """Set everything up for the first turn."""
        context, hooks = self.context, self.parts.hooks
        self.selector.register(context.wake.fd, context.run_posted)
        for interval_s, calls in (
            (TICK_S, hooks.tick),
            (MAINTAIN_S, hooks.maintain),
            (CHECK_S, hooks.check),
            (HOUR_S, hooks.hourly),
        ):
            context.every(interval_s, lambda calls=calls: call_all(calls))  # type: ignore[misc]
        call_all(hooks.start)

    def post(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the lane's thread, unless that has ended. May be called on any thread."""
        self.context.post(call)

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; return whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def halt(self) -> None:
        """End the lane at once, whatever is under way; to be posted."""
        self.context.is_stopping = True

    def reload(self, settings: LaneSettings, server: Server, tls_context: ssl.SSLContext | None) -> None:
        """Continue with other settings, but never with another prefix or server name; to be posted."""
        context = self.context
        context.settings, context.server, context.tls_context = settings, server, tls_context
        call_all(self.parts.hooks.reload)

    def _run(self) -> None:
        while not self.context.is_stopping:
            try:
                self.turn(self.timeout_s())
            except Exception as error:  # ours: the lane goes on, the fault is logged
                self.context.fault("turn", error)
        self.end()

    def end(self) -> None:
        """After the last turn: close all connections and descriptors."""
        self.context.is_stopping = True
        parts = self.parts
        parts.link.drop("stopping")
        parts.connections.abort_all()
        parts.sessions.abort_closing()
        self.selector.close()
        self.context.wake.close()

    # -- the turn -------------------------------------------------------------------------------------

    def timeout_s(self) -> float:
        """How long the next turn may wait: until the next timer, or the end of the pause before an append."""
        context, until = self.context, self.parts.batch_delay.until
        due = context.timers.next_due()
        if until and self.parts.log_writer.gathered:
            due = until if due is None else min(due, until)
        return LONGEST_WAIT_S if due is None else max(0.0, min(LONGEST_WAIT_S, due - context.monotonic()))

    def turn(self, timeout_s: float) -> None:
        """Run one turn of the loop."""
        parts, context = self.parts, self.context
        ready = self.selector.wait(timeout_s)
        now = context.turn_began()
        handlers = self.selector.handlers
        for fd, mask in self._readable(ready):
            on_ready = handlers.get(fd)
            if on_ready is not None:  # an earlier handler of this turn may have closed it
                on_ready(mask)
        context.timers.run_due(now)
        for call in parts.hooks.turn:
            call()
        self._append(now)
        parts.link.flush()
        if parts.touched:
            self._flush(now)
        parts.turn_times.took(now, context.monotonic())

    def _readable(self, ready: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Leave out the clients after a stall, until the lane knows what it has missed."""
        parts, context = self.parts, self.context
        guard, awake = parts.stall_guard, context.awake()
        if guard.turn_began(awake):
            log.warning("stalled", lane=context.id)
            parts.connections.note_stall()
            guard.check(awake, parts.reach_all)
        if guard.may_read(awake):
            return ready
        return [(fd, mask) for fd, mask in ready if fd in (context.wake.fd, parts.link.fd)]

    def _append(self, now: float) -> None:
        log_writer, delay = self.parts.log_writer, self.parts.batch_delay
        if log_writer.gathered:
            if delay.is_count_due(now):
                delay.count(now, log_writer.take_sent())
            if delay.may_send(now, log_writer.gathered):
                log_writer.send()

    def _flush(self, now: float) -> None:
        parts = self.parts
        for connection in parts.touched:
            connection.flush()
        parts.touched.clear()
        parts.batch_delay.fanned_out(self.context.monotonic() - now)
        parts.connections.relieve()
