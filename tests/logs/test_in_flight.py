"""Events and entries on their way into a log, as values."""

import pytest

from gateway.chat.events import encode
from gateway.logs.in_flight import InFlight, LogQueue, PendingEvent
from tests.stage.worlds import Stage


@pytest.mark.parametrize("line", ["PRIVMSG #a :hi", "PRIVMSG #a :Grüße", "PRIVMSG #a :\U0001f600"])
def test_the_size_of_an_event_is_its_share_of_the_payload(line: str) -> None:
    one, two = encode([("g.0.1", line)]), encode([("g.0.1", line), ("g.0.22", line)])
    assert PendingEvent("g.0.1", line).size_bytes == len(one) - 1  # its sid is followed by CRLF in place of a space
    assert PendingEvent("g.0.22", line).size_bytes == len(two) - len(one)


@pytest.mark.parametrize(("origin", "count"), [("gw1.0:17", 17), ("", 0)])
def test_the_count_of_an_entry_is_in_its_origin(origin: str, count: int) -> None:
    assert InFlight(origin, b"").count == count


def test_a_queue_names_the_keys_of_its_log(stage: Stage) -> None:
    queue = LogQueue("#a", stage.keys, None)
    assert queue.keys == (stage.keys.log("#a"), stage.keys.head("#a"))
    assert (queue.log, queue.live, queue.rejected) == (queue.keys[0], stage.keys.live("#a"), stage.keys.rejected("#a"))
    assert not queue.has_more
