"""The controller of the full screen: carries out submitted texts, and supplies the windows over the conversation.

On the thread of the interface.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from client import commands
from client.buffer import BufferKind, Entry
from client.events import RoomsListed, SearchResults
from client.files import Log, export
from client.session import Session
from client.ui.chat import Chat
from client.ui.emoji import with_emoji
from client.ui.keys import KEYS
from client.ui.prompt import Purpose
from client.ui.session_actions import SessionActions
from client.ui.theme import Theme
from gateway.wire.casefold import casefold
from gateway.wire.message import Message
from gateway.wire.names import valid_nick, valid_room
from gateway.wire.visible import is_reaction

if TYPE_CHECKING:  # windows are imported when they are opened, for a fast start
    from client.ui.palette import Choice, Palette
    from client.ui.room_finder import RoomFinder
    from client.ui.search import Search

_SAYING = frozenset(("/me", "/msg", "/react", "/reply"))  # in these commands, names of emoji are replaced
_KINDS = {BufferKind.ROOM: "room", BufferKind.PERSON: "person", BufferKind.SERVER: "network"}


class Application(Protocol):
    """The part of the application that the controller uses."""

    colours: Theme
    log_file: Log
    clock: Callable[[], float]

    @property
    def awaits_lobby(self) -> bool: ...

    def say_aside(self, text: str) -> None: ...

    def show_when_joined(self, name: str) -> None: ...

    def search(self, text: str) -> None: ...

    def open_room_finder(self, text: str) -> None: ...

    def open_password_window(
        self, title: str, question: str, cancel: str, take: Callable[[str | None], None]
    ) -> None: ...

    def press(self, action: str) -> None: ...

    def leave(self, reason: str) -> None: ...


class Controller:
    """Carries out what the user types on the full screen, and supplies the windows with what they offer."""

    def __init__(self, app: Application, chat: Chat, actions: SessionActions) -> None:
        self._app = app
        self._chat = chat
        self._actions = actions
        self._buffers = chat.buffers
        self._search: Search | None = None  # the last one
        self._window: Palette | RoomFinder | None = None  # the last one that shows public rooms
        self._rooms: RoomsListed | None = None  # the last list of them

    # --- what is typed --------------------------------------------------------------------------------------

    def take(self, text: str, purpose: Purpose | None) -> None:
        """Carry out a submitted text."""
        if purpose is not None and purpose.what == "react":
            self._react(text.strip(), purpose)
        elif text.startswith("/") and not text.startswith("//"):
            commands.run(with_emoji(text) if text.split(" ", maxsplit=1)[0].lower() in _SAYING else text, self)
        elif not self.here and self._app.awaits_lobby:
            self._chat.prompt.put(text)
            self._app.say_aside("There is no connection yet: the text stays where it is")
        elif not self.here:
            self.answer("Nobody reads this here: /join a room first, for example /join lobby")
        else:
            self._chat.action_end()
            text = with_emoji(text.removeprefix("/"))
            self._actions.say(self.here, text, purpose.entry.msgid if purpose else "")

    def _react(self, text: str, purpose: Purpose) -> None:
        """React to a message; a text that is no reaction stays in the prompt."""
        if text and not is_reaction(with_emoji(text)):
            self._chat.prompt.put(text)
            self._chat.prompt.begin(purpose)
        else:
            self._actions.react(self.here, purpose.entry, with_emoji(text), self._buffers.own_nick)

    # --- for the commands -----------------------------------------------------------------------------------

    is_pipe = False

    @property
    def here(self) -> str:
        return self._buffers.focused.name

    def message(self, *, is_own: bool = False) -> Entry | None:
        return self._buffers.focused.last_message(is_own=is_own)

    def do(self, action: Callable[[Session, float], object]) -> None:
        self._actions.do(action)

    def answer(self, text: str) -> None:
        self._chat.note(self._buffers.answer(text, self._app.clock()))
        self._chat.draw()

    def show_conversation(self, name: str) -> None:
        known = self._buffers.get(name)
        if not name.startswith("#"):
            self._chat.open_person(name)
        elif known is not None and known.is_joined:
            self._chat.show_buffer(known)
        else:
            self._app.show_when_joined(name)
            self._actions.request(Message("JOIN", [name]))

    def search(self, text: str) -> None:
        self._app.search(text)

    def list_rooms(self, text: str) -> None:
        self._app.open_room_finder(text)

    def ask_password(self, question: str, take: Callable[[str], None]) -> None:
        self._app.open_password_window(
            "Operator", question, "closes", lambda password: take(password) if password else None
        )

    def log(self, path: str) -> None:
        log = self._app.log_file
        try:
            if path:
                log.open(Path(path).expanduser())
            else:
                log.close()
        except OSError as error:
            self.answer(f"{path} cannot be written: {error.strerror}")
        else:
            self.answer(f"everything is logged to {path} from now on" if path else "the log is closed")

    def export(self, path: str) -> None:
        try:
            count = export(self._buffers.focused, Path(path).expanduser())
        except OSError as error:
            self.answer(f"{path} cannot be written: {error.strerror}")
        else:
            self.answer(f"{count:,} lines are written to {path}")

    def leave(self, reason: str) -> None:
        self._app.leave(reason)

    # --- for the windows ------------------------------------------------------------------------------------

    def palette(self) -> "Palette":
        from client.ui.palette import Choice, Palette

        buffers = self._buffers.ordered
        choices = [
            Choice(each.name or "Network", _KINDS[each.kind], partial(self._chat.show_buffer, each)) for each in buffers
        ]
        known = {casefold(each.name) for each in buffers} | {casefold(self._buffers.own_nick)}
        members = self._buffers.focused.sorted_members()
        people = [member.nick for member in members if casefold(member.nick) not in known]
        choices += [Choice(nick, "person", partial(self._chat.open_person, nick)) for nick in people]
        choices += [
            Choice(key.title, key.shown, partial(self._app.press, key.action)) for key in KEYS if key.is_offered
        ]
        choices.append(Choice("All rooms of the network", "/list", partial(self.list_rooms, "")))
        self._window = Palette(self._app.colours, choices, self._other_choices)
        if self._rooms is not None:
            self._window.offer(self._room_choices(self._rooms))
        self._actions.list_rooms()
        return self._window

    def _room_choices(self, listed: RoomsListed) -> "list[Choice]":
        from client.ui.palette import Choice
        from client.ui.room_finder import people_here

        return [
            Choice(room.name, people_here(room.people), partial(self.show_conversation, room.name), room.topic)
            for room in listed.rooms
            if self._buffers.get(room.name) is None
        ]

    def room_finder(self, text: str) -> "RoomFinder":
        from client.ui.room_finder import RoomFinder

        self._window = RoomFinder(self._app.colours, text, self._rooms)
        self._actions.list_rooms()
        return self._window

    def rooms_listed(self, listed: RoomsListed) -> None:
        """Pass the public rooms to the window that requested them."""
        from client.ui.palette import Palette
        from client.ui.room_finder import RoomFinder

        if listed.rooms or not listed.problem:
            self._rooms = listed
        if self._window is None or not self._window.is_attached:
            return
        if isinstance(self._window, Palette):
            self._window.offer(self._room_choices(listed))
        elif isinstance(self._window, RoomFinder):
            self._window.take(listed)

    def _other_choices(self, text: str) -> "list[Choice]":
        """Offer to join a new room, or to write to a new person."""
        from client.ui.palette import Choice

        room = text if text.startswith("#") else f"#{text}"
        found = []
        listed = {casefold(each.name) for each in self._rooms.rooms} if self._rooms is not None else set()
        if valid_room(room) and self._buffers.get(room) is None and casefold(room) not in listed:
            found.append(Choice(f"Join {room}", "room", partial(self.show_conversation, room)))
        if valid_nick(text) and self._buffers.get(text) is None:
            found.append(Choice(f"Write to {text}", "person", partial(self._chat.open_person, text)))
        return found

    def search_window(self, text: str) -> "Search":
        from client.ui.search import Search

        buffer = self._buffers.focused
        find = partial(self._buffers.find, buffer)
        ask = partial(self._actions.search, buffer.name)
        self._search = Search(self._app.colours, buffer.name, text, find, ask, self._actions.cancel_search)
        return self._search

    def found(self, found: SearchResults) -> None:
        if self._search is not None and self._search.is_attached:
            self._search.take(found)

    def deleted(self, msgid: str) -> None:
        if self._search is not None and self._search.is_attached:
            self._search.drop(msgid)
