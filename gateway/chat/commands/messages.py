"""PRIVMSG, NOTICE, TAGMSG: to rooms through their logs, to users through the inboxes of their lanes.

A message to a room of the sender never waits. It is checked against the replica and appended. Members are sent it, and
the sender its echo, when the lanes apply its entry.
"""

from collections.abc import Coroutine
from typing import Any

from gateway.chat import deduplication, events
from gateway.chat.batches import collect
from gateway.chat.capabilities import ECHO_MESSAGE, MESSAGE_TAGS, MULTILINE
from gateway.chat.commands.replay import PLAYBACK, play
from gateway.chat.commands.table import Command
from gateway.chat.effects import MessageSent, MultilineSent, Rejection, reason_of
from gateway.chat.errors import CommandError, check, no_such_nick, no_such_room, too_many_targets
from gateway.chat.history_access import is_typing
from gateway.chat.interfaces import Services
from gateway.chat.isupport import MAX_TARGETS
from gateway.chat.multiline import first_and_more
from gateway.chat.render import echo_of_first, log_mark, sent_lines, tags
from gateway.chat.room import Room
from gateway.chat.session import Session
from gateway.wire import numerics as n
from gateway.wire.casefold import casefold
from gateway.wire.framing import LINE_CONTENT_BYTES, LINE_LIMIT_BYTES, cut
from gateway.wire.message import Message
from gateway.wire.names import valid_room
from gateway.wire.tags import client_only, format_tags, parse_tags
from gateway.wire.visible import WORD_LIMIT, is_reaction

REACTION_TAGS = frozenset(("+draft/react", "+draft/unreact", "+react", "+unreact"))
"""IRCv3 react (draft), by today's names and by those that it will have."""


