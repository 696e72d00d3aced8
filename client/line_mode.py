"""The line mode: what is typed, or comes through a pipe, goes to the network line by line.

Owns the way from the first line to the exit code, on the main thread: so while it waits for the keyboard, the
threads of the transport receive and send.
"""

import getpass
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

from client import commands
from client.buffer import Entry
from client.buffers import Buffers
from client.files import Log, export
from client.output import Output
from client.screen import Screen
from client.session import Session
from client.transport import Transport
from gateway.wire.message import Message
from gateway.wire.text import strip_controls

QUIT_LIMIT_S: Final = 5.0  # a person who leaves does not wait longer for what is not delivered


# In a pipe only these are commands, or "//" and these where they are text: "/usr/bin" and "// a comment" are text.
_PIPE_VERBS: Final = [command.verb for command in commands.COMMANDS.values() if command.works_in_pipe]
_IN_PIPE: Final = re.compile(rf"//?(?:{'|'.join(_PIPE_VERBS)})(?: .*)?", re.IGNORECASE)


def piped_lines() -> Iterator[str]:
    """Give the lines of the standard input as they come."""
    for line in sys.stdin:
        yield line.rstrip("\n")


class LineMode:
    """A session between a keyboard, or a pipe, and a screen; the controller (client.commands) of whoever types."""

    def __init__(self, transport: Transport, screen: Screen, output: Output) -> None:
        self._transport = transport
        self._screen = screen
        self._output = output
        self._is_leaving = False
        self.is_pipe = False

    def run_for_person(self) -> int:
        """Talk until /quit or the end of input; give the exit code."""
        return self._run(self._take_typed, self._finish_for_person)

    def run_for_pipe(self, wait_s: float) -> int:
        """Say what the pipe brings, and leave when all has arrived; give the exit code.

        When the pipe has ended, fills the outbox, or has no room to talk in before there ever was a connection, give
        up after `wait_s` without any progress.
        """
        self.is_pipe = True
        return self._run(lambda line: self._take_piped(line, wait_s), lambda: self._finish(wait_s))

    def run_for_text(self, target: str, wait_s: float) -> int:
        """Say every line of a pipe to one room or person, as `run_for_pipe`, and nothing but that."""
        return self._run(lambda line: self._take_text(target, line, wait_s), lambda: self._finish(wait_s))

    def _run(self, take: Callable[[str], bool], finish: Callable[[], None]) -> int:
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _interrupt)
        try:
            self._transport.start()  # what it shows may be answered with ^C before it is through
            for line in piped_lines():
                if not take(line):
                    break
            finish()
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is leaving already
            self._transport.do(Session.give_up)
            self._transport.close()
            self._output.read(lambda _buffers, log: log.close())
        return 0 if self._transport.read(lambda session: session.was_registered and session.has_delivered_all) else 1

    # --- lines ----------------------------------------------------------------------------------------------

    def _take_typed(self, line: str) -> bool:
        """Take a line of a person; False if it was to leave."""
        if line.startswith("/") and not line.startswith("//"):
            commands.run(line, self)
        else:
            self._say(line.removeprefix("/"))
        return not self._is_leaving

    def _say(self, line: str) -> None:
        here, text = self.here, strip_controls(line)
        if here and text.strip():
            self.do(lambda session, now: session.say(here, text, now))
        elif text.strip() and self._transport.read(lambda session: session.awaits_lobby):
            self.answer(f"not delivered (there is no connection yet): {text}")
        elif text.strip():
            self.answer("You are in no room: /join one first, for example /join lobby")

    def _take_piped(self, line: str, wait_s: float) -> bool:
        """Take a line when there is room for it; a command when all before it is done. False if it was to leave."""
        comes_after_all = _IN_PIPE.fullmatch(line) is not None

        def is_its_turn(session: Session) -> bool:
            return session.is_settled if comes_after_all else session.can_take_more and not session.awaits_lobby

        if not self._wait(is_its_turn, wait_s):
            if not comes_after_all:
                self._say(line)
            return False
        if not comes_after_all:
            self._say(line)
        else:
            self._take_typed(line)
        return not self._is_leaving

    def _take_text(self, target: str, line: str, wait_s: float) -> bool:
        if not self._wait(lambda session: session.can_take_more, wait_s):
            return False
        self.do(lambda session, now: session.say(target, strip_controls(line), now))
        return True

    def _wait(self, claim: Callable[[Session], bool], wait_s: float) -> bool:
        """Wait until something is true; False where there was no connection in all that time."""
        while not self._transport.wait_for(claim, wait_s):
            if not self._transport.read(lambda session: session.was_registered):
                return False
        return True

    def _finish_for_person(self) -> None:
        if self._transport.read(lambda session: session.is_registered or session.unconfirmed > 0):
            self._finish(QUIT_LIMIT_S)

    def _finish(self, wait_s: float) -> None:
        """Let the session leave when all has arrived, as long as that goes on."""
        self._transport.do(Session.finish)
        while not self._transport.read(lambda session: session.is_finished) and self._has_progress(wait_s):
            pass

    def _has_progress(self, wait_s: float) -> bool:
        left = self._transport.read(lambda session: session.unconfirmed)
        return self._transport.wait_for(lambda session: session.is_finished or session.unconfirmed < left, wait_s)

    # --- the controller -------------------------------------------------------------------------------------------

    @property
    def here(self) -> str:
        return self._transport.read(lambda session: session.current_room)

    def message(self, *, is_own: bool = False) -> Entry | None:
        here = self.here

        def newest(buffers: Buffers, _log: Log) -> Entry | None:
            buffer = buffers.get(here)
            return buffer.last_message(is_own=is_own) if buffer else None

        return self._output.read(newest)

    def do(self, action: Callable[[Session, float], object]) -> None:
        self._transport.do(action)

    def answer(self, text: str) -> None:
        self._screen.answer(text)

    def turn_to(self, name: str) -> None:
        self.do(lambda session, now: session.turn_to(name, now))

    def search(self, text: str) -> None:
        here = self.here
        self.do(lambda session, now: session.search(here, text, now))

    def list_rooms(self, text: str) -> None:
        message = Message("LIST", text.split()[:1])
        self.do(lambda session, now: session.request(message, now))

    def ask_password(self, question: str, take: Callable[[str], None]) -> None:
        with suppress(EOFError):
            if password := getpass.getpass(f"{question}: "):
                take(password)

    def log(self, path: str) -> None:
        try:
            self._output.read(lambda _buffers, log: log.open(Path(path).expanduser()) if path else log.close())
        except OSError as error:
            self.answer(f"cannot write to {path}: {error.strerror}")
        else:
            self.answer(f"logging to {path}" if path else "there is no log now")

    def export(self, path: str) -> None:
        here = self.here

        def write(buffers: Buffers, _log: Log) -> int:
            return export(buffers.get(here) or buffers.server, Path(path).expanduser())

        try:
            count = self._output.read(write)
        except OSError as error:
            self.answer(f"cannot write to {path}: {error.strerror}")
        else:
            self.answer(f"{count} lines written to {path}")

    def leave(self, reason: str) -> None:
        self._is_leaving = True
        self.do(lambda session, now: session.request(Message("QUIT", [reason] if reason else []), now))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interrupt_main_thread() -> None:
    """Make the main thread leave, from another one, even while it waits for the keyboard."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGTERM)
