"""Rekey: new ids for a lane whose gateway was declared dead. Its clients stay connected, and are shown nothing of it.

Rooms have removed its sessions, and events with the old ids are rejected. So the lane sends nothing new until all
events under way have come back through the logs. Then it takes its new id, and each session a new session id. Nicks are
claimed again. Each session joins its rooms again, and its JOIN names the old id, so that the fold gives back its modes.
Rejected events, and events that were queued meanwhile, follow after that, in order. Runs on the lane's thread.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import structlog

from gateway.broker.keys import Keys
from gateway.broker.port import RedisPort
from gateway.chat.effects import Reason, Rejection
from gateway.chat.events import FACT, MORE, decode
from gateway.chat.member import Member
from gateway.lane.clients.client import Client
from gateway.lane.context import LaneContext
from gateway.lane.direct.inbox import Inbox
from gateway.lane.hooks import Hooks, call_all
from gateway.lane.outgoing import Outgoing
from gateway.lane.rooms.local_room import LocalRoom, RoomReplicas
from gateway.lane.sessions.membership import Memberships
from gateway.lane.sessions.nicks import Nicks
from gateway.logs.in_flight import PendingEvent
from gateway.logs.log_writer import LogWriter
from gateway.logs.replica import START_ID, Replica, stream_entry
from gateway.logs.subscriptions import Subscriptions
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse

log = structlog.get_logger()

RETRY_S = 0.05


class Rekey:
    """The rekey of a lane, from the end of its gateway's lease to the return of the sessions to their rooms."""

    def __init__(
        self,
        context: LaneContext,
        hooks: Hooks,
        clients: dict[str, Client],
        outgoing: Outgoing,
        nicks: Nicks,
        memberships: Memberships,
        log_writer: LogWriter,
        replicas: RoomReplicas,
        subscriptions: Subscriptions,
        inbox: Inbox,
        redis: RedisPort,
        keys: Keys,
        drop_detached_members: Callable[[LocalRoom], None],
        read_on: Callable[[Client], None],
    ) -> None:
        """``read_on`` carries out the lines that a client has sent meanwhile."""
        self._context = context
        self._hooks = hooks
        self._clients = clients
        self._outgoing = outgoing
        self._nicks = nicks
        self._memberships = memberships
        self._log_writer = log_writer
        self._replicas = replicas
        self._subscriptions = subscriptions
        self._inbox = inbox
        self._redis = redis
        self._keys = keys
        self._drop_detached_members = drop_detached_members
        self._read_on = read_on
        self._gateway = ""  # the id to take
        self._unclaimed = 0  # sessions whose nick is still being claimed
        self._returned: dict[str, list[PendingEvent]] = {}  # by log, in order
        self._held: dict[Client, int] = {}  # session that is not read -> the rooms that it has not joined again yet
        self._is_reading = False

    # -- events that start or affect a rekey ----------------------------------------------------------

    def notice(self) -> None:
        """Note that the lane has applied its gateway's end. It sends and reads nothing until it has a new id."""
        if self._context.is_rekeying:
            return
        self._context.is_rekeying = True
        self._log_writer.is_paused = True
        for client in self._clients.values():
            client.throttled += client not in self._held
            self._held[client] = 0
        self._context.process.gone(self._context.gateway)

    def take(self, gateway: str) -> None:
        """Note that the gateway has a lease under a new id. Posted by the main thread."""
        self._gateway = gateway
        self.notice()

    def returned(self, log_name: str, pending: PendingEvent) -> bool:
        """Handle an event that was rejected because this gateway is dead. Return whether it was handled here."""
        client = self._clients.get(pending.sid)
        if client is None or client.is_leaving:
            return False
        self._returned.setdefault(log_name, []).append(pending)
        self.notice()
        return True

    def named(self, member: Member) -> None:
        """Handle a nick that another user has now. A session of this lane that the rooms have removed has lost it."""
        if not self._context.is_rekeying:
            return
        session = self._nicks.session_of(member.nick)
        if session is not None and session.sid != self._context.current_sid(member.sid):
            self._nicks.lose(self._clients[session.sid], session.nick)
        for client in self._clients.values():  # lost before the rekey, by an event that no log will show now
            if casefold(client.client_side_nick) == casefold(member.nick):
                client.send_nick_loss()

    # -- the rekey itself -----------------------------------------------------------------------------

    def turn(self) -> None:
        """Proceed with the rekey, once a turn."""
        if self._context.is_rekeying and self._gateway and self._may_take_id() and not self._is_reading:
            self._is_reading = True
            inbox = self._inbox
            start = f"({inbox.replica.last}" if inbox.replica.last != START_ID else "-"
            self._redis.call(self._keys.head(inbox.name), lambda _reply: None, "DEL")
            self._redis.call(self._keys.log(inbox.name), self._read, "XRANGE", start, "+")

    def _may_take_id(self) -> bool:
        return self._redis.is_up(self._keys.head(self._inbox.name)) and not self._log_writer.has_own_in_flight

    def _read(self, reply: Any) -> None:
        """Read the rest of the old inbox, which is addressed to the old session ids.

        The reaper closes the inboxes of a dead gateway. This gateway may have found out first.
        """
        self._is_reading = False
        if isinstance(reply, list) and self._gateway and self._may_take_id():
            for entry in reply:
                self._inbox.apply(decode(*stream_entry(entry)))
            self._take_id()

    def _take_id(self) -> None:
        gateway = self._gateway
        self._gateway = ""
        old = self._context.id
        for followed in self._replicas.rooms.values():
            self._drop_detached_members(followed)
        self._take_id_everywhere(gateway)
        for client in self._clients.values():
            client.send_nick_loss()
            self._name_by_id(client)
        old_inbox = self._inbox.name
        call_all(self._hooks.rekeyed, self._context.id)
        self._move_inbox(old_inbox)
        for pending in self._log_writer.in_flight():  # to other lanes
            pending.sid = self._context.current_sid(pending.sid)
        for queue in (*self._log_writer.all_waiting(), *self._returned.values()):
            pendings = list(queue)
            queue.clear()
            queue.extend(self._carried(pendings))
        self._outgoing.retry_queue.rekeyed(self._context.now, self._context.current_sid)
        log.warning("lease_recovered", lane=self._context.id, was=old, sessions=len(self._clients))
        self._claim(old)

    def _take_id_everywhere(self, gateway: str) -> None:
        """Give the lane and each of its sessions the new id, in all indexes of sessions."""
        context = self._context
        context.rekey(gateway)
        here = list(self._clients.values())
        self._clients.clear()
        for client in here:
            client.session.sid = context.current_sid(client.session.sid)
            self._clients[client.session.sid] = client
        for followed in self._replicas.rooms.values():
            followed.clients = {client.session.sid: client for client in followed.clients.values()}
        self._nicks.rekeyed()

    def _name_by_id(self, client: Client) -> None:
        """Give the sessions whose nick is a session id the new one as nick."""
        session = client.session
        if "." in session.nick and session.nick != session.sid:  # no other nick contains a dot
            client.send(f":{session.source} NICK {session.sid}")
            self._nicks.set(client, session.sid)

    def _move_inbox(self, old: str) -> None:
        """Create an inbox for the new id, and move the queued events of the old one there."""
        queue = self._log_writer.waiting(old)
        waiting = list(queue)
        queue.clear()
        self._log_writer.unfollow(old)
        self._subscriptions.unfollow(old)
        self._inbox.replica = Replica(self._inbox.name, self._inbox, self._subscriptions)
        self._log_writer.follow(self._inbox.replica)
        self._inbox.make()
        self._subscriptions.follow(self._inbox.replica)
        self._log_writer.waiting(self._inbox.name).extend(waiting)

    def _carried(self, pendings: list[PendingEvent]) -> Iterator[PendingEvent]:
        """Yield the events that were not applied, with the new ids.

        A NICK and a JOIN describe the old session. They are left out, and the handlers that wait for them try again.
        """
        for pending in pendings:
            pending.sid = self._context.current_sid(pending.sid)
            if pending.sid in self._clients and _verb(pending.line) in ("JOIN", "NICK"):
                self._context.later(0.0, partial(self._try_again, pending))
                continue
            if pending.line.startswith("@"):
                facts, space, rest = pending.line.partition(" ")
                pending.line = self._with_new_ids(facts) + space + rest
            yield pending

    def _with_new_ids(self, facts: str) -> str:
        """Replace session ids in facts, never in the text of a client."""
        former, tags = self._context.former_prefixes[0], facts.split(";")
        return ";".join(
            tag.replace(former, f"{self._context.id}.") if FACT in tag and MORE not in tag else tag for tag in tags
        )

    def _try_again(self, pending: PendingEvent) -> None:
        if self._context.is_rekeying:
            self._context.later(RETRY_S, partial(self._try_again, pending))
        else:
            why = Reason.NO_CHANGE if pending.wait is None else Reason.STALE_JOIN
            event = parse(pending.line) or Message("")
            self._outgoing.finish(pending, Rejection(0, pending.sid, why, event))

    def _claim(self, old: str) -> None:
        here = list(self._clients.values())
        self._unclaimed = len(here) + 1
        for client in here:
            number = client.session.sid.rpartition(".")[2]
            self._nicks.renew(client, f"{old}.{number}", self._claimed)
        self._claimed()

    def _claimed(self) -> None:
        self._unclaimed -= 1
        if not self._unclaimed:
            self._return()

    def _return(self) -> None:
        """Join all sessions to their rooms again, and continue with the retained events."""
        returned, self._returned = self._returned, {}
        for client in self._clients.values():
            self._name_by_id(client)
        for name, followed in self._replicas.rooms.items():
            self._log_writer.add_all_first(name, returned.pop(name, ()))
            for client in reversed(followed.clients.values()):
                self._join(followed, client)
        for name, pendings in returned.items():
            self._log_writer.add_all_first(name, pendings)
        self._context.is_rekeying = False
        self._log_writer.resume()
        call_all(self._hooks.rekey_ended)
        for client in [client for client, rooms in self._held.items() if not rooms]:
            self._hear(client)
        if self._gateway:  # declared dead once more
            self.notice()

    def _hear(self, client: Client) -> None:
        del self._held[client]
        client.throttled -= 1
        self._read_on(client)

    def _join(self, followed: LocalRoom, client: Client) -> None:
        if client in self._held:
            self._held[client] += 1
        self._memberships.join_again(followed, client, partial(self._is_back, client))

    def _is_back(self, client: Client) -> None:
        if self._held.get(client):
            self._held[client] -= 1
            if not self._held[client] and not self._context.is_rekeying:
                self._hear(client)


def _verb(line: str) -> str:
    message = parse(line)
    return message.verb if message is not None else ""
