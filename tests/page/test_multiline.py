"""Messages of several lines, and deletions."""

from collections.abc import Callable

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"


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


def test_several_lines_arrive_with_any_token(pair: Pair, shared: Network, visit: Visit) -> None:
    """The reference of a batch has letters, digits and hyphens only. A token once contained "_"."""
    anna = visit()
    anna.page.add_init_script("let n = 0; crypto.getRandomValues = (all) => { all.fill(255)[0] = n++; return all; }")
    ben = visit().enter(pair[1].port, "ben_t", "#tokens")
    anna.enter(pair[0].port, "anna_t", "#tokens").type("first\nlast")
    ben.wait("last")


def test_a_person_deletes_their_own_message(pair: Pair, shared: Network, visit: Visit) -> None:
    """IRCv3 message-redaction."""
    anna = visit().enter(pair[0].port, "anna_x", "#back")
    ben = visit().enter(pair[1].port, "ben_x", "#back")
    anna.say("a mistake")
    ben.wait("a mistake")
    ben.page.hover(".entry.message")
    assert ben.page.locator('#actions [data-act="redact"]').is_hidden()
    anna.page.hover(".entry.message")
    anna.page.click('#actions [data-act="redact"]')
    anna.wait("Deleted by anna_x")
    ben.wait("Deleted by anna_x")
    anna.page.wait_for_selector("#undo", state="hidden")
    assert "a mistake" not in [*ben.texts(), *anna.texts()]
    cora = visit().enter(pair[1].port, "cora_x", "#back")
    cora.say("who was here?")
    assert "a mistake" not in cora.texts()


def test_a_deletion_can_be_undone(pair: Pair, shared: Network, visit: Visit) -> None:
    """It is sent after some seconds only."""
    anna = visit().enter(pair[0].port, "anna_u", "#undo")
    watcher = shared.peer(pair[1], "watcher_u", f"{CAPS} draft/message-redaction", "#undo")
    anna.say("keep this")
    anna.page.focus("#say")
    anna.page.keyboard.press("ArrowUp")
    anna.page.keyboard.press("Delete")
    anna.wait("Deleted by anna_u")
    anna.page.click("#undo >> text=Undo")
    anna.wait("keep this")
    anna.page.wait_for_selector("#undo", state="hidden")
    anna.page.wait_for_function("document.activeElement.id === 'say'")
    anna.page.keyboard.press("ArrowUp")
    anna.page.keyboard.press("Delete")
    anna.page.wait_for_selector("#undo")
    anna.page.keyboard.press("Control+z")
    anna.page.wait_for_selector("#undo", state="hidden")
    assert anna.texts() == ["keep this"]
    anna.page.focus("#say")
    anna.say("delete this")
    anna.page.keyboard.press("ArrowUp")
    anna.page.keyboard.press("Delete")
    anna.page.reload()
    assert anna.wait_joined()
    lines = watcher.until(" REDACT ")
    assert len([line for line in lines if " REDACT " in line]) == 1
    anna.wait("keep this")
    assert "delete this" not in anna.texts()


def test_a_letter_moves_the_focus_to_the_message_field(pair: Pair, visit: Visit) -> None:
    """On a message the keys r, e and Del are actions. All other letters go into the field."""
    anna = visit().enter(pair[0].port, "anna_k", "#letters")
    anna.say("a message")
    anna.page.focus("#say")
    anna.page.keyboard.press("ArrowUp")
    anna.page.wait_for_function("document.activeElement.matches('li.entry')")
    anna.page.keyboard.type("do not delete")
    assert anna.page.input_value("#say") == "do not delete"
    assert anna.page.is_hidden("#undo")
    anna.page.evaluate("document.activeElement.blur()")
    anna.page.keyboard.type(" this")
    assert anna.page.input_value("#say") == "do not delete this"
    anna.page.click("#open-settings")
    anna.page.focus("#set-typing")
    anna.page.keyboard.type("x")
    assert anna.page.input_value("#say") == "do not delete this"
