"""Start and reload: a network with a password, a second tab, drafts and ignored people."""

from collections.abc import Callable

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"


def test_a_network_with_a_password_asks_for_it(network: Network, visit: Visit) -> None:
    """It is sent on every connection of the tab, and stored nowhere else."""
    gateway = network.gateway(HUBBUB_PASSWORD="open sesame")
    anna = visit()
    page = anna.page
    page.goto(f"http://127.0.0.1:{gateway.port}/#inside")
    page.fill("#first-name", "anna")
    page.keyboard.press("Enter")
    page.wait_for_selector("#password[open] >> text=This network has a password")
    assert page.is_hidden("#password-problem")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#password-problem >> text=That password is wrong.")
    page.keyboard.press("Escape")
    page.wait_for_selector("#connection-problem >> text=This network has a password")
    page.click("#retry")
    page.wait_for_selector("#password[open]")
    page.keyboard.type("open sesame")
    page.keyboard.press("Enter")
    anna.wait_joined()
    page.reload()
    anna.wait_joined()
    assert page.evaluate("JSON.stringify({ ...localStorage }).includes('sesame')") is False
    anna.say("inside")


def test_a_second_tab_needs_another_name(pair: Pair, shared: Network, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_tab", "#tabs")
    watcher = shared.peer(pair[1], "watcher", CAPS, "#tabs")
    tab = Visitor.__new__(Visitor)
    tab.__dict__.update(anna.__dict__, page=anna.context.new_page())
    tab.page.goto(f"http://127.0.0.1:{pair[0].port}/#tabs")
    tab.page.wait_for_selector("#tab[open] >> text=Hubbub is open in another tab")
    assert "anna_tab" in tab.page.inner_text("#tab-text")
    assert tab.page.input_value("#tab-name") == "anna_tab_2"
    tab.page.keyboard.press("Enter")
    tab.wait_joined()
    tab.say("from the other tab")
    anna.wait("from the other tab")
    assert tab.page.inner_text("#my-name") == "anna_tab_2"
    assert not any(" NICK " in line for line in watcher.sync())
    tab.page.reload()
    tab.wait_joined()
    assert tab.page.inner_text("#my-name") == "anna_tab_2"
    anna.page.reload()
    anna.wait_joined()
    assert anna.page.inner_text("#my-name") == "anna_tab"


def test_drafts_and_ignored_people_survive_a_reload(pair: Pair, shared: Network, visit: Visit) -> None:
    eve = shared.peer(pair[1], "eve_d", CAPS, "#draft", "#draft2")
    anna = visit().enter(pair[0].port, "anna_draft", "#draft,draft2")
    anna.type("/ignore eve_d")
    anna.wait("You ignore eve_d.")
    anna.page.fill("#say", "half a sentence")
    anna.page.click('[data-conversation="#draft2"]')
    anna.page.fill("#say", "and another")
    anna.page.reload()
    anna.wait_joined()
    assert anna.page.input_value("#say") == "and another"
    anna.page.fill("#say", "/oper anna words")
    anna.page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert anna.page.evaluate("localStorage.getItem('hubbub').includes('anna words')") is False
    eve.do("PRIVMSG #draft :anna_draft: spam", "PRIVMSG #draft2 :spam", "PRIVMSG anna_draft :spam")
    anna.page.click('[data-conversation="#draft"]')
    anna.until("document.querySelector('h1').textContent === '#draft'")
    assert anna.page.input_value("#say") == "half a sentence"
    anna.page.fill("#say", "")
    anna.say("my own words")
    assert anna.texts() == ["my own words"]
    assert anna.page.locator("#side .badge").count() == 0
    assert anna.page.locator('[data-conversation="eve_d"]').count() == 0
    anna.type("/ignore eve_d")
    anna.wait("You ignore nobody.")
    anna.wait("anna_draft: spam")
