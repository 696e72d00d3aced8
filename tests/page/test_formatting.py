"""Code, quotes, lists and emphasis in the page. tests/web tests the grammar."""

from collections.abc import Callable

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]

CODE = ("```py", "if x < 1:", '    print("*<b>*", "`#dev`")', "```")


def say_lines(shared: Network, gateway: Gateway, nick: str, room: str, *lines: str) -> None:
    """One message of several lines (IRCv3 multiline)."""
    peer = shared.peer(gateway, nick, "batch draft/multiline message-tags", room)
    peer.do(
        f"BATCH +m draft/multiline {room}",
        *(f"@batch=m PRIVMSG {room} :{line}" for line in lines),
        "BATCH -m",
    )


def test_emphasis_becomes_elements_and_nothing_is_html(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_em", "#emphasis")
    eve = shared.peer(pair[1], "eve_em", "", "#emphasis")
    eve.do("PRIVMSG #emphasis :**<i>b</i>** *i* ~~s~~ `<b>*c*</b>` \x1fu\x1f \x0304red\x03 **anna_em** *#dev*")
    anna.wait("anna_em")
    row = anna.page.locator("#rows .text").last
    assert row.evaluate("it => [...it.querySelectorAll('*')].map((each) => [each.localName, each.textContent])") == [
        ["strong", "<i>b</i>"],
        ["em", "i"],
        ["s", "s"],
        ["code", "<b>*c*</b>"],
        ["u", "u"],
        ["span", "red"],
        ["mark", "anna_em"],
        ["strong", "anna_em"],
        ["em", "#dev"],
        ["a", "#dev"],
    ]
    assert row.locator("span").evaluate("it => getComputedStyle(it).color !== getComputedStyle(it.parentNode).color")


def test_a_message_of_several_lines_has_quotes_lists_and_code(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_bl", "#blocks")
    say_lines(
        shared,
        pair[1],
        "eve_bl",
        "#blocks",
        "> is it?",
        "> > it is",
        "",
        "so:",
        "- **one**",
        "  2. two",
        *CODE,
        "",
        "end",
    )
    anna.wait("end")
    row = anna.page.locator("#rows .text").last
    assert row.evaluate("it => [...it.childNodes].map((each) => [each.localName ?? '', each.textContent])") == [
        ["blockquote", "is it?"],
        ["blockquote", "it is"],
        ["", "so:"],
        ["ul", "•one2.two"],
        ["div", 'pyCopyif x < 1:\n    print("*<b>*", "`#dev`")'],
        ["", "end"],
    ]
    assert anna.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_code_is_copied_with_a_button(pair: Pair, shared: Network, visit: Visit) -> None:
    """By the Clipboard API, and without it, which a page over plain http does not have."""
    anna = visit(permissions=["clipboard-read", "clipboard-write"]).enter(pair[0].port, "anna_cp", "#copy")
    say_lines(shared, pair[1], "eve_cp", "#copy", *CODE, "```", "other", "```")
    anna.wait("other")
    for number, expected in ((0, 'if x < 1:\n    print("*<b>*", "`#dev`")'), (1, "other")):
        button = anna.page.locator("[data-copy]").nth(number)
        button.click()
        anna.until("document.querySelectorAll('[data-copy]')[it].textContent === 'Copied'", number)
        assert anna.page.evaluate("navigator.clipboard.readText()") == expected
    anna.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    anna.page.locator("[data-copy]").first.click()
    anna.page.fill("#say", "")
    anna.page.focus("#say")
    anna.page.keyboard.press("Control+V")
    assert anna.page.input_value("#say") == 'if x < 1:\n    print("*<b>*", "`#dev`")'


def test_a_message_is_sent_as_it_was_typed(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_as", "#astyped")
    peer = shared.peer(pair[1], "eve_as", "", "#astyped")
    anna.type("**hi** `x`")
    anna.wait("hi x")
    assert peer.until(" PRIVMSG ")[-1].endswith(":**hi** `x`")


def test_a_long_message_that_is_cut_in_its_code_is_code(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_lc", "#longcode")
    say_lines(shared, pair[1], "eve_lc", "#longcode", "```", *(f"line {number}" for number in range(40)), "```")
    anna.wait("line 18")
    assert anna.page.locator("#rows pre").last.inner_text().endswith("line 18")
    anna.page.click("[data-open]")
    anna.wait("line 39")
    assert anna.page.locator("#rows pre").last.inner_text().endswith("line 39")
