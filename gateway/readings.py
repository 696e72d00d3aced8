"""The admin port's data: metrics of the lanes, and readiness.

Reads integers of other threads, which needs no lock. Runs on the admin thread.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from gateway.admission import Admission
from gateway.heartbeat.leases import Heartbeat
from gateway.lane.lane import Lane
from gateway.ops.metrics import Reading

_LANE_GAUGES: tuple[tuple[str, str, Callable[[Lane], float]], ...] = (
    ("sessions", "Connections whose dialect is known.", lambda lane: len(lane.parts.clients)),
    ("users", "Registered users.", lambda lane: len(lane.parts.nicks.by_nick)),
    (
        "pending_connections",
        "Connections whose dialect is not known yet.",
        lambda lane: len(lane.parts.handshake.pending),
    ),
    ("rooms", "Rooms that the lane follows.", lambda lane: len(lane.parts.replicas.rooms)),
    (
        "link_up",
        "Whether the link to Redis is up and delivers (1) or not (0).",
        lambda lane: lane.parts.probe.is_healthy,
    ),
    ("queued", "Events that are not in a log yet.", lambda lane: lane.parts.log_writer.queued),
    ("backlog_bytes", "Bytes that wait for clients to read them.", lambda lane: lane.parts.connections.backlog_bytes),
    ("waiting_handlers", "Handlers that wait for an answer.", lambda lane: len(lane.parts.dispatcher.tasks)),
    (
        "longest_turn_seconds",
        "The longest turn of the last minute, without the wait for sockets.",
        lambda lane: lane.parts.turn_times.longest_s,
    ),
)
_LANE_COUNTERS: tuple[tuple[str, str, Callable[[Lane], float]], ...] = (
    ("commands", "Lines from clients that were carried out.", lambda lane: lane.parts.dispatcher.commands),
    ("deliveries", "Lines or batches written to clients.", lambda lane: lane.parts.outboxes.delivered),
    ("entries", "Entries appended to logs.", lambda lane: lane.parts.log_writer.appended),
    ("link_commands", "Commands sent to Redis.", lambda lane: lane.parts.link.commands),
    ("link_received_bytes", "Bytes received from Redis.", lambda lane: lane.parts.link.bytes_in),
)


def readings(lanes: Sequence[Lane], heartbeat: Heartbeat, admission: Admission) -> Iterator[Reading]:
    for lane in lanes:
        labels = {"lane": lane.id.rpartition(".")[2]}
        for name, text, read in _LANE_GAUGES:
            yield Reading(name, "gauge", text, read(lane), labels)
        for name, text, read in _LANE_COUNTERS:
            yield Reading(name, "counter", text, read(lane), labels)
    for reason, count in (("many", admission.refused_many), ("fast", admission.refused_fast)):
        text = "Connections refused because their address has too many, or opens them too fast."
        yield Reading("connections_refused", "counter", text, count, {"reason": reason})
    yield Reading("beats", "counter", "Renewals of the lease.", heartbeat.beats)
    yield Reading("beat_failures", "counter", "Renewals of the lease that failed.", heartbeat.failures)
    yield Reading("reaped", "counter", "Dead gateways that this gateway has reaped.", heartbeat.reaped)


def readiness(lanes: Sequence[Lane], heartbeat: Heartbeat, lease_s: float) -> tuple[bool, str]:
    """Return whether the gateway is ready, and the reason: all links deliver, and the lease is renewed."""
    down = [lane.id for lane in lanes if not lane.parts.probe.is_healthy]
    if down or not lanes:
        return False, f"no connection to Redis: {' '.join(down) or 'starting'}"
    beat_at = heartbeat.last_beat_ok_at
    if beat_at is None or time.monotonic() - beat_at > lease_s:
        return False, "the lease is not being renewed"
    return True, "ready"
