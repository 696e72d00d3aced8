"""docs/page.png: the page at one gateway, while users talk at another."""

from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.network.harness import Gateway, Network, Peer
from tests.page.browser import Visitor, launch

SIZE = (1180, 740)
_CAPS = "batch echo-message labeled-response message-tags server-time"


def draw(network: Network, directory: Path) -> None:
    """Let the users talk, and take a picture of mira's page."""
    one, other = (network.gateway("--name", f"chat-{number}.example") for number in (1, 2))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            _talk_and_look(browser, one, other, directory / "page.png")
        finally:
            browser.close()


def _talk_and_look(browser: Browser, one: Gateway, other: Gateway, picture: Path) -> None:
    people = {nick: _Person(other, nick, _CAPS) for nick in ("anouk", "tomasz", "li_wei", "priya")}
    for person in people.values():
        person.do("JOIN #release,#design,#garden")
    people["anouk"].do("TOPIC #release :Version 2 on Thursday · notes at https://example.org/notes")
    visitor = Visitor(browser, SIZE, color_scheme="light", device_scale_factor=1.5)
    visitor.enter(one.port, "mira", "#release,design,garden")
    _talk(people, visitor)
    visitor.wait("numbers in")
    visitor.page.wait_for_selector("#typing >> text=tomasz is typing")
    visitor.page.wait_for_selector('[data-conversation="priya"] .badge')
    visitor.page.screenshot(path=picture)
    visitor.close()
    for person in people.values():
        person.close()


def _talk(people: "dict[str, _Person]", visitor: Visitor) -> None:
    anouk, tomasz, li_wei, priya = people.values()
    first = anouk.say("Good morning! The second gateway has been up since last night.")
    anouk.say("I moved half of the load balancer over to it.")
    tomasz.say("Nice. From here it looks the same: `2 ms` to the log and back.")
    li_wei.say("When I killed the first one for a test, did anybody lose a message?", f"+reply={first}")
    answer = priya.say("Nothing lost here. It was back within a second, and what I had typed meanwhile was sent once.")
    for person, emoji in ((anouk, "🎉"), (tomasz, "🎉"), (li_wei, "👍")):
        person.do(f"@+reply={answer};+draft/react={emoji} TAGMSG #release")
    visitor.wait("sent once")
    visitor.say("Then I write it into the notes: https://example.org/notes#reliability")
    anouk.say("mira: thank you! Could you look at the numbers in #garden as well?")
    tomasz.do("PRIVMSG #design :The new colours are in.", "@+typing=active TAGMSG #release")
    priya.do("PRIVMSG mira :Coffee at eleven?")


class _Person(Peer):
    def sync(self) -> list[str]:
        """Like the peers of any gateway."""
        self._pings += 1
        self.send(f"PING {self.nick}-{self._pings}")
        return self.until(f":{self.nick}-{self._pings}")[:-1]

    def say(self, text: str, tags: str = "") -> str:
        """Send a text to the room of the picture. Return its msgid."""
        echo = self.do(f"@{tags} PRIVMSG #release :{text}" if tags else f"PRIVMSG #release :{text}")
        line = next(line for line in echo if text in line)
        return line.split("msgid=")[1].split(" ")[0].split(";")[0]
