"""The terminal client as a Textual application, connected to a session on other threads.

    hubbub-receive  -> EventQueue -> Buffers -> Chat               events become changes, drawn frame by frame
    keyboard, mouse -> Chat -> Controller, SessionActions -> SessionPort   actions go to the session under its lock

Owns start and end, the theme, and the windows over the conversation. On the main thread.
"""

import asyncio
import gc
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from textual.app import App
from textual.binding import Binding, BindingType

from client.buffer import Buffer, BufferKind, Entry
from client.buffer_list import Aspect, Change
from client.buffers import Buffers
from client.commands import commands_like
from client.events import Event, PasswordRequired, Redacted, RoomsListed, SearchResults
from client.files import Log
from client.markup import code_in, link_in
from client.typing_and_read_markers import TypingState
from client.ui.alerts import Alerts
from client.ui.chat import Chat
from client.ui.completion import Names
from client.ui.controller import Controller
from client.ui.event_queue import EventQueue
from client.ui.kept_state import KeptState, present_state
from client.ui.messages import MessageView
from client.ui.prompt import Prompt, Purpose
from client.ui.session_actions import SessionActions, SessionPort
from client.ui.theme import DARK, LIGHT, THEMES, Theme
from client.ui.wrapping import legible, tame
from gateway.wire.casefold import casefold
from gateway.wire.message import Message

JUMP_PAGES: Final = 50  # history pages that are loaded to reach a search result

SAVE_S: Final = 10.0  # from one check for a changed state to the next

