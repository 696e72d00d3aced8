"""A lane whose gateway was taken for dead goes on under a new id; its clients stay connected and see nothing of it.

Rooms were told that its sessions are gone, and what they do under their old ids is void. So nothing new leaves any
more; when all that was under way has come back through the logs, the lane takes its new id, and every session its new
session id; nicks are claimed anew; then each session joins its rooms again, naming the id that it had, so that
the fold gives back its modes. What came back void, and what has gathered meanwhile, follows behind that, in order.
Runs on the lane's thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from gateway.chat.effects import Reason, Rejection
from gateway.chat.events import FACT, MORE, decode
from gateway.chat.member import Member
from gateway.lane.clients.client import Client
from gateway.lane.rooms.local_room import LocalRoom
from gateway.logs.in_flight import PendingEvent
from gateway.logs.replica import START_ID, Replica, stream_entry
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, parse

if TYPE_CHECKING:
    from gateway.lane.assembly import Parts

log = structlog.get_logger()

RETRY_S = 0.05


class Rekey:
    """See the module."""

    def __init__(self, parts: Parts) -> None:
        self._lane, self._context = parts, parts.context
        self._gateway = ""  # the id to take
        self._unclaimed = 0  # sessions whose nick is still being claimed
        self._returned: dict[str, list[PendingEvent]] = {}  # by log, in order
        self._held: dict[Client, int] = {}  # who is not heard -> the rooms that it is not back in yet
        self._is_reading = False
        self.is_under_way = False

    # -- what it learns -------------------------------------------------------------------------------

    def notice(self) -> None:
        """The lane has folded its own gateway's end: until there is a new id nothing leaves, and no client is heard."""
        if self.is_under_way:
            return
        self.is_under_way = True
        self._lane.log_writer.is_held = True
        for client in self._lane.clients.values():
            client.throttled += client not in self._held
            self._held[client] = 0
        self._context.process.gone(self._context.gateway)

    def take(self, gateway: str) -> None:
        """The gateway has a lease under a new id; posted from outside."""
        self._gateway = gateway
        self.notice()

    def returned(self, log_name: str, pending: PendingEvent) -> bool:
        """An event of ours came back void, as its gateway is gone; whether it is taken care of here."""
        client = self._lane.clients.get(pending.sid)
        if client is None or client.is_departing:
            return False
        self._returned.setdefault(log_name, []).append(pending)
        self.notice()
        return True

    def named(self, member: Member) -> None:
        """Somebody goes by a nick; one of ours who is gone for all others has lost it, and is told so before."""
        client = self._lane.clients.get(self._lane.sessions.by_nick.get(casefold(member.nick), ""))
        if client is not None and client.session.sid != self.current_sid(member.sid):
            self._lane.nick_claims.lose(client, client.session.nick)

    def current_sid(self, sid: str) -> str:
        """The present id of a session of this lane by any that it had; other ids as they are."""
        return self._context.current_sid(sid)

    # -- what it does ---------------------------------------------------------------------------------

    def turn(self) -> None:
        """Once a turn."""
        if self.is_under_way and self._gateway and self._may_take_id() and not self._is_reading:
            self._is_reading = True
            inbox = self._lane.inbox
            start = f"({inbox.replica.last}" if inbox.replica.last != START_ID else "-"
            self._lane.link.call(self._lane.keys.head(inbox.name), lambda _reply: None, "DEL")
            self._lane.link.call(self._lane.keys.log(inbox.name), self._read, "XRANGE", start, "+")

    def _may_take_id(self) -> bool:
        return (
            self._lane.link.is_up(self._lane.keys.head(self._lane.inbox.name))
            and not self._lane.log_writer.is_under_way
        )

    def _read(self, reply: Any) -> None:
        """What came into the inbox before it was closed, and was not heard, is for the sessions under their old ids.

        Whoever takes a gateway for dead closes its inboxes; this one may have found out first.
        """
        self._is_reading = False
        if isinstance(reply, list) and self._gateway and self._may_take_id():
            for entry in reply:
                self._lane.inbox.apply(decode(*stream_entry(entry)))
            self._take_id()

    def _take_id(self) -> None:
        lane, gateway = self._lane, self._gateway
        self._gateway = ""
        old = self._context.id
        for followed in lane.replicas.rooms.values():
            lane.state_changes.drop_detached_members(followed)
        self._take_id_everywhere(gateway)
        for client in lane.clients.values():
            client.send_nick_loss()
            self._name_by_id(client)
        old_inbox = lane.inbox.name
        for part in (lane.log_writer, lane.fanout, lane.state_changes, lane.replicas, lane.inbox, lane.user_counts):
            part.rekeyed(self._context.id)
        lane.directory.rekeyed(self._context.id)
        lane.directory_publisher.rekeyed()
        lane.barrier.inbox = lane.inbox.name
        self._move_inbox(old_inbox)
        for pending in lane.log_writer.flying():  # to other lanes
            pending.sid = self.current_sid(pending.sid)
        for queue in (*lane.log_writer.queues(), *self._returned.values()):
            pendings = list(queue)
            queue.clear()
            queue.extend(self._carried(pendings))
        lane.outgoing.retry_queue.renamed(self._context.now, self.current_sid)
        log.warning("lease_recovered", lane=self._context.id, was=old, sessions=len(lane.clients))
        self._claim(old)

    def _take_id_everywhere(self, gateway: str) -> None:
        """Give the lane and each of its sessions the new id, wherever sessions are found by it."""
        lane, context = self._lane, self._context
        context.rekey(gateway)
        lane.probe.rekeyed(lane.keys.gateway_info(gateway))
        here = list(lane.clients.values())
        lane.clients.clear()
        for client in here:
            client.session.sid = context.current_sid(client.session.sid)
            lane.clients[client.session.sid] = client
        for followed in lane.replicas.rooms.values():
            followed.clients = {client.session.sid: client for client in followed.clients.values()}
        by_nick = lane.sessions.by_nick
        by_nick.update({nick: context.current_sid(sid) for nick, sid in by_nick.items()})

    def _name_by_id(self, client: Client) -> None:
        """Who is called by a session id is called by the present one."""
        session = client.session
        if "." in session.nick and session.nick != session.sid:  # in no other nick there is a dot
            client.send(f":{session.source} NICK {session.sid}")
            self._lane.sessions.renamed(client, session.nick, session.sid)

    def _move_inbox(self, old: str) -> None:
        """A new log for the new id; what has gathered for the old one goes there."""
        lane = self._lane
        queue = lane.log_writer.queue(old)
        waiting = list(queue)
        queue.clear()
        lane.log_writer.unfollow(old)
        lane.subscriptions.unfollow(old)
        lane.inbox.replica = Replica(lane.inbox.name, lane.inbox, lane.subscriptions)
        lane.log_writer.follow(lane.inbox.replica)
        lane.inbox.make()
        lane.subscriptions.follow(lane.inbox.replica)
        lane.log_writer.queue(lane.inbox.name).extend(waiting)

    def _carried(self, pendings: list[PendingEvent]) -> Iterator[PendingEvent]:
        """Events that have not been folded, under the new ids.

        A NICK and a JOIN tell of their session as it was: these are left out, and whoever waits for them tries again.
        """
        for pending in pendings:
            pending.sid = self.current_sid(pending.sid)
            if pending.sid in self._lane.clients and _verb(pending.line) in ("JOIN", "NICK"):
                self._context.later(0.0, partial(self._try_again, pending))
                continue
            if pending.line.startswith("@"):
                facts, space, rest = pending.line.partition(" ")
                pending.line = self._with_new_ids(facts) + space + rest
            yield pending

    def _with_new_ids(self, facts: str) -> str:
        """In facts that name sessions; never in what a client wrote."""
        former, tags = self._context.former_prefixes[0], facts.split(";")
        return ";".join(
            tag.replace(former, f"{self._context.id}.") if FACT in tag and MORE not in tag else tag for tag in tags
        )

    def _try_again(self, pending: PendingEvent) -> None:
        if self.is_under_way:
            self._context.later(RETRY_S, partial(self._try_again, pending))
        else:
            why = Reason.NO_CHANGE if pending.wait is None else Reason.STALE_JOIN
            event = parse(pending.line) or Message("")
            self._lane.outgoing.finish(pending, Rejection(0, pending.sid, why, event))

    def _claim(self, old: str) -> None:
        lane = self._lane
        here = list(lane.clients.values())
        self._unclaimed = len(here) + 1
        for client in here:
            number = client.session.sid.rpartition(".")[2]
            lane.nick_claims.renew(client, f"{old}.{number}", self._claimed)
        self._claimed()

    def _claimed(self) -> None:
        self._unclaimed -= 1
        if not self._unclaimed:
            self._return()

    def _return(self) -> None:
        """Everybody is who he is: back into the rooms, and on with what was kept."""
        lane = self._lane
        returned, self._returned = self._returned, {}
        for client in lane.clients.values():
            self._name_by_id(client)
        for name, followed in lane.replicas.rooms.items():
            lane.log_writer.precede(name, returned.pop(name, ()))
            for client in reversed(followed.clients.values()):
                self._join(followed, client)
        for name, pendings in returned.items():
            lane.log_writer.precede(name, pendings)
        self.is_under_way = False
        lane.log_writer.release()
        lane.directory_publisher.renew()
        for client in [client for client, rooms in self._held.items() if not rooms]:
            self._hear(client)
        if self._gateway:  # taken for dead once more
            self.notice()

    def _hear(self, client: Client) -> None:
        del self._held[client]
        client.throttled -= 1
        self._lane.dispatcher.proceed(client)

    def _join(self, followed: LocalRoom, client: Client) -> None:
        if client in self._held:
            self._held[client] += 1
        self._lane.rejoining.join(followed, client, partial(self._is_back, client))

    def _is_back(self, client: Client) -> None:
        if self._held.get(client):
            self._held[client] -= 1
            if not self._held[client] and not self.is_under_way:
                self._hear(client)


def _verb(line: str) -> str:
    message = parse(line)
    return message.verb if message is not None else ""
