"""The main screen: the list of conversations, messages, members, and the prompt.

Owns which conversation is in view, and what is drawn when something changes: once for all changes of a frame.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from client.buffer import Buffer, BufferKind, Entry
from client.buffer_list import Aspect, Change
from client.buffers import Buffers
from client.commands import holds_secret
from client.events import ConnectionState
from client.typing_and_read_markers import TypingState
from client.ui.bars import Rule, StatusBar, TopicBar
from client.ui.completion import Names, Offer, help_for
from client.ui.emoji import with_emoji
from client.ui.entry_view import EntryView
from client.ui.hints import Hints
from client.ui.keys import KEYS
from client.ui.listing import Listing
from client.ui.members import MemberList
from client.ui.messages import MessageView
from client.ui.no_gateway import NoGateway
from client.ui.prompt import Prompt
from client.ui.rooms import RoomList
from client.ui.session_actions import SessionActions
from client.ui.theme import Theme
from gateway.wire.visible import is_reaction

_NICKS_LOOKED_AT: Final = 200  # of the last messages: their senders are completed first


class Chat(Screen[None]):
    """A conversation with its members, beside the list of all conversations."""

    DEFAULT_CSS = """
    Chat { layout: vertical; background: $background; }
    Chat > Horizontal { height: 1fr; }
    Chat #middle { width: 1fr; }
    Chat #conversation { height: 1fr; layers: base hints; }
    Chat #writing { height: auto; }
    Chat #writing Static { width: 2; color: $accent; padding-left: 1; }
    Chat MemberList { display: none; }
    Chat.-narrow RoomList { display: none; }
    Chat.-wide MemberList { display: block; }
    Chat.-rooms-shown RoomList, Chat.-members-shown MemberList { display: block; }
    Chat.-rooms-hidden RoomList, Chat.-members-hidden MemberList, Chat.-alone MemberList { display: none; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (100, "-wide")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key.key, key.action, key.title, show=False, priority=True) for key in KEYS
    ]

    class Ready(Message):
        """The screen is mounted and can draw."""

    def __init__(
        self, buffers: Buffers, actions: SessionActions, theme: Theme, names: Names, clock: Callable[[], float]
    ) -> None:
        super().__init__()
        self.buffers = buffers
        self._actions = actions
        self._clock = clock
        self._names = names
        self._aspects: set[Aspect] = set()
        self._added: list[Entry] = []
        self._updated: list[Entry] = []
        self._dropped: list[Entry] = []
        self.drafts: dict[str, str] = {}
        self._new_count = 0  # messages below the view
        self._is_looked_at = True  # the terminal has the focus, as far as it reports that
        self.rooms = RoomList(theme)
        self.topic = TopicBar(theme, id="topic")
        self.no_gateway = NoGateway()
        self.view = MessageView(theme)
        self.hints = Hints(theme)
        self.rule = Rule(theme, id="rule")
        self.prompt = Prompt(self._known_names, self._take_key)
        self.members = MemberList(theme)
        self.status = StatusBar(theme, id="status")

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.rooms
            with Vertical(id="middle"):
                yield self.topic
                with Container(id="conversation"):
                    yield self.no_gateway
                    yield self.view
                    yield self.hints
                yield self.rule
                with Horizontal(id="writing"):
                    yield Static("›", markup=False)
                    yield self.prompt
            yield self.members
        yield self.status

    def on_mount(self) -> None:
        self.set_interval(1.0, self._pass_time)
        self.prompt.put(self.drafts.get(self.buffers.focused.name, ""))
        self.show_buffer(self.buffers.focused)
        self.post_message(self.Ready())

    def set_theme(self, theme: Theme) -> None:
        for bar in (self.topic, self.rule, self.status, self.hints):
            bar.theme = theme
            bar.refresh()
        for part in (self.rooms, self.view, self.members):
            part.set_theme(theme)
        self.draw_all()

    # --- what changes ---------------------------------------------------------------------------------------

    def note(self, changes: Sequence[Change]) -> None:
        """Note changes, to be drawn with the next frame."""
        for change in changes:
            if change.buffer is None or change.buffer is self.buffers.focused:
                self._aspects.add(change.aspect)
                self._note_lines(change)
            elif change.aspect in (Aspect.COUNTS, Aspect.BUFFERS, Aspect.MEMBERS):
                self._aspects.add(Aspect.COUNTS)

    def _note_lines(self, change: Change) -> None:
        match change.aspect:
            case Aspect.APPENDED | Aspect.INSERTED:
                self._added += change.entries
            case Aspect.UPDATED:
                self._updated += change.entries
            case Aspect.DROPPED:
                self._dropped += change.entries
        if change.aspect is Aspect.APPENDED and not self.view.is_at_end:
            self._new_count += sum(entry.is_message for entry in change.entries)

    def draw(self) -> None:
        """Draw the changes that were noted."""
        aspects, self._aspects = self._aspects, set()
        if aspects & {Aspect.APPENDED, Aspect.INSERTED, Aspect.UPDATED, Aspect.DROPPED}:
            self.view.take(self._updated, self._added, self._dropped)
            self._added, self._updated, self._dropped = [], [], []
        if Aspect.LOADING in aspects:
            self.view.refresh()
        if aspects & {Aspect.COUNTS, Aspect.BUFFERS}:
            self._draw_rooms()
        if aspects & {Aspect.MEMBERS, Aspect.TOPIC}:
            self._draw_people()
        if aspects & {Aspect.TYPING, Aspect.APPENDED}:
            self._draw_rule()
        if aspects & {Aspect.CONNECTION, Aspect.APPENDED, Aspect.UPDATED}:
            self._draw_status()

    def draw_all(self) -> None:
        self._draw_rooms()
        self._draw_people()
        self._draw_rule()
        self._draw_status()

    def _pass_time(self) -> None:
        """Update the status once a second, because it needs the lock of the session."""
        self._draw_rule()
        self._draw_status()
        if self.view.is_at_end and self._is_looked_at:
            self._actions.mark_read(self.buffers.focused)

    def _draw_rooms(self) -> None:
        self.rooms.describe(self.buffers.ordered, self.buffers.focused)

    def _draw_people(self) -> None:
        buffer = self.buffers.focused
        self.topic.describe(buffer, is_connected=self.buffers.connection.state is ConnectionState.CONNECTED)
        self.set_class(buffer.kind is not BufferKind.ROOM, "-alone")
        if self.members.display:
            self.members.show(buffer.sorted_members())

    def _draw_rule(self) -> None:
        news = f"↓ {self._new_count:,} new · Ctrl+End" if self._new_count else "↓ Ctrl+End"
        typing = self.buffers.focused.typing_nicks(self._clock())
        self.rule.describe(typing, self._mode(), "" if self.view.is_at_end else news)

    def _draw_status(self) -> None:
        buffers = self.buffers
        waiting = sum(buffer.waiting for buffer in buffers.ordered)
        self.status.describe(buffers.connection, buffers.own_nick, waiting, self._clock())
        self.no_gateway.describe(buffers.connection, self._clock())

    def _mode(self) -> str:
        """Describe what Enter will do, "" for sending one line."""
        prompt = self.prompt
        if self.view.is_to_confirm:
            return "Enter deletes this message for everybody · Esc keeps it"
        if self.view.chosen is not None and not self.view.chosen.is_message:
            return f"Enter {'joins' if self.view.chosen.invites_to else 'shows each'} · Esc"
        if self.view.chosen is not None:
            return "r reply · e react · d delete · y copy · o open · Esc"
        if prompt.is_to_confirm:
            return f"Enter again says {prompt.line_count:,} lines as one message · Esc goes back"
        if prompt.purpose is not None:
            nick = prompt.purpose.entry.nick
            if prompt.purpose.what == "reply":
                return f"replying to {nick} · Esc just talks"
            if prompt.text.strip() and not is_reaction(with_emoji(prompt.text.strip())):
                return "a reaction is one emoji or one word · Esc makes a message of it"
            return f"react to {nick} with :name: or an emoji · Esc gives up"
        return f"{prompt.line_count:,} lines" if prompt.line_count > 1 else ""

    # --- which conversation ---------------------------------------------------------------------------------

    def show_buffer(self, buffer: Buffer) -> None:
        """Show a conversation; its unread messages are marked, and count as read."""
        self.drafts[self.buffers.focused.name] = self.prompt.text
        is_resumed = buffer.name in self.buffers.resumed  # what is new since the last run may not be loaded yet
        self.buffers.resumed.discard(buffer.name)
        unread_from = buffer.read_until if buffer.unread or is_resumed else None
        changes = self.buffers.focus(buffer)
        self.view.show(buffer, unread_from, self._clock() if is_resumed else math.inf)
        self._new_count = 0
        self.prompt.purpose = None
        self.prompt.put(self.drafts.get(buffer.name, ""))
        self.prompt.focus()
        self.note(changes)
        self._note_follow()
        self.draw_all()
        self._actions.mark_read(buffer)

    def written(self) -> dict[str, str]:
        """Return the texts of the prompts, by conversation, except those that may contain a password."""
        drafts = {**self.drafts, self.buffers.focused.name: "" if self.prompt.purpose else self.prompt.text}
        return {name: draft for name, draft in drafts.items() if draft and not holds_secret(draft)}

    def looked_at(self, is_looked_at: bool) -> None:
        """Note whether the terminal has the focus: without it, new messages are unread."""
        if is_looked_at is not self._is_looked_at:
            self._is_looked_at = is_looked_at
            if not is_looked_at:
                self.view.mark_unread(self.buffers.focused.read_until)
            self._note_follow()

    def _note_follow(self) -> None:
        is_at_end = self.view.is_at_end and self._is_looked_at
        self.note(self.buffers.follow(self.buffers.focused, is_at_end=is_at_end))
        if is_at_end:
            self._new_count = 0
            self._actions.mark_read(self.buffers.focused)
        self.draw()
        self._draw_rule()

    def on_entry_view_moved(self, event: EntryView.Moved) -> None:
        self._note_follow()
        buffer = self.buffers.focused
        if event.wants_older and buffer.has_more_above and not buffer.is_loading:
            self._actions.load_older(buffer)

    def action_turn(self, step: int) -> None:
        ordered = self.buffers.ordered
        index = next((index for index, each in enumerate(ordered) if each is self.buffers.focused), 0)
        self.show_buffer(ordered[(index + step) % len(ordered)])

    def action_close(self) -> None:
        """Close a conversation; a room is left."""
        buffer = self.buffers.focused
        if buffer.kind is BufferKind.SERVER:
            return
        if buffer.is_joined and buffer.kind is BufferKind.ROOM:
            self._actions.leave(buffer.name)
        self.action_turn(-1)
        self.note(self.buffers.close(buffer))
        self.view.forget(buffer.name)
        self.drafts.pop(buffer.name, None)
        self.draw_all()

    def action_next_unread(self) -> None:
        """Show the next conversation with a mention, or else with an unread message, in the order of the list."""
        ordered = self.buffers.ordered
        waiting = [each for each in ordered if each.mentions] or [each for each in ordered if each.unread]
        if waiting:
            self.show_buffer(waiting[0])

    def on_listing_picked(self, event: Listing.Picked) -> None:
        if event.listing_id == self.rooms.id:
            self.show_buffer(self.rooms.items[event.index])
        else:
            self.open_person(self.members.items[event.index].nick)

    def open_person(self, nick: str) -> None:
        buffer, changes = self.buffers.open_person(nick)
        self.note(changes)
        self._actions.open_person(nick)
        self.show_buffer(buffer)

    # --- the line that is typed -----------------------------------------------------------------------------

    async def _take_key(self, event: events.Key) -> bool:
        """Offer a key to the selected message. A letter without a meaning there is typed, with the `d` before it."""
        was_asked = self.view.is_to_confirm
        is_taken = await self.view.take_key(event.key)
        if was_asked and not is_taken and event.is_printable:
            self.prompt.insert("d")
        return is_taken

    def on_prompt_edited(self) -> None:
        prompt = self.prompt
        self.view.stop_choosing()
        usage = help_for(prompt.text, self._names)
        if prompt.completion.offers or usage is None:
            self.hints.show(prompt.completion.offers, prompt.offered)
        else:
            self.hints.show([Offer("", *usage)])
        self._draw_rule()
        is_reacting = prompt.purpose is not None and prompt.purpose.what == "react"
        if prompt.text and not prompt.text.startswith("/") and not is_reacting:
            self._actions.set_typing(self.buffers.focused, TypingState.ACTIVE, time.monotonic())

    def _known_names(self) -> Names:
        buffer = self.buffers.focused
        entries = list(buffer.entries)[-_NICKS_LOOKED_AT:]
        spoke = [entry.nick for entry in reversed(entries) if entry.is_message and not entry.is_own]
        nicks = dict.fromkeys([*spoke, *(member.nick for member in buffer.sorted_members())])
        nicks.pop(self.buffers.own_nick, None)
        rooms = [each.name for each in self.buffers.ordered if each.kind is BufferKind.ROOM]
        return Names(tuple(nicks), rooms, self._names.commands)

    def on_prompt_escaped(self) -> None:
        self.view.begin_choosing()
        self._draw_rule()

    def on_prompt_paged(self, event: Prompt.Paged) -> None:
        self.view.action_page(event.direction)

    # --- showing and hiding ---------------------------------------------------------------------------------

    def action_toggle_rooms(self) -> None:
        self._toggle(self.rooms.display, "rooms")

    def action_toggle_members(self) -> None:
        self._toggle(self.members.display, "members")
        self.call_after_refresh(self._draw_people)

    def _toggle(self, is_shown: bool, part: str) -> None:
        self.set_class(not is_shown, f"-{part}-shown")
        self.set_class(is_shown, f"-{part}-hidden")

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw_all)

    def action_end(self) -> None:
        self.view.scroll_to_end()
        self.prompt.focus()

    def action_redraw(self) -> None:
        self.refresh(layout=True)
