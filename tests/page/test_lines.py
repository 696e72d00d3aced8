"""Several lines, and taking back."""

from collections.abc import Callable

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]


def test_several_lines_are_one_message(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 multiline."""
    anna = visit().enter(pair[0].port, "anna_m", "#lines")
    ben = visit().enter(pair[1].port, "ben_m", "#lines")
    text = "first\n\n  indented " + "word " * 200 + "\nlast"
    anna.type(text)
    ben.wait("last")
    anna.until("!document.querySelector('.entry.waiting')")
    assert ben.texts() == anna.texts() == [text]
    cora = visit().enter(pair[1].port, "cora_m", "#lines")
    cora.wait("last")
    assert cora.texts() == [text]


def test_whatever_the_id_several_lines_arrive(pair: Pair, shared: Network, visit: Visit) -> None:
    """A batch's reference is letters, digits and hyphens: the token with all bits set once had "_" in it."""
    anna = visit()
    anna.page.add_init_script("let n = 0; crypto.getRandomValues = (all) => { all.fill(255)[0] = n++; return all; }")
    ben = visit().enter(pair[1].port, "ben_t", "#tokens")
    anna.enter(pair[0].port, "anna_t", "#tokens").type("first\nlast")
    ben.wait("last")


def test_one_takes_back_what_one_said(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 message-redaction: with the pointer, and by a key; only what is one's own."""
    anna = visit().enter(pair[0].port, "anna_x", "#back")
    ben = visit().enter(pair[1].port, "ben_x", "#back")
    anna.say("a mistake")
    ben.wait("a mistake")
    ben.page.hover(".entry.message")
    assert ben.page.locator('#actions [data-act="redact"]').is_hidden()
    anna.page.hover(".entry.message")
    anna.page.click('#actions [data-act="redact"]')
    ben.wait("Deleted by anna_x")
    anna.wait("Deleted by anna_x")
    assert "a mistake" not in [*ben.texts(), *anna.texts()]
    cora = visit().enter(pair[1].port, "cora_x", "#back")
    cora.say("who was here?")
    assert "a mistake" not in cora.texts()
