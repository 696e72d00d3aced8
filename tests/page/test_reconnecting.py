"""A gateway dies: the page reconnects to the same address, and each message is there exactly once."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.chaos.forwarder import Forwarder
from tests.network.harness import Network
from tests.page.browser import Visitor

Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"


def said(lines: list[str]) -> list[str]:
    """Return the texts of messages."""
    return [line.split(" PRIVMSG ")[1].partition(" :")[2] for line in lines if " PRIVMSG " in line]


def test_another_gateway_takes_over_the_address(network: Network, visit: Visit) -> None:
    first, other = network.gateways(2)
    anna = visit().enter(first.port, "anna")
    ben = network.peer(other, "ben", CAPS, "#lobby")
    anna.say("before")
    ben.do(*(f"PRIVMSG #lobby :live {number}" for number in range(5)))
    anna.wait("live 4")

    anna.type("perhaps on its way")
    first.kill()
    anna.page.wait_for_selector("#connection-problem")
    anna.type("typed meanwhile 1")
    anna.type("typed meanwhile 2")
    anna.page.wait_for_selector(".waiting >> text=typed meanwhile 2")
    missed = [f"missed {number}" for number in range(110)]  # more than a page of history, less than a window of rows
    ben.do(*(f"PRIVMSG #lobby :{text}" for text in missed))
    network.gateway(port=first.port)

    anna.until("!document.querySelector('.entry.waiting')")
    anna.wait("typed meanwhile 2")
    anna.page.wait_for_selector("#connection-problem", state="hidden")
    ben.do("PRIVMSG #lobby :after")
    anna.wait("after")
    seen = anna.texts()
    expected = [*missed, "perhaps on its way", "typed meanwhile 1", "typed meanwhile 2", "after"]
    assert Counter(text for text in seen if text in expected) == Counter(expected)
    assert [text for text in seen if text in expected[-4:]][-3:] == expected[-3:]
    anna.until("document.getElementById('my-name').textContent === 'anna'")


def test_messages_sent_around_a_crash_arrive_once(network: Network, visit: Visit) -> None:
    """Ten messages in flight when the gateway is killed: each arrives once, in order, on the other side."""
    first, other = network.gateways(2)
    ben = network.peer(other, "ben", CAPS, "#lobby")
    anna = visit().enter(first.port, "anna")
    for number in range(10):
        anna.type(f"say {number}")
    first.kill()
    for number in range(10, 20):
        anna.type(f"say {number}")
    network.gateway(port=first.port)
    ben.until("say 19")
    anna.until("!document.querySelector('.entry.waiting')")
    history = network.peer(other, "cora", f"{CAPS} draft/chathistory", "#lobby").do("CHATHISTORY LATEST #lobby * 100")
    assert said(history) == [f"say {number}" for number in range(20)]
    assert anna.texts() == [f"say {number}" for number in range(20)]


EVENTS = {
    "TOPIC #events :the plan": "set the topic: the plan",
    "MODE #events +v anna": "set mode +v anna",
    "NICK carola": "cora is now carola",
}


@pytest.mark.parametrize("last", EVENTS)
def test_events_are_shown_once_around_a_crash(network: Network, visit: Visit, last: str) -> None:
    """The history after the crash contains the topic, the mode and the rename that were shown live."""
    first, other = network.gateways(2)
    cora = network.peer(other, "cora", CAPS, "#elsewhere", "#events")
    anna = visit().enter(first.port, "anna", "#events,elsewhere")
    anna.wait("anna joined")
    for line in sorted(EVENTS, key=lambda line: line == last):
        cora.do(line)
    for text in EVENTS.values():
        anna.wait(text)
    first.kill()
    anna.page.wait_for_selector("#connection-problem")
    network.gateway(port=first.port)
    anna.wait_joined()
    anna.say("after")
    rows = anna.page.inner_text("#rows")
    assert [rows.count(text) for text in EVENTS.values()] == [1, 1, 1], rows
    anna.page.click('[data-conversation="#elsewhere"]')
    anna.until("document.querySelector('h1').textContent === '#elsewhere'")
    anna.wait("cora is now carola")
    assert anna.page.inner_text("#rows").count("cora is now carola") == 1


def test_a_silent_connection_is_given_up(network: Network, visit: Visit) -> None:
    """No data and no close: the page detects it by its PINGs."""
    gateway = network.gateway()
    forwarder = Forwarder(gateway.port)
    try:
        anna = visit()
        anna.page.clock.install()
        anna.enter(forwarder.port, "anna")
        anna.say("before")
        forwarder.is_hole = True
        anna.page.clock.run_for(65_000)
        anna.page.wait_for_selector("#server:not(.up)", state="attached")
        forwarder.is_hole = False
        forwarder.reset()
        anna.page.clock.run_for(20_000)
        anna.wait_joined()
        anna.say("after")
    finally:
        forwarder.close()
