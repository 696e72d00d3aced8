"""A room's state and the rules that read it.

Owns the data of a room, the permissions in it, and the steps by which it changes. Each rule is written here once: the
command handlers use it for a quick answer, and the fold for the decision. Knows neither entries nor effects. Pure; a
state belongs to the lane that applies the entries.
"""

from gateway.chat import deduplication, lives
from gateway.chat.effects import Reason
from gateway.chat.events import number
from gateway.chat.member import OP, Member
from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS, RANKS, Change, render
from gateway.wire.casefold import casefold
from gateway.wire.masks import any_matches

LIST_LIMIT = 100
"""The limit of each list: bans, exceptions, invitation exceptions, and invitations."""
NEW_ROOM_FLAGS = "nt"
NOT_YET = "0-0"
"""A stream id before all other ids."""
GONE_MEMORY_MS = 24 * 3600 * 1000
LOST_MEMORY_MS = 10 * 60 * 1000
LOST_LIMIT = 10_000

MaskList = dict[str, tuple[str, int]]
"""Mask -> the source (nick!user@host) that set it, and the time (ms)."""


class State:
    """A room between two entries. All code may read it; only the fold writes."""

    __slots__ = (
        "_speakers",
        "bans",
        "changed",
        "created_ms",
        "excepts",
        "flags",
        "folded_name",
        "gone",
        "has_messages",
        "hidden",
        "invexes",
        "invited",
        "key",
        "life_began",
        "limit",
        "listing",
        "lost",
        "members",
        "name",
        "nicks",
        "origins",
        "rules",
        "seen_ids",
        "topic",
        "topic_at_ms",
        "topic_by",
    )

    def __init__(self, name: str) -> None:
        self.folded_name = casefold(name)
        self.name = self.folded_name  # until the first JOIN in the log spells it, so that all replicas agree
        self.gone: dict[str, int] = {}
        """Ids of dead gateways, and the time of their end (ms). Events of their sessions are rejected."""
        self.lost: dict[str, tuple[int, int]] = {}
        """Session id of a member that a GONE removed -> its modes and the time (ms), the oldest first."""
        self.seen_ids: deduplication.SeenIds = {}
        """Client message id -> the first message with it."""
        self.origins: dict[str, int] = {}
        """Sender (a lane or a reaper) -> the count of its newest entry here."""
        self.has_messages = False
        """Whether there ever was a message. The log of an empty room without messages expires soon."""
        self.rules = 0
        self.life_began = lives.START
        """The end of the life before this one. Later events belong to this life."""
        self.hidden: list[lives.Range] = []
        """Ranges of the log that are hidden from later members: lives that ended protected, in order."""
        self.listing: dict[tuple[int, int], list[str]] = {}
        """The reply to NAMES by (capabilities, bytes of a line), until the next change. Many users may join at once."""
        self._speakers: dict[str, tuple[str, str]] = {}
        """Session id -> the beginning of its plain messages, for members that are known to have the right to speak."""
        self.reset_when_empty()

    def reset_when_empty(self) -> None:
        """Clear the data that a room without members does not keep."""
        self.created_ms = 0
        self.topic = ""
        self.topic_by = ""
        self.topic_at_ms = 0
        self.flags: set[str] = set()
        self.key = ""
        self.limit = 0
        self.bans: MaskList = {}
        self.excepts: MaskList = {}
        self.invexes: MaskList = {}
        self.members: dict[str, Member] = {}
        self.nicks: dict[str, str] = {}
        """Casefolded nick -> session id."""
        self.invited: dict[str, None] = {}
        """Session ids, the oldest invitation first."""
        self.changed = NOT_YET
        """The last entry that changed a condition of a JOIN: the lists, key, limit or flags."""

    def end_life(self, end: lives.Bound) -> None:
        """Clear the data that a room without members does not keep. A life that ends protected becomes hidden."""
        if self.is_protected:
            # After a wipe Redis's clock may be behind. In this case hide everything before.
            lives.hide(self.hidden, self.life_began if self.life_began < end else lives.START, end)
        if self.created_ms:  # else it has ended already
            self.life_began = end
        self.reset_when_empty()

    # Rules

    @property
    def is_protected(self) -> bool:
        """Whether entry to or knowledge of the room is restricted: +i, +k, +s, or a ban."""
        return bool(self.key or self.bans or self.flags & {"i", "s"})

    def is_gone(self, sid: str) -> bool:
        return bool(self.gone) and sid.partition(".")[0] in self.gone

    def is_operator(self, sid: str) -> bool:
        member = self.members.get(sid)
        return member is not None and bool(member.modes & OP)

    def is_banned(self, source: str) -> bool:
        """`source` is nick!user@host."""
        return any_matches(self.bans, source) and not any_matches(self.excepts, source)

    def may_speak(self, sid: str, source: str) -> Reason | None:
        """Check a PRIVMSG, NOTICE or TAGMSG of a member or of another user."""
        if sid in self._speakers:
            return None
        member = self.members.get(sid)
        if member is None:
            if not self.members or "n" in self.flags:
                return Reason.NOT_MEMBER
        elif member.modes:
            return None
        if "m" in self.flags:
            return Reason.MUTED
        return Reason.BANNED if self.is_banned(source) else None

    def may_redact(self, sid: str, by: str, oper: bool = False) -> Reason | None:
        """Check a REDACT: allowed to the sender of the message (`by`, a session id) as a member, and to operators."""
        return None if sid == by and sid in self.members else self.may_operate(sid, oper)

    def may_rename(self, sid: str) -> Reason | None:
        """Check a NICK. Only its handler uses this: a rename cannot be rejected in one of a session's rooms alone."""
        member = self.members.get(sid)
        if member is None or member.modes:
            return None
        return Reason.BANNED if self.is_banned(member.source) else None

    def may_join(self, source: str, sid: str, key: str = "", oper: bool = False) -> Reason | None:
        """Check a JOIN. `key`: the given key. `oper`: a network operator, who may join a room without operators."""
        if sid in self.members:
            return Reason.ALREADY_MEMBER
        if not self.members:
            return None  # the room waits for members that may return
        if oper and not self._has_operator():
            return None
        if self.is_banned(source):
            return Reason.BANNED
        if "i" in self.flags and sid not in self.invited and not any_matches(self.invexes, source):
            return Reason.INVITE_ONLY
        if self.key and key != self.key:
            return Reason.BAD_KEY
        return Reason.FULL if self.limit and len(self.members) >= self.limit else None

    def may_operate(self, sid: str, oper: bool = False) -> Reason | None:
        """Check a MODE or KICK. A network operator (`oper`) may do it while no member is the room's operator."""
        if self.is_operator(sid) or (oper and self.members and not self._has_operator()):
            return None
        return Reason.NOT_OPERATOR if sid in self.members else Reason.NOT_MEMBER

    def may_set_topic(self, sid: str, oper: bool = False) -> Reason | None:
        return None if sid in self.members and "t" not in self.flags else self.may_operate(sid, oper)

    def may_invite(self, sid: str, target_sid: str, oper: bool = False) -> Reason | None:
        if target_sid in self.members:
            return Reason.ALREADY_MEMBER
        return None if sid in self.members and "i" not in self.flags else self.may_operate(sid, oper)

    def member_named(self, nick: str) -> Member | None:
        sid = self.nicks.get(casefold(nick))
        return None if sid is None else self.members[sid]

    def shown_modes(self, with_key: bool = True) -> str:
        """Return the modes for RPL_CHANNELMODEIS: "+klnt key 5". Only members see the key."""
        changes = [Change(True, flag, None) for flag in self.flags]
        if self.key:
            changes.append(Change(True, KEY, self.key if with_key else None))
        if self.limit:
            changes.append(Change(True, LIMIT, str(self.limit)))
        return render(sorted(changes, key=lambda change: change.letter)) or "+"

    def clearing(self) -> list[Change]:
        """Return the changes that would clear all modes except the ranks."""
        cleared = [Change(False, flag, None) for flag in FLAGS if flag in self.flags]
        cleared += [Change(False, KEY, "*")] if self.key else []
        cleared += [Change(False, LIMIT, None)] if self.limit else []
        return cleared + [Change(False, letter, mask) for letter in LISTS for mask in self.mask_list(letter)]

    @property
    def mask_count(self) -> int:
        """The number of masks that a check of the rules may compare."""
        return len(self.bans) + len(self.excepts) + len(self.invexes)

    def mask_list(self, letter: str) -> MaskList:
        """Return the list of b, e or I."""
        return (self.bans, self.excepts, self.invexes)[LISTS.index(letter)]

    def _has_operator(self) -> bool:
        return any(member.modes & OP for member in self.members.values())

    # Steps

    def add(self, member: Member) -> None:
        self.listing.clear()
        self.members[member.sid] = member
        self.nicks[casefold(member.nick)] = member.sid
        self.invited.pop(member.sid, None)

    def lose(self, sid: str, at_ms: int) -> Member:
        """Remove a member whose gateway is dead. It may return, and until then the room keeps its data."""
        member = self.remove(sid)
        self.lost[sid] = member.modes, at_ms
        return member

    def modes_of_lost(self, sid: str, at_ms: int) -> int | None:
        """Return the modes of a lost member that returns; None if it is unknown or was lost too long ago."""
        modes, lost_ms = self.lost.pop(sid, (0, -LOST_MEMORY_MS))
        return modes if at_ms - lost_ms < LOST_MEMORY_MS else None

    def remove(self, sid: str) -> Member:
        """Remove a member."""
        member = self.members.pop(sid)
        self.listing.clear()
        del self.nicks[casefold(member.nick)]
        self._speakers.pop(sid, None)
        return member

    def rename(self, member: Member, nick: str) -> None:
        """Rename a member. The nick must be free or the member's own."""
        self.listing.clear()
        del self.nicks[casefold(member.nick)]
        member.rename(nick)
        self.nicks[casefold(nick)] = member.sid
        self._speakers.pop(member.sid, None)

    def forget_source(self, member: Member) -> None:
        """Clear the stored beginning of a member's messages after a change of its user or host."""
        self.listing.clear()
        self._speakers.pop(member.sid, None)

    def remember_speaker(self, member: Member) -> None:
        """Store that this member may speak, so that its messages need no check until a relevant change."""
        begins = f":{member.source} PRIVMSG {self.name} :", f":{member.source} NOTICE {self.name} :"
        self._speakers[member.sid] = begins

    def change(self, change: Change, target_sid: str, by: str, at_ms: int) -> Change | None:
        """Make one mode change (o and v: of that member). Return the effective change, or None."""
        adding, letter, param, _ = change
        if letter in FLAGS:
            return self._change_flag(change)
        if letter in RANKS:
            return self._change_rank(change, target_sid)
        if letter == LIMIT:
            return self._change_limit(number(param or "") if adding else 0, adding)
        if letter == KEY:
            return self._change_key(param or "", adding)
        if letter in LISTS:
            return self._change_list(change, by, at_ms)
        return None

    def note_change(self, entry_id: str) -> None:
        """Note a change of lists, key, limit or flags: earlier checks of JOINs and stored rights to speak are stale."""
        self.changed = entry_id
        self._speakers.clear()

    def _change_flag(self, change: Change) -> Change | None:
        if change.adding == (change.letter in self.flags):
            return None
        self.flags ^= {change.letter}
        return change

    def _change_rank(self, change: Change, target_sid: str) -> Change | None:
        member = self.members.get(target_sid)
        bit = RANKS[change.letter]
        if member is None or bool(member.modes & bit) == change.adding:
            return None
        member.modes ^= bit
        self.listing.clear()
        self._speakers.pop(target_sid, None)
        return change._replace(param=member.nick, sid=target_sid)

    def _change_limit(self, limit: int, adding: bool) -> Change | None:
        if limit == self.limit or adding != bool(limit):
            return None
        self.limit = limit
        return Change(adding, LIMIT, str(limit) if adding else None)

    def _change_key(self, key: str, adding: bool) -> Change | None:
        if not adding and self.key:
            self.key = ""
            return Change(False, KEY, "*")
        if not adding or key == self.key or not _is_word(key):
            return None
        self.key = key
        return Change(True, KEY, key)

    def _change_list(self, change: Change, by: str, at_ms: int) -> Change | None:
        masks, mask = self.mask_list(change.letter), change.param or ""
        known = next((known for known in masks if casefold(known) == casefold(mask)), None)
        if change.adding:
            if known is not None or len(masks) >= LIST_LIMIT or not _is_word(mask):
                return None
            masks[mask] = by, at_ms
            return change
        if known is None:
            return None
        del masks[known]
        return change._replace(param=known)

    def invite(self, sid: str) -> None:
        """Store an invitation. Over the limit the oldest is removed."""
        self.invited[sid] = self.invited.pop(sid, None)
        if len(self.invited) > LIST_LIMIT:
            del self.invited[next(iter(self.invited))]

    def end_gateway(self, gateway: str, at_ms: int) -> list[Member]:
        """Note a gateway as dead and remove its sessions. Return the members in the order of joining."""
        self.gone[gateway] = at_ms
        self.gone = {id: at for id, at in self.gone.items() if at > at_ms - GONE_MEMORY_MS}
        self.invited = {sid: None for sid in self.invited if not self.is_gone(sid)}
        lost = [self.lose(sid, at_ms) for sid in list(self.members) if self.is_gone(sid)]
        kept = list(self.lost.items())[-LOST_LIMIT:]
        self.lost = {sid: (modes, at) for sid, (modes, at) in kept if at > at_ms - LOST_MEMORY_MS}
        return lost


def _is_word(param: str) -> bool:
    """Return whether a text can be a parameter in the middle of a line."""
    return bool(param) and param[0] != ":" and " " not in param
