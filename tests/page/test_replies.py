"""Answers of a gateway are shown as a card or a dialog."""

from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"


def test_whois_is_a_card(pair: Pair, shared: Network, visit: Visit) -> None:
    ben = shared.peer(pair[1], "ben_w", CAPS, "#whois-w", "#other-w")
    ben.do("AWAY :at lunch")
    anna = visit().enter(pair[0].port, "anna_w", "#whois-w")
    anna.type("/whois ben_w")
    card = anna.page.locator(".card", has_text="ben_w the peer")
    card.wait_for()
    of_the_member = anna.page.locator(".member .tile", has_text="B").get_attribute("class")
    assert card.locator(".tile").get_attribute("class") == of_the_member, "a person has one colour everywhere"
    facts = dict(
        zip(card.locator("dt").all_inner_texts(), card.locator("dd").all_inner_texts(), strict=True),
    )
    assert facts["Name"] == "ben_w the peer"
    assert sorted(facts["Rooms"].split()) == ["#other-w", "#whois-w"]
    assert facts["Away"] == "at lunch"
    assert facts["Active"].startswith("now, connected since ")
    card.locator("a >> text=#other-w").click()
    anna.until("document.querySelector('h1').textContent === '#other-w'")
    anna.type("/whois nobody_w")
    anna.wait("Nobody is called nobody_w.")
    assert "End of" not in anna.page.inner_text("#rows")


def test_an_operator_is_asked_for_the_password(network: Network, visit: Visit, tmp_path: Path) -> None:
    settings = tmp_path / "hubbub.toml"
    settings.write_text(f'[operators.root]\npassword_hash = "{PasswordHasher().hash("secret words")}"\n', "utf-8")
    gateway = network.gateway("--config", str(settings))
    anna = visit().enter(gateway.port, "anna", "#oper")
    anna.type("/oper root")
    anna.page.wait_for_selector("#password[open] >> text=Become an operator")
    anna.page.keyboard.type("wrong")
    anna.page.keyboard.press("Enter")
    anna.wait("That password is wrong.")
    anna.type("/oper root")
    anna.page.wait_for_selector("#password[open]")
    assert anna.page.input_value("#password-text") == ""
    anna.page.keyboard.type("secret words")
    anna.page.keyboard.press("Enter")
    anna.wait("You are an operator of the network now.")
    assert "secret words" not in anna.page.content()
