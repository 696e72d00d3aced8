"""The dialog that finds a room or a person."""

from collections.abc import Callable

from tests.network.harness import Gateway, Network
from tests.page.browser import Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"


def room(visitor: Visitor, name: str) -> None:
    visitor.until("document.querySelector('h1').textContent === it", name)


def search(visitor: Visitor, text: str) -> None:
    visitor.page.keyboard.press("Control+k")
    visitor.page.wait_for_selector("#join[open]")
    visitor.page.keyboard.type(text)


def test_a_room_is_found_without_its_sign(pair: Pair, shared: Network, visit: Visit) -> None:
    """The text "dev" finds the room #dev."""
    ben = shared.peer(pair[1], "ben_f", CAPS, "#dev-f")
    anna = visit().enter(pair[0].port, "anna_f", "#start-f")
    search(anna, "dev-f")
    anna.page.wait_for_selector('#found [aria-selected="true"] >> text=1 person')
    anna.page.keyboard.press("Enter")
    room(anna, "#dev-f")
    assert any(" JOIN #dev-f" in line for line in ben.until("anna_f"))
    assert anna.page.locator('[data-conversation="dev-f"]').count() == 0


def test_an_unknown_room_is_created_and_an_unknown_person_is_reported(pair: Pair, visit: Visit) -> None:
    anna = visit().enter(pair[0].port, "anna_new", "#start-n")
    search(anna, "brand-new")
    anna.page.wait_for_selector('#found [aria-selected="true"] >> text=No public room has this name.')
    anna.page.keyboard.press("Enter")
    room(anna, "#brand-new")
    anna.wait_joined()
    search(anna, "noone_here")
    anna.page.click("#found li >> text=Nobody with this name is in your rooms.")
    room(anna, "noone_here")
    anna.wait("Nobody with that name is connected.")


def test_public_rooms_are_found_by_topic_and_people_by_name(pair: Pair, shared: Network, visit: Visit) -> None:
    ben = shared.peer(pair[1], "benedict_t", CAPS, "#garden-t", "#shared-t")
    ben.do("TOPIC #garden-t :Tomatoes and other vegetables")
    ben.do("JOIN #hidden-t", "MODE #hidden-t +s", "TOPIC #hidden-t :Secret tomatoes")
    anna = visit().enter(pair[0].port, "anna_topic", "#shared-t")
    anna.type("/list")
    anna.page.wait_for_selector("#join[open]")
    anna.page.keyboard.type("tomato")
    anna.page.wait_for_selector("#found li >> text=Tomatoes and other vegetables")
    assert anna.page.locator("#found li", has_text="hidden-t").count() == 0
    anna.page.fill("#join-name", "benedict")
    anna.page.wait_for_selector('#found [aria-selected="true"] >> text=benedict_t')
    anna.page.fill("#join-name", "tomatoes and")
    anna.page.click("#found li >> text=garden-t")
    room(anna, "#garden-t")
    anna.page.wait_for_selector("#topic >> text=Tomatoes and other vegetables")


def test_an_invitation_has_a_button(pair: Pair, shared: Network, visit: Visit) -> None:
    """RFC 2812 3.2.7; only invited people can join the room."""
    ben = shared.peer(pair[1], "ben_i", CAPS, "#party-i")
    ben.do("MODE #party-i +i")
    anna = visit().enter(pair[0].port, "anna_i", "#home-i")
    anna.type("/join party-i")
    anna.wait("Only invited people can join #party-i.")
    anna.page.wait_for_selector("#not-joined >> text=You are not in this room.")
    anna.page.click('[data-conversation="#home-i"]')
    ben.do("INVITE anna_i #party-i")
    anna.wait("ben_i invites you to #party-i.")
    anna.page.click(".entry.info button >> text=Join")
    room(anna, "#party-i")
    anna.wait_joined()
    assert anna.page.is_hidden("#not-joined")


def test_the_network_names_its_lobby(network: Network, visit: Visit) -> None:
    """005 hubbub/LOBBY: the room of a first visit. After leaving the last room, the page offers to find one."""
    gateway = network.gateway(HUBBUB_LOBBY="#foyer")
    anna = visit().enter(gateway.port, "anna")
    room(anna, "#foyer")
    anna.page.click("#leave")
    anna.page.wait_for_selector("#no-conversation >> text=You are in no room.")
    gateway.kill()
    anna.page.wait_for_selector("#no-conversation >> text=Connecting")
    network.gateway(port=gateway.port, HUBBUB_LOBBY="#foyer")
    anna.page.wait_for_selector("#no-conversation >> text=You are in no room.")
    anna.page.click("#find-room")
    anna.page.keyboard.type("foyer")
    anna.page.keyboard.press("Enter")
    room(anna, "#foyer")
    anna.say("back again")
