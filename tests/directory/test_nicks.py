"""What a lane leaves in Redis of nicks that were given up."""

from typing import Any, cast

import pytest

from gateway.broker.keys import Keys
from gateway.chat.session import Session
from gateway.directory import nicks


class Recorder:
    """A link that notes which keys for WHOWAS there are."""

    def __init__(self) -> None:
        self.keys: set[object] = set()

    def call(self, key: str, _done: object, verb: str, *_args: object) -> None:
        if verb == "LPUSH":
            self.keys.add(key)
        elif verb == "DEL":
            self.keys.remove(key)


def test_so_many_nicks_are_remembered_for_whowas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may change its nick with every line: each of them would stay for a week."""
    monkeypatch.setattr(nicks, "WHOWAS_NICKS", 3)
    link = Recorder()
    directory = nicks.NickDirectory(cast("Any", link), Keys("p:"), "g.0")
    session = Session("g.0.1", "irc.test", cast("Any", None), "192.0.2.1", "host", 0.0)
    for nick in ("one", "two", "three", "ONE", "four", "five"):
        directory.remember(session, nick, 1000.0)
    assert link.keys == {"p:{whowas:one}", "p:{whowas:four}", "p:{whowas:five}"}
