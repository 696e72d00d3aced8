"""One run of the full screen: from the first frame to the exit code, also when the terminal disappears."""

import os
import select
import sys
import threading

from client.files import Log
from client.session import Session
from client.ui.app import Connect, Hubbub, Preferences
from client.ui.kept_state import KeptState


def run(
    connect: Connect,
    name: str,
    preferences: Preferences,
    kept_state: KeptState,
    *,
    suggestion: str = "",
    log: Log | None = None,
) -> int:
    """Run until the user leaves; return the exit code: 0 if everything that they sent was delivered."""
    app = Hubbub(connect, name, preferences, suggestion=suggestion, log=log, kept_state=kept_state)
    threading.Thread(target=_end_with_terminal, args=(app,), name="hang-up", daemon=True).start()
    app.run()
    if app.port is None:
        return 0
    app.port.do(Session.give_up)
    app.port.close()
    return 0 if app.port.read(lambda session: session.has_delivered_all) else 1


def _end_with_terminal(app: Hubbub) -> None:
    """End the process when the terminal disappears without a signal: writing to it would block for ever."""
    poll = select.poll()
    poll.register(sys.stdin, 0)  # hang-up and error are always reported
    poll.poll()
    if app.port is not None:
        app.port.do(Session.give_up)
        app.port.close()
    os._exit(os.EX_IOERR)
