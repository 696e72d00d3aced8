"""Hostile messages: everything that others send is shown as text."""

from collections.abc import Callable

import pytest

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]

HOSTILE = {
    "script": "<script>window.harmed = 1</script>",
    "image": '<img src=x onerror="window.harmed = 1">',
    "style": "<style>*{display:none}</style></li></ol>",
    "script_link": "javascript:window.harmed=1 data:text/html,<script>window.harmed=1</script>",
    "proto": "__proto__ constructor toString ${window.harmed=1} {{window.harmed=1}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_is_text(pair: Pair, shared: Network, visit: Visit, name: str) -> None:
    room = f"#{name}"
    anna = visit().enter(pair[0].port, f"anna_{name}", room)
    shared.peer(pair[1], f"eve_{name}", "", room).do(f"PRIVMSG {room} :{HOSTILE[name]}")
    anna.wait(HOSTILE[name])
    assert anna.texts() == [HOSTILE[name]]
    assert anna.page.evaluate("window.harmed === undefined")
    assert anna.page.locator("#rows script, #rows img, #rows style, #rows a").count() == 0


def test_only_http_links_are_links_and_they_send_no_referrer(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_l", "#links")
    text = 'see (https://example.org/a_(b)?x="1), ftp://example.org and http://example.org/"onclick=x.'
    shared.peer(pair[1], "eve_l", "", "#links").do(f"PRIVMSG #links :{text}")
    anna.wait("see (")
    links = anna.page.locator("#rows .text a")
    assert links.evaluate_all("all => all.map(each => [each.href, each.rel, each.target])") == [
        ["https://example.org/a_(b)?x=", "noopener noreferrer", "_blank"],
        ["http://example.org/", "noopener noreferrer", "_blank"],
    ]
    assert anna.texts() == [text]


def test_control_characters_and_direction_overrides_are_removed(pair: Pair, shared: Network, visit: Visit) -> None:
    """UAX 9: an override could disguise a text. Zero-width characters and right-to-left text stay."""
    anna = visit().enter(pair[0].port, "anna_c", "#controls")
    eve = shared.peer(pair[1], "eve_c", "", "#controls")
    turned = "\u202egnp.exe\u202c \u2066x\u2069"
    eve.do(f"PRIVMSG #controls :\x1b[31mred\x1b[0m \x02bold\x0f \x0304,01colour\x03 {turned} \x9bm")
    eve.do("PRIVMSG #controls :zero\u200bwidth שלום עולם مرحبا e" + "\u0301" * 30)
    anna.wait("zero")
    first, second = anna.texts()
    assert first == "red bold colour gnp.exe x m"
    assert second == "zero\u200bwidth שלום עולם مرحبا e" + "\u0301" * 30
    box = anna.page.locator("#rows .text").last.bounding_box()
    assert box is not None
    assert box["height"] < 80


def test_a_room_link_that_ends_in_an_emoji_breaks_nothing(pair: Pair, shared: Network, visit: Visit) -> None:
    """A link of 63 UTF-16 units ended in half a surrogate pair, which encodeURIComponent rejects."""
    anna = visit().enter(pair[0].port, "anna_half", "#half")
    eve = shared.peer(pair[1], "eve_half", "", "#half")
    eve.do(*(f"PRIVMSG #half :#{'x' * count}🎉" for count in range(58, 66)))
    anna.say("still here")
    assert anna.texts() == [*(f"#{'x' * count}🎉" for count in range(58, 66)), "still here"]
    late = visit().enter(pair[0].port, "late_half", "#half")
    late.wait("still here")


def test_a_row_that_cannot_be_drawn_shows_its_text_and_no_other_is_affected(
    pair: Pair, shared: Network, visit: Visit
) -> None:
    anna = visit()
    anna.page.add_init_script(
        "const real = encodeURIComponent; window.encodeURIComponent = (it) => real(it === 'boom' ? '\\ud800' : it)"
    )
    anna.enter(pair[0].port, "anna_row", "#rows")
    shared.peer(pair[1], "eve_row", "", "#rows").do("PRIVMSG #rows :see #boom <b>", "PRIVMSG #rows :see #dev")
    anna.say("still here")
    assert anna.texts() == ["see #boom <b>", "see #dev", "still here"]
    assert anna.page.locator("#rows a").evaluate_all("all => all.map(each => each.dataset.room)") == ["#dev"]
    assert anna.problems
    assert all("URIError" in problem or "cannot be drawn" in problem for problem in anna.problems)
    anna.problems.clear()


def test_a_row_that_cannot_be_drawn_does_not_show_what_was_deleted(pair: Pair, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_gone", "#gone")
    body = """async () => {
        const { row } = await import("./view/message_row.js");
        const { Buffer } = await import("./buffer.js");
        const buffer = new Buffer("#x");
        const entry = { key: "k", kind: "message", nick: "e", text: "secret", rawText: "secret", at: NaN, msgid: "m" };
        const before = row(entry, { buffer, nick: "anna" }).textContent;
        buffer.annotations.redact("m", "e", "");
        return [before, row(entry, { buffer, nick: "anna" }).textContent];
    }"""
    assert anna.page.evaluate(body) == ["e: secret", "e: Deleted"]
    assert len(anna.problems) == 2
    anna.problems.clear()


def test_an_address_that_cannot_be_decoded_leads_to_the_lobby(pair: Pair, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_uri", "#%E0%A4%A")
    assert anna.page.locator("h1").inner_text() == "#lobby"
    anna.page.evaluate("location.hash = '#%E0%A4%A'")
    anna.say("still here")


def test_ten_thousand_lines_are_a_window_of_rows(pair: Pair, shared: Network, visit: Visit) -> None:
    """10,000 messages: the document keeps its bound, the last messages are visible, the page responds."""
    anna = visit().enter(pair[0].port, "anna_10k", "#flood")
    eve = shared.peer(pair[1], "eve_10k", "", "#flood")
    for start in range(0, 10_000, 500):
        eve.do(*(f"PRIVMSG #flood :line {number} of very many" for number in range(start, start + 500)))
    anna.wait("line 9999 of very many")
    assert anna.page.locator("#rows > li").count() <= 400
    anna.say("still here")


def test_one_message_of_ten_thousand_lines_is_folded(pair: Pair, visit: Visit) -> None:
    """Twenty lines are shown, and all of them on a click."""
    anna = visit().enter(pair[0].port, "anna_long", "#long")
    anna.say("short")
    anna.page.evaluate(
        """async () => {
            const { row } = await import("./view/message_row.js");
            const { Buffer } = await import("./buffer.js");
            const text = Array.from({ length: 10000 }, (_, n) => `line ${n}`).join("\\n");
            const entry = { key: "k", kind: "message", nick: "eve", rawText: text, at: 1, msgid: "m", version: 0 };
            const context = { buffer: new Buffer("#x"), nick: "anna" };
            document.getElementById("rows").append(row(entry, context), row(entry, { ...context, isOpen: true }));
        }"""
    )
    folded, whole = anna.page.locator("#rows .text").all()[-2:]
    assert folded.inner_text().endswith("line 19\nShow all (10,000 lines)")
    assert whole.inner_text().endswith("line 9999")
    boxes = [folded.bounding_box(), whole.bounding_box()]
    assert all(box is not None and box["height"] < 800 for box in boxes)


def test_hostile_tags_and_lines_do_no_harm(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_t", "#tags")
    eve = shared.peer(pair[1], "eve_t", "batch echo-message message-tags", "#tags")
    echo = eve.do("PRIVMSG #tags :target")
    msgid = next(line for line in echo if "msgid=" in line).split("msgid=")[1].split(" ")[0].split(";")[0]
    anna.wait("target")
    eve.do(
        f"@+reply={msgid};+draft/react=<b>x</b> TAGMSG #tags",
        *(f"@+reply={msgid};+draft/react={'W' * 13}{number} TAGMSG #tags" for number in range(40)),
        f"@+reply={msgid};+draft/react={'x' * 1000} TAGMSG #tags",
        "@+reply=__proto__;+draft/react=x TAGMSG #tags",
        "@+typing=constructor TAGMSG #tags",
        "@+reply=nothing\\:\\s PRIVMSG #tags :in answer to nothing",
    )
    anna.wait("in answer to nothing")
    anna.page.wait_for_selector(".chip >> text=<b>x</b> 1")
    assert anna.page.locator("#rows b").count() == 0
    assert anna.page.locator(".chip").count() == 20
    assert anna.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
