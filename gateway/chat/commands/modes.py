"""MODE: the modes of rooms and users (Modern IRC "MODE message").

Changes of a room's modes are checked against the replica, then appended as one event. They take effect when it is
applied. A user's modes belong to the session.
"""

from collections.abc import Iterator

from gateway.chat import events, modes, user_modes
from gateway.chat.commands.people import change_profile
from gateway.chat.commands.table import Command
from gateway.chat.commands.visibility import can_see, existing_room, not_a_member
from gateway.chat.effects import reason_of
from gateway.chat.errors import CommandError, check, no_such_nick
from gateway.chat.interfaces import Services
from gateway.chat.isupport import KEYLEN, MAX_MODES
from gateway.chat.modes import FLAGS, KEY, LIMIT, LISTS, RANKS, Change
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.chat.state import LIST_LIMIT
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.masks import normalize
from gateway.wire.message import Message

LIMIT_MAX = 1_000_000
MASK_LIMIT = 200

_LIST_NUMERICS = {
    "b": (n.RPL_BANLIST, n.RPL_ENDOFBANLIST, "End of channel ban list"),
    "e": (n.RPL_EXCEPTLIST, n.RPL_ENDOFEXCEPTLIST, "End of channel exception list"),
    "I": (n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST, "End of channel invite exception list"),
}


async def mode(services: Services, session: Session, message: Message) -> None:
    """Modern IRC MODE: of a room, or of oneself."""
    if message.params[0].startswith("#"):
        await _room_mode(services, session, message.params)
    else:
        await _user_mode(services, session, message.params)


# -- rooms --------------------------------------------------------------------------------------------


async def _room_mode(services: Services, session: Session, params: list[str]) -> None:
    room = await existing_room(services, session, params[0])
    asked = modes.parse(params[1], params[2:]) if len(params) > 1 else []
    is_question = [change.letter in LISTS and change.param is None for change in asked]
    if (not asked or all(is_question)) and not can_see(session, room):
        raise CommandError(n.ERR_NOTONCHANNEL, room.name, "You're not on that channel")
    if not asked:
        _send_modes(session, room)
    else:
        for letter in dict.fromkeys(c.letter for c, asks in zip(asked, is_question, strict=True) if asks):
            _send_list(session, room, letter)
        await _change(services, session, room, [c for c, asks in zip(asked, is_question, strict=True) if not asks])


