"""Messages, topics and the frame around them."""

from collections.abc import Callable

import pytest

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"

# Pairs of texts in a row of which one covers the other.
_COVERED = """() => [...document.querySelectorAll("#rows .gutter time")].filter((time) => {
    const range = document.createRange();
    range.selectNodeContents(time);
    const content = time.closest(".line").querySelector(".content");
    return range.getBoundingClientRect().right > content.getBoundingClientRect().left;
}).length"""


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "ko-KR"])
def test_a_time_has_the_format_of_the_locale_and_covers_nothing(pair: Pair, visit: Visit, locale: str) -> None:
    room = f"#time-{locale.lower()}"
    anna = visit(locale=locale, timezone_id="UTC")
    anna.page.clock.set_fixed_time("2026-01-02T15:49:00Z")
    anna.enter(pair[0].port, f"anna_{locale[-2:]}", room)
    anna.page.evaluate(
        """async () => {
            const { row } = await import("./view/message_row.js");
            const { Buffer } = await import("./buffer.js");
            const { entryOf } = await import("./entries.js");
            const { parse } = await import("./irc.js");
            const line = "@time=2026-01-02T15:49:00.000Z :eve!e@h PRIVMSG #x :the text";
            const entry = entryOf(parse(line), 0, () => false);
            const context = { buffer: new Buffer("#x"), nick: "anna" };
            const rows = [row(entry, context), row(entry, { ...context, isContinued: true })];
            document.getElementById("rows").append(...rows);
        }"""
    )
    heading, gutter = (time.replace("\u202f", " ") for time in anna.page.locator("#rows time").all_inner_texts()[-2:])
    expected = {"en-US": ("3:49 PM", "3:49"), "en-GB": ("15:49", "15:49"), "ko-KR": ("오후 3:49", "3:49")}
    assert (heading, gutter) == expected[locale]
    assert anna.page.evaluate(_COVERED) == 0


def test_our_name_is_marked_in_messages_of_others(pair: Pair, shared: Network, visit: Visit) -> None:
    """But not in our own messages."""
    anna = visit().enter(pair[0].port, "anna_own", "#own")
    anna.say("I am anna_own")
    shared.peer(pair[1], "ben_own", "", "#own").do("PRIVMSG #own :hello anna_own")
    anna.wait("hello anna_own")
    assert anna.page.locator("#rows mark").all_inner_texts() == ["anna_own"]
    assert anna.page.locator("#rows .mentioned").count() == 1


def test_an_avatar_has_the_name_of_the_person(pair: Pair, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_avatar", "#avatar")
    anna.say("hello")
    assert anna.page.locator("#rows .tile").last.get_attribute("title") == "anna_avatar"


def test_a_topic_has_working_links(pair: Pair, shared: Network, visit: Visit) -> None:
    """In the header and in the event; a link to a room opens it."""
    anna = visit().enter(pair[0].port, "anna_topic", "#topic")
    shared.peer(pair[1], "ben_topic", "", "#topic")
    anna.type("/topic read https://example.org/a first, then #topic-two")
    anna.page.wait_for_selector("#topic a")
    links = anna.page.locator("#topic a").evaluate_all("all => all.map(each => [each.href, each.target])")
    assert links[0] == ["https://example.org/a", "_blank"]
    anna.page.wait_for_selector(".entry.event a >> text=https://example.org/a")
    anna.page.click("#topic a >> text=#topic-two")
    anna.until("document.querySelector('h1').textContent === '#topic-two'")


def test_the_name_of_the_gateway_is_not_cut(network: Network, visit: Visit) -> None:
    name = "gateway-seven-of-the-chat-network.internal.example.org"
    anna = visit().enter(network.gateway("--name", name).port, "anna", "#name")
    assert anna.page.inner_text("#server") == name
    assert anna.page.evaluate("(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(server)") == 0


def test_an_empty_conversation_says_so(pair: Pair, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_empty", "#empty")
    anna.page.wait_for_selector("#beginning >> text=Nothing has been said yet.")
    anna.type("/msg anna_other")
    anna.page.wait_for_selector("#beginning >> text=Only the two of you can read it.")
