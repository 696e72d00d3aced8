"""The line mode: what is typed, or comes through a pipe, goes to the network line by line.

Owns the way from the first line to the exit code, on the main thread: so while it waits for the keyboard, the
threads of the transport receive and send.
"""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType
from typing import Final

from client.screen import Screen
from client.session import Session
from client.transport import Transport
from client.typed import from_person, from_pipe, is_command
from gateway.wire.message import Message
from gateway.wire.text import strip_controls

QUIT_LIMIT_S: Final = 5.0  # a person who leaves does not wait longer for what is not delivered


def typed_lines(prompt: Callable[[], str]) -> Iterator[str]:
    """Give the lines typed on a terminal; arrow keys and history work if there is readline."""
    with suppress(ImportError):
        import readline

        readline.parse_and_bind("set horizontal-scroll-mode on")  # the screen counts on a single row
        readline.parse_and_bind("set enable-bracketed-paste off")  # several pasted lines are several
        readline.set_completer(lambda _text, _state: None)  # not file names
    try:
        while True:
            yield input(prompt())
    except EOFError:
        print()
    except KeyboardInterrupt:
        print()
        raise


def piped_lines() -> Iterator[str]:
    """Give the lines of the standard input as they come."""
    for line in sys.stdin:
        yield line.rstrip("\n")


class LineMode:
    """A session between a keyboard, or a pipe, and a screen."""

    def __init__(self, transport: Transport, screen: Screen) -> None:
        self._transport = transport
        self._screen = screen

    def run_for_person(self, *, is_prompting: bool) -> int:
        """Talk until /quit or the end of input; give the exit code."""
        lines = typed_lines(lambda: f"{strip_controls(self._room())}> ")
        if not is_prompting:
            lines = piped_lines()
        return self._run(lines, self._take_typed, self._finish_for_person)

    def run_for_pipe(self, wait_s: float) -> int:
        """Say what the pipe brings, and leave when all has arrived; give the exit code.

        When the pipe has ended, or fills the outbox before there ever was a connection, give up after `wait_s`
        without any progress.
        """
        return self._run(piped_lines(), lambda line: self._take_piped(line, wait_s), lambda: self._finish(wait_s))

    def _run(self, lines: Iterator[str], take: Callable[[str], bool], finish: Callable[[], None]) -> int:
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _interrupt)
        self._transport.start()
        try:
            for line in lines:
                if not take(line):
                    break
            finish()
        except KeyboardInterrupt:
            pass
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is leaving already
            self._transport.do(Session.give_up)
            self._transport.close()
        return 0 if self._transport.look(lambda session: session.was_registered and session.has_delivered_all) else 1

    def _room(self) -> str:
        return self._transport.look(lambda session: session.current_room)

    def _take_typed(self, line: str) -> bool:
        return self._take(from_person(line, self._room()))

    def _take_piped(self, line: str, wait_s: float) -> bool:
        """Take a line when there is room for it; a command when all before it is done."""
        comes_after_all = is_command(line)
        while not self._transport.wait_for(
            lambda session: session.is_settled if comes_after_all else session.can_take_more, wait_s
        ):
            if not self._transport.look(lambda session: session.was_registered):
                return False
        return self._take(from_pipe(line, self._room()))

    def _take(self, meant: Message | str | None) -> bool:
        """Do what was meant; False if it was to leave."""
        if isinstance(meant, Message):
            message = meant
            self._transport.do(lambda session, now: session.request(message, now))
            return message.verb != "QUIT"
        if meant is not None:
            self._screen.answer(meant)
        return True

    def _finish_for_person(self) -> None:
        if self._transport.look(lambda session: session.is_registered or session.unconfirmed > 0):
            self._finish(QUIT_LIMIT_S)

    def _finish(self, wait_s: float) -> None:
        """Let the session leave when all has arrived, as long as that goes on."""
        self._transport.do(Session.finish)
        while not self._transport.look(lambda session: session.is_finished) and self._has_progress(wait_s):
            pass

    def _has_progress(self, wait_s: float) -> bool:
        left = self._transport.look(lambda session: session.unconfirmed)
        return self._transport.wait_for(lambda session: session.is_finished or session.unconfirmed < left, wait_s)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interrupt_main_thread() -> None:
    """Make the main thread leave, from another one, even while it waits for the keyboard."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGTERM)