def _send_modes(session: Session, room: Room) -> None:
    """RPL_CHANNELMODEIS, the key for members only, and RPL_CREATIONTIME."""
    session.numeric_words(n.RPL_CHANNELMODEIS, room.name, room.shown_modes(with_key=session.sid in room.members))
    session.numeric_words(n.RPL_CREATIONTIME, room.name, str(room.created_ms // 1000))


def _send_list(session: Session, room: Room, letter: str) -> None:
    item, end, text = _LIST_NUMERICS[letter]
    for mask, (by, at_ms) in room.mask_list(letter).items():
        session.numeric_words(item, room.name, mask, by, str(at_ms // 1000))
    session.numeric(end, room.name, text)


async def _change(services: Services, session: Session, room: Room, asked: list[Change]) -> None:
    """Append the changes that are valid, at most MODES of them with a parameter, as one event."""
    known = list(_known(session, asked))
    is_oper = bool(session.oper)
    check("MODE", room.name, room.may_operate(session.sid, is_oper) if known else None)
    wanted: list[Change] = []
    sids: list[str] = []
    for change in known:
        with session.answering():
            if change.letter in RANKS:
                sids.append(await _member(services, room, change))
                wanted.append(change)
            else:
                wanted.append(_checked(room, change))
    if wanted:
        line = events.mode_set(session.source, room.name, modes.render(wanted), sids, is_oper)
        check("MODE", room.name, reason_of(await services.outgoing.commit_to(session, room.name, line)))


def _known(session: Session, asked: list[Change]) -> Iterator[Change]:
    """Return the changes with known letters, up to the limit of parameters. Reply once to each unknown letter."""
    unknown = dict.fromkeys(change.letter for change in asked if change.letter not in _LETTERS)
    for letter in unknown:
        session.numeric(n.ERR_UNKNOWNMODE, letter, "is unknown mode char to me")
    with_parameter = 0
    for change in asked:
        with_parameter += change.param is not None
        if change.letter in _LETTERS and (change.param is None or with_parameter <= MAX_MODES):
            yield change


_LETTERS = frozenset((*FLAGS, KEY, LIMIT, *LISTS, *RANKS))


async def _member(services: Services, room: Room, change: Change) -> str:
    """Return the session id of a member by the nick in a change; raise CommandError where there is none."""
    if change.param is None:
        raise _invalid(room, change, "You must name a member")
    member = room.member_named(change.param)
    if member is None:
        raise await not_a_member(services, room, change.param)
    return member.sid


def _checked(room: Room, change: Change) -> Change:
    """Return the change with its parameter in canonical form; raise CommandError where it is invalid."""
    adding, letter, param, _ = change
    if letter in LISTS:
        return _checked_mask(room, change)
    if letter == KEY:
        if not adding:
            return change._replace(param=param or "*")  # RFC 2812 3.2.3: the key itself is not needed
        if not _is_key(param or ""):
            raise _invalid(room, change, f"A key is 1 to {KEYLEN} visible characters without comma")
    elif letter == LIMIT and adding:
        number = events.number(param or "")
        if not 0 < number <= LIMIT_MAX:
            raise _invalid(room, change, f"A limit is a number from 1 to {LIMIT_MAX}")
        return change._replace(param=str(number))
    return change


def _checked_mask(room: Room, change: Change) -> Change:
    mask = normalize(change.param or "")
    if " " in mask or mask.startswith(":") or len(mask) > MASK_LIMIT:
        raise _invalid(room, change, f"A mask is nick!user@host, at most {MASK_LIMIT} characters")
    if change.adding and len(room.mask_list(change.letter)) >= LIST_LIMIT:
        raise CommandError(n.ERR_BANLISTFULL, room.name, change.letter, "Channel list is full")
    return change._replace(param=mask)


def _is_key(key: str) -> bool:
    """Whether JOIN can name this key: it separates keys by commas, and only a last parameter may have spaces."""
    return 0 < len(key) <= KEYLEN and key.isprintable() and not key.startswith(":") and not set(key) & {" ", ","}


def _invalid(room: Room, change: Change, text: str) -> CommandError:
    return CommandError(n.ERR_INVALIDMODEPARAM, room.name, change.letter, change.param or "*", text)


# -- users --------------------------------------------------------------------------------------------


async def _user_mode(services: Services, session: Session, params: list[str]) -> None:
    """Modern IRC "User mode". Only OPER sets +o; -o gives it up (RFC 2812 3.1.5)."""
    nick = params[0]
    if casefold(nick) != casefold(session.nick):
        if services.nicks.known_sid(nick) is None and await services.directory.find(nick) is None:
            raise no_such_nick(nick)
        raise CommandError(n.ERR_USERSDONTMATCH, "Cant change mode for other users")
    if len(params) < 2:
        session.numeric_words(n.RPL_UMODEIS, user_modes.shown(session))
        return
    asked = modes.parse(params[1], ())
    if any(change.letter not in user_modes.BY_LETTER for change in asked):
        session.numeric(n.ERR_UMODEUNKNOWNFLAG, "Unknown MODE flag")
    in_profile = await _change_profile(services, session, asked)  # first: if it fails, nothing is changed
    changes = [change._replace(param=None) for change in asked if user_modes.apply(session, change)] + in_profile
    if changes:
        send_own_modes(services, session, changes)


async def _change_profile(services: Services, session: Session, asked: list[Change]) -> list[Change]:
    """Make the changes of modes that are part of the profile; the last of several changes of one mode counts."""
    changes = []
    for mode in user_modes.USER_MODES:
        wanted = next((change.adding for change in reversed(asked) if change.letter == mode.letter), None)
        if mode.profile_field is not None and wanted is not None and wanted is not mode.is_set(session):
            await change_profile(services, session, mode.profile_field, wanted)
            changes.append(Change(wanted, mode.letter, None))
    return changes


def send_own_modes(services: Services, session: Session, changes: list[Change]) -> None:
    """Send a change of its own modes to the client, and publish it."""
    session.reply(f":{session.source} MODE {session.nick} :{modes.render(changes)}")
    services.profiles.publish(session)


COMMANDS = {"MODE": Command(mode, 1)}