Connect = Callable[[str, Callable[[Event], None]], SessionPort]  # nick, receiver of events -> the session's port


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of theme and alerts."""

    theme: str = "dark"
    rings: bool = True
    notifies: bool = False
    highlights: tuple[str, ...] = ()


class Hubbub(App[int]):
    """The full screen; its result is the exit code."""

    ENABLE_COMMAND_PALETTE = False
    CSS = "ModalScreen { background: $background 65%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Leave", show=False, priority=True),
        Binding("ctrl+c", "empty_prompt", "Empty the line", show=False, priority=True),
    ]

    def __init__(
        self,
        connect: Connect,
        name: str,
        preferences: Preferences,
        *,
        suggestion: str = "",
        log: Log | None = None,
        kept_state: KeptState | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """If `name` is "", the user is asked for a nick."""
        super().__init__()
        self._connect = connect
        self._name = name
        self._suggestion = suggestion
        self._preferences = preferences
        self.clock = clock
        self.log_file = log or Log()
        self._kept_state = kept_state = kept_state or KeptState()
        self.colours: Theme = THEMES[kept_state.found.theme or preferences.theme]
        self.event_queue = EventQueue(self, self._take, self._draw)
        self.port: SessionPort | None = None
        self.chat: Chat | None = None
        self._wanted = ""  # folded name of a room to show when it is joined
        self._wants_lobby = False  # the first room that is joined is shown
        self._jump: tuple[Entry, int] | None = None  # a search result, and how many pages may still be loaded
        self._has_warned = False
        self._alerts = Alerts(self._write_control, rings=preferences.rings, notifies=preferences.notifies)
        for theme in (DARK, LIGHT):
            self.register_theme(theme.textual_theme)
        self.theme = self.colours.name

    # --- start and end ----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.exit, 0)
        if self._name:
            self._begin(self._name)
        else:
            from client.ui.first_start import FirstStart

            self.push_screen(FirstStart(self._suggestion), self._begin)

    def _begin(self, name: str | None) -> None:
        if not name:
            self.exit(0)
            return
        self.buffers = Buffers(name, self._preferences.highlights)
        self.port = self._connect(name, self.event_queue.put)
        self.port.do(lambda session, _now: session.resume(self._kept_state.found))
        self.actions = SessionActions(self.port)
        self.chat = Chat(self.buffers, self.actions, self.colours, Names(commands=commands_like), self.clock)
        self.controller = Controller(self, self.chat, self.actions)
        self.buffers.restore(self._kept_state.found)
        self.chat.drafts.update({each.name: each.draft for each in self._kept_state.found.conversations})
        room = self._kept_state.found.focused or self.port.read(lambda session: session.current_room)
        if room:  # messages that are typed before the connection wait for it
            self.buffers.focus(self.buffers.open_person(room)[0])
        self._wants_lobby = not room
        self.set_interval(SAVE_S, self.save_state)
        self.push_screen(self.chat)

    def on_chat_ready(self) -> None:
        if self.port is not None:
            if not gc.isenabled():  # only the real program turns it off, see client.cli
                gc.freeze()
                gc.set_threshold(5_000, 20, 50)  # a full collection delays a key by 0.15 s
                gc.enable()
            self.event_queue.open()
            self.port.start()

            if self._kept_state.notice:
                self.say_aside(self._kept_state.notice)

    def save_state(self) -> None:
        """Store the state for the next start."""
        if self.chat is None or self.port is None:
            return
        theme = "dark" if self.colours is DARK else "light"
        chosen = "" if theme == self._preferences.theme else theme
        try:
            self._kept_state.keep(present_state(self.port, self.buffers, self.chat.written(), chosen))
        except OSError as error:
            self.say_aside(f"the state for the next start cannot be stored: {error.strerror or error}")

    def on_unmount(self) -> None:
        self.save_state()
        self.event_queue.close()

    def action_leave(self) -> None:
        self.leave("")

    def leave(self, reason: str) -> None:
        """Leave; if messages are unconfirmed, only at the second request."""
        waiting = self.actions.waiting if self.port else 0
        if waiting and not self._has_warned:
            self._has_warned = True
            self.say_aside(f"{waiting} of your messages are not sent yet: leave once more to discard them")
            return
        if self.port and reason:
            self.actions.request(Message("QUIT", [reason]))
        self.exit(0)

    def say_aside(self, text: str) -> None:
        """Show a short notice of the program for some seconds."""
        self.notify(text, markup=False, timeout=6)

    def _write_control(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    # --- events -----------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        assert self.chat is not None
        if isinstance(event, SearchResults):
            self.controller.found(event)
            return
        if isinstance(event, RoomsListed):
            self.controller.rooms_listed(event)
        if isinstance(event, PasswordRequired):
            self._ask_password(event)
        self._note_in_log(event)
        if isinstance(event, Redacted):
            self.controller.deleted(event.msgid)
        changes = self.buffers.apply(event, self.clock())
        self.chat.note(changes)
        for change in changes:
            if change.buffer is not None:
                self._look_at(change, change.buffer)

    def _ask_password(self, event: PasswordRequired) -> None:
        """Ask for the password of the network. Without it the program ends."""
        question = "That password is wrong." if event.was_refused else "This network asks for a password."

        def take(password: str | None) -> None:
            if password is None:
                self.exit(0)
            else:
                self.actions.do(lambda session, _now: session.give_password(password))

        self.open_password_window(tame(event.address), question, "leaves", take)

    def open_password_window(self, title: str, question: str, cancel: str, take: Callable[[str | None], None]) -> None:
        """Ask for a password; `cancel` says what Escape does, and `take` gets None for it."""
        from client.ui.password_window import PasswordWindow

        self.push_screen(PasswordWindow(title, question, cancel), take)

    def press(self, action: str) -> None:
        """Run the action of a key."""
        self.run_worker(self.run_action(action, self.chat))

    def _note_in_log(self, event: Event) -> None:
        try:
            self.log_file.note(event)
        except OSError as error:
            self.say_aside(f"the log is closed: {error.strerror}")

    def _look_at(self, change: Change, buffer: Buffer) -> None:
        match change.aspect:
            case Aspect.APPENDED:
                self._alert(buffer, change.entries)
            case Aspect.BUFFERS | Aspect.MEMBERS if self._wanted and casefold(buffer.name) == self._wanted:
                self._wanted = ""
                self.show_buffer(buffer)
            case Aspect.MEMBERS if self._wants_lobby and buffer.kind is BufferKind.ROOM:
                self._wants_lobby = False
                if self.buffers.focused is self.buffers.server:
                    self.show_buffer(buffer)
            case Aspect.LOADING if self._jump is not None and buffer is self.buffers.focused and not buffer.is_loading:
                self.call_later(self._go_on_jumping)

    def _alert(self, buffer: Buffer, entries: Sequence[Entry]) -> None:
        """Alert the user to mentions and direct messages that are not in view."""
        if buffer is self.buffers.focused and self.app_focus:
            return
        for entry in entries:
            if entry.is_mention or (buffer.kind is BufferKind.PERSON and entry.is_message and not entry.is_own):
                where = "" if buffer.kind is BufferKind.PERSON else f" in {buffer.name}"
                self._alerts.mention(f"{entry.nick}{where}", entry.text, self.clock())
            elif entry.invites_to:
                self._alerts.mention(entry.nick, entry.text, self.clock())

    def _draw(self) -> None:
        if self.chat is not None:
            self.chat.draw()

    def on_app_blur(self) -> None:
        if self.chat is not None:
            self.chat.looked_at(False)

    def on_app_focus(self) -> None:
        if self.chat is not None:
            self.chat.looked_at(True)

    # --- which conversation ---------------------------------------------------------------------------------

    def show_buffer(self, buffer: Buffer) -> None:
        if self.chat is not None:
            self.chat.show_buffer(buffer)

    @property
    def awaits_lobby(self) -> bool:
        """Tell whether the network has yet to name its lobby."""
        return self.port is not None and self.port.read(lambda session: session.awaits_lobby)

    def show_when_joined(self, name: str) -> None:
        """Show a room as soon as it is joined."""
        self._wanted = casefold(name)

    def jump_to(self, entry: Entry | None) -> None:
        """Scroll to a message; load the pages up to it if necessary."""
        if entry is not None:
            self._jump = (entry, JUMP_PAGES)
            self._go_on_jumping()

    def _go_on_jumping(self) -> None:
        if self._jump is None or self.chat is None:
            return
        wanted, pages = self._jump
        buffer = self.buffers.focused
        entry = buffer.by_msgid.get(wanted.msgid)
        if entry is not None:
            self._jump = None
            self.chat.view.jump(entry)
        elif pages and buffer.has_more_above:
            self._jump = (wanted, pages - 1)
            self.actions.load_older(buffer)
        else:
            self._jump = None
            self.say_aside("that message is too far back to be shown in the conversation")

    # --- actions ---------------------------------------------------------------------------------------

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        self.controller.take(event.text, event.purpose)

    def action_empty_prompt(self) -> None:
        """Clear the prompt, as ^C does in a shell."""
        if self.chat is None or self.screen is not self.chat:
            return
        if self.chat.prompt.text:
            self.actions.set_typing(self.buffers.focused, TypingState.DONE, 0.0)
            self.chat.prompt.put("")
        else:
            self.say_aside("Ctrl+Q leaves")

    def on_message_view_asked(self, event: MessageView.Asked) -> None:
        entry = event.entry
        match event.what:
            case "copy" if not entry.is_redacted:
                self.copy_to_clipboard(entry.text)
                self.say_aside("copied")
            case "copy_code" if code := code_in(entry.raw_text):
                self.copy_to_clipboard(code)
                self.say_aside("code copied")
            case "copy_code":
                self.say_aside("there is no code in this message")
            case "open":
                if address := link_in(legible(entry.raw_text)):
                    self.open_link(address)
            case "join" if self.chat is not None:
                self.chat.view.stop_choosing()
                self.controller.show_conversation(entry.invites_to)
            case _ if not entry.msgid or entry.is_redacted or not entry.is_message:
                self.say_aside("that is not possible with this message")
            case "redact":
                self.actions.redact(self.buffers.focused.name, entry)
            case what if self.chat is not None:
                self.chat.prompt.begin(Purpose(what, entry))

    def on_message_view_link_clicked(self, event: MessageView.LinkClicked) -> None:
        self.open_link(event.address)

    def open_link(self, address: str) -> None:
        import webbrowser

        self.say_aside(f"opening {address}")
        self.run_worker(partial(webbrowser.open, address), thread=True, exit_on_error=False)

    # --- windows --------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        if self.screen is self.chat:
            from client.ui.help import Help

            self.push_screen(Help(self.colours, commands_like("/")))

    def action_palette(self) -> None:
        if self.screen is self.chat:
            self.push_screen(self.controller.palette(), lambda choice: choice.do() if choice else None)

    def open_room_finder(self, text: str) -> None:
        if self.screen is self.chat:
            self.push_screen(
                self.controller.room_finder(text),
                lambda room: self.controller.show_conversation(room.name) if room else None,
            )

    def action_search(self) -> None:
        self.search("")

    def search(self, text: str) -> None:
        if self.screen is self.chat:
            self.push_screen(self.controller.search_window(text), self.jump_to)

    def action_toggle_look(self) -> None:
        self.colours = LIGHT if self.colours is DARK else DARK
        self.theme = self.colours.name
        if self.chat is not None:
            self.chat.set_theme(self.colours)
