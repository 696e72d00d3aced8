"""The modules of the page that need a browser, by themselves. Those that do not are tested in tests/web."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.network.harness import Gateway
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]


@pytest.fixture
def run(pair: Pair, visit: Callable[..., Visitor]) -> Callable[..., Any]:
    """Run the body of a function of ``it`` with a module's exports as ``m``."""
    visitor = visit()
    visitor.page.goto(f"http://127.0.0.1:{pair[0].port}/")

    def run(module: str, body: str, it: object = None) -> Any:
        return visitor.page.evaluate(f"async it => {{ const m = await import('/{module}'); {body} }}", it)

    return run


def test_no_shortened_text_ends_in_half_a_character(run: Callable[..., Any]) -> None:
    """Room links, long texts and quotes end before or after a surrogate pair."""
    body = """
        const { row } = await import("./view/message_row.js");
        const { Buffer } = await import("./buffer.js");
        const found = [];
        for (let length = 0; length < 3010; length += 1) {
            const word = (count) => `#${"x".repeat(count)}`;
            const text = `${word(length % 100)} `.repeat(length / 101) + word(length % 101) + "🎉 end";
            const buffer = new Buffer("#x");
            const entry = { key: "k", kind: "message", nick: "e", text, rawText: text, at: 1, replyTo: "q" };
            buffer.viewport.restart([{ ...entry, key: "q", msgid: "q" }]);
            const element = row(entry, { buffer, nick: "anna" });
            if (!element.outerHTML.isWellFormed() || element.querySelector(".name") === null) found.push(length);
        }
        return found;
    """
    assert run("text.js", body) == []


def test_a_tab_that_is_slow_to_answer_is_waited_for(run: Callable[..., Any]) -> None:
    body = """
        const slow = new m.Tabs();
        slow.name = "anna";
        const answer = slow.onMessage.bind(slow);
        slow.onMessage = (message) => setTimeout(() => answer(message), 600);
        return [...await new m.Tabs().others("anna")];
    """
    assert run("tabs.js", body) == ["anna"]


@pytest.mark.parametrize("orders", [(0.1, 0.9), (0.9, 0.1)])
def test_of_two_tabs_that_ask_at_once_one_has_the_name(run: Callable[..., Any], orders: tuple[float, float]) -> None:
    """Which one depends on their timing; both of them learn it."""
    body = """
        const one = Object.assign(new m.Tabs(), { order: it[0] });
        const first = one.others("anna");
        const other = Object.assign(new m.Tabs(), { order: it[1] });
        const second = other.others("anna");
        return [[...await first], [...await second], m.freeName("anna_2", new Set(["anna", "anna_2"]))];
    """
    first, second, free = run("tabs.js", body, orders)
    assert sorted([first, second]) == [[], ["anna"]]
    assert free == "anna_3"
