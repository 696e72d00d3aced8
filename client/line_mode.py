"""The line mode: what is typed, or comes through a pipe, is sent line by line.

Owns the run from the first line to the exit code. On the main thread: while it waits for the keyboard, the threads of
the transport receive and send.
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

QUIT_LIMIT_S: Final = 5.0  # a user who leaves does not wait longer for unconfirmed messages


# In a pipe only these are commands; "//" before them makes them text. "/usr/bin" and "// a comment" are text.
_PIPE_VERBS: Final = [command.verb for command in commands.COMMANDS.values() if command.works_in_pipe]
_IN_PIPE: Final = re.compile(rf"//?(?:{'|'.join(_PIPE_VERBS)})(?: .*)?", re.IGNORECASE)


def piped_lines() -> Iterator[str]:
    """Yield the lines of the standard input."""
    for line in sys.stdin:
        yield line.rstrip("\n")


class LineMode:
    """A session between a keyboard or a pipe and a plain screen. It is the controller of client.commands."""

    def __init__(self, transport: Transport, screen: Screen, output: Output) -> None:
        self._transport = transport
        self._screen = screen
        self._output = output
        self._is_leaving = False
        self.is_pipe = False

    def run_for_person(self) -> int:
        """Run until /quit or the end of input; return the exit code."""
        return self._run(self._take_typed, self._finish_for_person)

    def run_for_pipe(self, wait_s: float) -> int:
        """Send the lines of the pipe, and leave when all are confirmed; return the exit code.

        Give up after `wait_s` without any progress: when the pipe has ended, when it fills the outbox, or when there is
        no room yet because there was no connection.
        """
        self.is_pipe = True
        return self._run(lambda line: self._take_piped(line, wait_s), lambda: self._finish(wait_s))

    def run_for_text(self, target: str, wait_s: float) -> int:
        """Send every line of the pipe to one room or person, like `run_for_pipe` without commands."""
        return self._run(lambda line: self._take_text(target, line, wait_s), lambda: self._finish(wait_s))

    def _run(self, take: Callable[[str], bool], finish: Callable[[], None]) -> int:
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _interrupt)
        try:
            self._transport.start()  # ^C may come before it returns
            for line in piped_lines():
                if not take(line):
                    break
            finish()
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the program ends already
            self._transport.do(Session.give_up)
            self._transport.close()
            self._output.read(lambda _buffers, log: log.close())
        return 0 if self._transport.read(lambda session: session.was_registered and session.has_delivered_all) else 1

    # --- lines ----------------------------------------------------------------------------------------------

    def _take_typed(self, line: str) -> bool:
        """Handle a typed line; False if it was /quit."""
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
        """Handle a line of the pipe: a message when there is room, a command in its turn. False after /quit."""
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
        """Wait until a condition is true; False if there was no connection in all that time."""
        while not self._transport.wait_for(claim, wait_s):
            if not self._transport.read(lambda session: session.was_registered):
                return False
        return True

    def _finish_for_person(self) -> None:
        if self._transport.read(lambda session: session.is_registered or session.unconfirmed > 0):
            self._finish(QUIT_LIMIT_S)

    def _finish(self, wait_s: float) -> None:
        """Let the session quit when everything is confirmed, as long as there is progress."""
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

    def show_conversation(self, name: str) -> None:
        self.do(lambda session, now: session.make_current(name, now))

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
            self.answer(f"logging to {path}" if path else "the log is closed")

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
    """Interrupt the main thread, even while it waits for the keyboard. Called on another thread."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGTERM)
