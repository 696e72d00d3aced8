"""One event while a room applies it: its parts by name, and the effects that come of it. Pure."""

from dataclasses import dataclass

from gateway.chat.effects import Effect, Effects, MessageSent, ModesSet, Reason, Rejection, TopicSet
from gateway.chat.events import FACT, NETWORK, Entry, EventId, id_key, ms
from gateway.chat.member import Member
from gateway.chat.modes import Change
from gateway.chat.state import State
from gateway.wire.framing import LINE_CONTENT_BYTES, cut
from gateway.wire.message import Message


@dataclass(slots=True)
class RoomEvent:
    """`raw` is the line as it stands in the entry, `parsed` the same as a message."""

    entry: Entry
    index: int
    sid: str
    raw: str
    parsed: Message
    effects: Effects

    @property
    def params(self) -> list[str]:
        return self.parsed.params

    @property
    def client_tags(self) -> str:
        """The client's own tags, as they stand in the line."""
        if not self.raw.startswith("@"):
            return ""
        tags = self.raw[1:].partition(" ")[0].split(";")
        return ";".join([tag for tag in tags if tag.startswith("+")])

    @property
    def id(self) -> EventId:
        return EventId(self.entry.id, self.index)

    @property
    def at_ms(self) -> int:
        return ms(self.entry.id)

    @property
    def is_oper(self) -> bool:
        return self.fact("oper") == "1"

    @property
    def target_sids(self) -> list[str]:
        """The sessions that the nicks among the parameters mean, in order."""
        return self.fact("sids").split(",")

    def fact(self, name: str) -> str:
        return self.parsed.tags.get(FACT + name, "")

    def text(self, place: int) -> str:
        """The optional text at this place of the parameters."""
        return self.params[place] if len(self.params) > place else ""

    def source(self, room: State) -> str:
        """The source of the session that acted: a member's as the room knows it, any other's as the event says."""
        member = room.members.get(self.sid)
        return member.source if member else self.parsed.source or self.sid

    # What comes of it

    def show(self, effect: Effect) -> None:
        self.effects.plain = False
        self.effects.append(effect)

    def show_message(self, line: str, tags: str = "", *, is_tagmsg: bool = False) -> None:
        """A message whose line stands so in the entry leaves the entry plain."""
        if line != self.raw:
            self.effects.plain = False
            line = cut(line, LINE_CONTENT_BYTES)  # the names in it may have grown since it was written
        self.effects.append(MessageSent(self.index, self.sid, line, tags, is_tagmsg))

    def reject(self, reason: Reason, first: EventId | None = None) -> None:
        self.show(Rejection(self.index, self.sid, reason, self.parsed, self.client_tags, first))

    def show_network_modes(self, room: State, changes: list[Change], restored: Member | None = None) -> None:
        """Modes that change without an event of their own."""
        if changes:
            self.show(ModesSet(self.index, "", room.name, NETWORK, changes, restored))

    def end_life(self, room: State, index: int) -> None:
        """End the room's life before the event of this index, and show what is cleared.

        Only clients whom Redis has lost are left to see that.
        """
        changes, topic = room.clearing(), room.topic
        room.end_life((*id_key(self.entry.id), index))
        self.show_network_modes(room, changes)
        if topic:
            self.show(TopicSet(self.index, "", room.name, NETWORK, ""))
