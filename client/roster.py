"""The members of rooms: who is where, with which rank, away, under which account.

The members are stored in the buffers. Owns the letters of the ranks (ISUPPORT PREFIX and CHANMODES). Pure; on the
thread of the interface.
"""

from collections.abc import Callable, Iterable
from typing import Final

from client.buffer import Buffer, BufferKind, Member
from client.server_events import WHO_TOKEN
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.message import Message, split_source


class Roster:
    """The members of all buffers, kept up to date."""

    def __init__(self, buffers: dict[str, Buffer]) -> None:
        self._buffers = buffers
        self._prefixes = {"o": "@", "v": "+"}  # mode -> prefix, the highest first
        self._with_parameter = "beIk"  # further modes that always have a parameter
        self._with_parameter_set = "l"  # modes that have a parameter only when they are set

    def support(self, tokens: Iterable[str]) -> None:
        """Handle ISUPPORT tokens (Modern IRC "RPL_ISUPPORT")."""
        for token in tokens:
            key, _, value = token.partition("=")
            if key == "PREFIX" and value.startswith("("):
                modes, _, signs = value[1:].partition(")")
                self._prefixes = dict(zip(modes, signs, strict=False))
            elif key == "CHANMODES":
                lists, always, if_set, *_ = [*value.split(","), "", "", ""]
                self._with_parameter, self._with_parameter_set = lists + always, if_set

    def apply(self, message: Message, own_nick: str) -> list[Buffer]:
        """Apply a line; return the buffers that have changed."""
        handler, fewest_params = _HANDLERS.get(message.verb, (None, 0))
        if handler is None or len(message.params) < fewest_params:
            return []
        return handler(self, message, own_nick)

    def with_nick(self, nick: str) -> list[Buffer]:
        """Return the buffers that a nick is in."""
        folded = casefold(nick)
        return [buffer for name, buffer in self._buffers.items() if folded in buffer.members or name == folded]

    def _room(self, name: str) -> list[Buffer]:
        buffer = self._buffers.get(casefold(name))
        return [buffer] if buffer else []

    def _member(self, buffer: Buffer, nick: str) -> Member:
        return buffer.members.setdefault(casefold(nick), Member(nick))

    # --- joining and leaving -----------------------------------------------------------------------------------

    def _on_join(self, message: Message, own_nick: str) -> list[Buffer]:
        nick = _nick(message)
        rooms = self._room(message.params[0])
        for room in rooms:
            if casefold(nick) == casefold(own_nick):
                room.is_joined, room.has_all_members = True, False
                room.members.clear()
            account = message.params[1] if len(message.params) > 2 else message.tags.get("account", "")
            self._member(room, nick).account = account.removeprefix("*")
        return rooms

    def _on_part(self, message: Message, own_nick: str) -> list[Buffer]:
        return self._leave(self._room(message.params[0]), _nick(message), own_nick)

    def _on_kick(self, message: Message, own_nick: str) -> list[Buffer]:
        return self._leave(self._room(message.params[0]), message.params[1], own_nick)

    def _leave(self, rooms: list[Buffer], nick: str, own_nick: str) -> list[Buffer]:
        for room in rooms:
            room.members.pop(casefold(nick), None)
            room.typing.pop(casefold(nick), None)
            if casefold(nick) == casefold(own_nick):
                room.is_joined = False
                room.members.clear()
        return rooms

    def _on_quit(self, message: Message, own_nick: str) -> list[Buffer]:
        nick = _nick(message)
        touched = self.with_nick(nick)
        for buffer in touched:
            if buffer.kind is BufferKind.PERSON:
                buffer.is_joined = False
        return self._leave(touched, nick, own_nick)

    def _on_nick(self, message: Message, _own_nick: str) -> list[Buffer]:
        old, new = _nick(message), message.params[0]
        touched = self.with_nick(old)
        for buffer in touched:
            if (member := buffer.members.pop(casefold(old), None)) is not None:
                member.nick = new
                buffer.members[casefold(new)] = member
            buffer.typing.pop(casefold(old), None)
        return touched

    def _on_names(self, message: Message, _own_nick: str) -> list[Buffer]:
        signs = "".join(self._prefixes.values())
        rooms = self._room(message.params[2])
        for room in rooms:
            for word in message.params[3].split():
                nick = word.lstrip(signs)
                member = self._member(room, nick.partition("!")[0])
                member.prefix = word[: len(word) - len(nick)]
        return rooms

    def _on_end_of_names(self, message: Message, _own_nick: str) -> list[Buffer]:
        rooms = self._room(message.params[1])
        for room in rooms:
            room.has_all_members = True
        return rooms

    def _on_mode(self, message: Message, _own_nick: str) -> list[Buffer]:
        rooms = self._room(message.params[0])
        is_set, parameters = True, iter(message.params[2:])
        for mode in message.params[1]:
            if mode in "+-":
                is_set = mode == "+"
            elif mode in self._prefixes:
                nick = next(parameters, "")
                for room in rooms:
                    if casefold(nick) in room.members:
                        self._rank(room.members[casefold(nick)], self._prefixes[mode], is_set=is_set)
            elif mode in self._with_parameter or (is_set and mode in self._with_parameter_set):
                next(parameters, "")
        return rooms

    def _rank(self, member: Member, sign: str, *, is_set: bool) -> None:
        signs = {*member.prefix, sign} if is_set else set(member.prefix) - {sign}
        member.prefix = "".join(each for each in self._prefixes.values() if each in signs)

    # --- their state ---------------------------------------------------------------------------------------

    def _on_away(self, message: Message, _own_nick: str) -> list[Buffer]:
        return self._set_away(_nick(message), is_away=bool(message.params and message.params[0]))

    def _set_away(self, nick: str, *, is_away: bool) -> list[Buffer]:
        touched = self.with_nick(nick)
        for buffer in touched:
            if (member := buffer.members.get(casefold(nick))) is not None:
                member.is_away = is_away
            else:
                buffer.is_away = is_away
        return touched

    def _on_account(self, message: Message, _own_nick: str) -> list[Buffer]:
        return self._set_account(_nick(message), message.params[0].removeprefix("*"))

    def _set_account(self, nick: str, account: str) -> list[Buffer]:
        touched = [buffer for buffer in self.with_nick(nick) if casefold(nick) in buffer.members]
        for buffer in touched:
            buffer.members[casefold(nick)].account = account
        return touched

    def _on_who(self, message: Message, _own_nick: str) -> list[Buffer]:
        return self._set_away(message.params[5], is_away="G" in message.params[6])

    def _on_who_extended(self, message: Message, _own_nick: str) -> list[Buffer]:
        """Apply an answer to %tcnfa (WHOX): token, room, nick, flags, account."""
        token, _, nick, flags, *account = message.params[1:]
        if token != WHO_TOKEN:
            return []
        if account:
            self._set_account(nick, "" if account[0] == "0" else account[0])
        return self._set_away(nick, is_away="G" in flags)

    def _on_monitor(self, message: Message, _own_nick: str) -> list[Buffer]:
        """Apply which people are online (IRCv3 monitor)."""
        touched = []
        for target in message.params[1].split(","):
            for buffer in self._room(target.partition("!")[0]):
                buffer.is_joined = message.verb == n.RPL_MONONLINE
                buffer.is_away &= buffer.is_joined
                touched.append(buffer)
        return touched


def _nick(message: Message) -> str:
    return split_source(message.source or "")[0]


# Verb -> handler, and the fewest parameters of a valid line.
_HANDLERS: Final[dict[str, tuple[Callable[[Roster, Message, str], list[Buffer]], int]]] = {
    "ACCOUNT": (Roster._on_account, 1),
    "AWAY": (Roster._on_away, 0),
    "JOIN": (Roster._on_join, 1),
    "KICK": (Roster._on_kick, 2),
    "MODE": (Roster._on_mode, 2),
    "NICK": (Roster._on_nick, 1),
    "PART": (Roster._on_part, 1),
    "QUIT": (Roster._on_quit, 0),
    n.RPL_ENDOFNAMES: (Roster._on_end_of_names, 2),
    n.RPL_NAMREPLY: (Roster._on_names, 4),
    n.RPL_WHOREPLY: (Roster._on_who, 7),
    n.RPL_WHOSPCRPL: (Roster._on_who_extended, 5),
    n.RPL_MONONLINE: (Roster._on_monitor, 2),
    n.RPL_MONOFFLINE: (Roster._on_monitor, 2),
}