def speak(services: Services, session: Session, message: Message) -> Coroutine[Any, Any, None] | None:
    """Modern IRC PRIVMSG and NOTICE, IRCv3 message-tags TAGMSG. A text may have several lines."""
    verb, params = message.verb, message.params
    if message.tags and "batch" in message.tags and session.caps & MULTILINE:
        collect(session, message)
        return None
    needed = 1 if verb == "TAGMSG" else 2
    if len(params) < needed or (needed == 2 and not params[1]):
        if verb == "NOTICE":  # RFC 2812 3.3.2: nothing is ever answered to a NOTICE
            return None
        if not params:
            raise CommandError(n.ERR_NORECIPIENT, f"No recipient given ({verb})")
        raise CommandError(n.ERR_NOTEXTTOSEND, "No text to send")
    session.last_active = services.context.wall_now
    client_tags = ""
    if message.tags and session.caps & MESSAGE_TAGS:
        relayed = client_only(message.tags)
        if not all(is_reaction(relayed[key]) for key in REACTION_TAGS & relayed.keys()):
            text = f"a reaction is one emoji, or a word of at most {WORD_LIMIT} characters"
            raise CommandError("INVALID_REACTION", params[0], text, verb=verb)
        client_tags = format_tags(relayed)
        session.charge(len(client_tags) // LINE_LIMIT_BYTES)
    if verb == "TAGMSG" and not client_tags:
        return None
    text = "" if needed == 1 else params[1]
    if "," not in params[0] and _to_followed_room(services, session, verb, params[0], text, client_tags):
        return None
    targets = _targets(params[0])
    if len(targets) > MAX_TARGETS:
        raise too_many_targets(params[0], MAX_TARGETS)
    session.charge(len(targets) - 1)
    if len(targets) > 1:
        session.share_response()
    elsewhere: list[str] = []
    for target in targets:
        with session.answering():
            if not _to_followed_room(services, session, verb, target, text, client_tags):
                elsewhere.append(target)
    return _to_others(services, session, verb, elsewhere, text, client_tags) if elsewhere else None


def _targets(text: str) -> list[str]:
    """Return each target once, in order; spellings of one name are one target."""
    return list({casefold(name): name for name in text.split(",") if name}.values())


def _to_followed_room(
    services: Services, session: Session, verb: str, target: str, text: str, client_tags: str
) -> bool:
    """Send to a room of the sender. Return False if the target is anything else."""
    name = casefold(target)
    room = session.rooms.get(name)
    if room is None:
        return False
    source = session.source
    rejection = room.may_speak(session.sid, source)
    # A sender that is no member joins again; the message is appended after that JOIN.
    if rejection is not None and session.sid in room.members and not _may_be_logged(room, client_tags):
        check(verb, room.name, rejection)
    elif verb == "TAGMSG" and is_typing(client_tags):
        _publish_typing(services, session, name, room.name, client_tags)
    else:
        services.outgoing.say(session, name, event_line(verb, source, room.name, text, client_tags))
    return True


def _publish_typing(services: Services, session: Session, where: str, target: str, client_tags: str) -> None:
    """Publish a typing notification; ``where``: the room, or the session id of the user ``target``."""
    services.direct.publish_ephemeral(session, where, events.tagmsg(session.source, target, client_tags))
    if session.caps & ECHO_MESSAGE:
        prefix = tags(session.caps, f"{int(services.context.wall_now * 1000)}-0", "", client_tags, session.sender)
        session.reply(f"{prefix}:{session.source} TAGMSG {target}")


def _may_be_logged(room: Room, client_tags: str) -> bool:
    """Whether the message may be in the log already, from when its sender still had the right to send it."""
    return bool(client_tags) and deduplication.message_id(parse_tags(client_tags)) in room.seen_ids


def event_line(verb: str, source: str, target: str, text: str, client_tags: str) -> str:
    """Return the event of a message, cut so that the relayed line fits into 512 bytes (RFC 2812 2.3)."""
    if verb == "TAGMSG":
        return events.tagmsg(source, target, client_tags)
    if "\n" in text or "\r" in text:
        return events.said_in_lines(source, verb, target, *first_and_more(text), client_tags)
    line = cut(events.said(source, verb, target, text), LINE_CONTENT_BYTES)
    return f"@{client_tags} {line}" if client_tags else line


async def _to_others(
    services: Services, session: Session, verb: str, targets: list[str], text: str, client_tags: str
) -> None:
    for target in targets:
        with session.answering():
            if casefold(target) == PLAYBACK and verb == "PRIVMSG":
                await play(services, session, text)
            elif target.startswith("#"):
                await _to_foreign_room(services, session, verb, target, text, client_tags)
            else:
                await _to_person(services, session, verb, target, text, client_tags)


async def _to_foreign_room(
    services: Services, session: Session, verb: str, target: str, text: str, client_tags: str
) -> None:
    """Send to a room that the sender is not in, which is allowed without +n."""
    room = await services.rooms.open(target) if valid_room(target) else None
    if room is None or not room.members:
        if verb == "NOTICE":
            return
        raise no_such_room(target)
    line = event_line(verb, session.source, room.name, text, client_tags)
    if session.is_bot:
        line = events.of_bot(line)
    rejection = room.may_speak(session.sid, session.source)
    if rejection is None and verb == "TAGMSG" and is_typing(client_tags):
        _publish_typing(services, session, target, room.name, client_tags)
    elif rejection is None:
        effect = await services.outgoing.commit_to(session, target, line)
        rejection = reason_of(effect)
        if isinstance(effect, Rejection) and effect.first is not None and session.caps & ECHO_MESSAGE:
            for line in echo_of_first(session, session.caps, effect):
                session.reply(line)
        is_member = casefold(target) in session.rooms  # by now, so that the fan-out has sent the echo
        if isinstance(effect, MessageSent | MultilineSent) and session.caps & ECHO_MESSAGE and not is_member:
            mark = log_mark(casefold(target))
            for line in sent_lines(effect, session.caps, services.rooms.position(target), mark):
                session.reply(line)
    check(verb, room.name, rejection)


async def _to_person(services: Services, session: Session, verb: str, target: str, text: str, client_tags: str) -> None:
    sid, nick = services.nicks.known_sid(target), target
    if sid is None:
        profile = await services.directory.find(target)
        if profile is None:
            if verb == "NOTICE":
                return
            raise no_such_nick(target)
        sid, nick = profile.sid, profile.nick
    if verb == "TAGMSG" and is_typing(client_tags):
        _publish_typing(services, session, sid, nick, client_tags)
    else:
        services.direct.say(session, sid, nick, event_line(verb, session.source, nick, text, client_tags))


COMMANDS = {verb: Command(speak) for verb in ("PRIVMSG", "NOTICE", "TAGMSG")}
