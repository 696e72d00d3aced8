"""Visitor: one browser profile with the page open, as a test drives it.

There are no sleeps: a visitor waits for a state of the document, with a deadline. Playwright is not needed to collect
the tests.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, ViewportSize

CHROMIUM = Path("/usr/bin/chromium")
DEADLINE_MS = 20_000
DESKTOP = (1280, 800)
PHONE = (360, 740)

_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_WATCH_POLICY = """
    document.addEventListener("securitypolicyviolation",
        ({violatedDirective, blockedURI}) => console.error(`CSP: ${violatedDirective} ${blockedURI}`));
"""


def launch(playwright: "Playwright") -> "Browser":
    return playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)


class Visitor:
    """``problems``: exceptions, logged errors and violations of the policy; ``requests``: all URLs."""

    def __init__(self, browser: "Browser", size: tuple[int, int] = DESKTOP, **options: Any) -> None:
        viewport: ViewportSize = {"width": size[0], "height": size[1]}
        self.context: BrowserContext = browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
        self.context.set_default_timeout(DEADLINE_MS)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.page.add_init_script(_WATCH_POLICY)
        self.page.on("pageerror", lambda error: self.problems.append(f"{error} {error.stack}"))
        self.page.on("console", self._note)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, message: "ConsoleMessage") -> None:
        """A WebSocket that could not be opened is a state of the network, not of the page."""
        if message.type == "error" and "WebSocket connection to" not in message.text:
            self.problems.append(message.text)

    def enter(self, port: int, name: str, fragment: str = "") -> "Visitor":
        """Make the first visit: choose a name, and wait for the room."""
        self.page.goto(f"http://127.0.0.1:{port}/{fragment}")
        self.page.fill("#first-name", name)
        self.page.keyboard.press("Enter")
        return self.wait_joined()

    def wait_joined(self) -> "Visitor":
        """Wait until the visitor is connected and the current room has its members."""
        self.page.wait_for_selector("#server.up", state="attached")
        self.until("document.querySelectorAll('#member-list li').length > 0")
        return self

    def type(self, text: str) -> None:
        self.page.fill("#say", text)
        self.page.press("#say", "Enter")

    def say(self, text: str) -> None:
        """Send one line, and wait for its echo."""
        self.type(text)
        self.wait(text)
        self.until("!document.querySelector('.entry.waiting')")

    def wait(self, text: str) -> None:
        """Wait until the conversation contains this text."""
        self.until("document.getElementById('rows').textContent.includes(it)", text)

    def texts(self) -> list[str]:
        """Return the messages in the document, in their order."""
        found: list[str] = self.page.eval_on_selector_all("#rows .text", "all => all.map(each => each.textContent)")
        return found

    def until(self, condition: str, argument: object = None) -> None:
        """Wait until a condition in JavaScript holds; ``argument`` is ``it`` there."""
        self.page.wait_for_function(f"it => {condition}", arg=argument)

    def close(self) -> None:
        self.context.close()
