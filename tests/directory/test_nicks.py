"""The data that a lane leaves in Redis for released nicks."""

from typing import Any, cast

import pytest

from gateway.broker.keys import Keys
from gateway.chat.session import Session
from gateway.directory import nicks


class Recorder:
    """A link that records the keys for WHOWAS."""

    def __init__(self) -> None:
        self.keys: set[object] = set()

    def call(self, key: str, _done: object, verb: str, *_args: object) -> None:
        if verb == "LPUSH":
            self.keys.add(key)
        elif verb == "DEL":
            self.keys.remove(key)


def test_so_many_nicks_are_remembered_for_whowas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may change its nick with every line. Each would be stored for a week."""
    monkeypatch.setattr(nicks, "WHOWAS_NICKS", 3)
    link = Recorder()
    directory = nicks.NickDirectory(cast("Any", link), Keys("p:"), "g.0")
    session = Session("g.0.1", "irc.test", cast("Any", None), "192.0.2.1", "host", 0.0)
    for nick in ("one", "two", "three", "ONE", "four", "five"):
        directory.remember(session, nick, 1000.0)
    assert link.keys == {"p:{whowas:one}", "p:{whowas:four}", "p:{whowas:five}"}
