"""What a gateway answers in numerics is shown as a sentence or a card, never as it came."""

from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher

from gateway.wire import numerics
from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"
ALL = sorted({value for name, value in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))})


def test_no_numeric_is_shown_raw(pair: Pair, visit: Visit) -> None:
    """Each that a gateway knows: its parameters and its text as they came are nowhere."""
    anna = visit()
    anna.page.goto(f"http://127.0.0.1:{pair[0].port}/")
    body = """async ({ all, params }) => {
        const { Session } = await import("/session.js");
        const { Buffers } = await import("/buffers.js");
        const shown = {};
        for (const verb of all) {
            const session = new Session("anna", [], () => "id");
            const buffers = new Buffers();
            buffers.show(buffers.open("#r"));
            session.connected(1000);
            for (const line of [":s 001 anna :Welcome", ":s 376 anna :End", `:s ${verb} anna ${params}`]) {
                session.receive(line, 1000);
            }
            for (const event of session.takeEvents()) buffers.apply(event);
            shown[verb] = buffers.current.viewport.entries.map(({ text }) => text);
        }
        return shown;
    }"""
    for params in ("#r b c d :Some words", "#r :Some words", "a b c 4 5 :Some words", ":Some words"):
        shown = anna.page.evaluate(body, {"all": ALL, "params": params})
        raw = params.replace(":", "")
        assert {verb: texts for verb, texts in shown.items() if raw != "Some words" and raw in texts} == {}
        assert {verb: texts for verb, texts in shown.items() if any("undefined" in text for text in texts)} == {}


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
