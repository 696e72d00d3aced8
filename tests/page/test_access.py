"""Accessibility, screen sizes, themes, and the size of the page."""

from collections.abc import Callable
from importlib.resources import files

import pytest

from tests.network.harness import Gateway, Network
from tests.page.browser import DESKTOP, PHONE, Visitor

Pair = tuple[Gateway, Gateway]
Visit = Callable[..., Visitor]
CAPS = "batch echo-message labeled-response message-tags server-time"

# Texts in sight whose contrast with the background is below the minimum (WCAG 2.1 1.4.3).
# Colours are drawn on a canvas, which parses every notation.
_LOW_CONTRAST = """() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
    const chain = (element) => (element ? [...chain(element.parentElement), element] : []);
    const paint = (ground, each) => over(rgba(getComputedStyle(each).backgroundColor), ground);
    const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const found = [];
    const root = document.querySelector("dialog[open]") ?? document.body;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { data, parentElement: element } = walker.currentNode;
        const isSeen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
        if (!data.trim() || !isSeen || element.closest(".visually-hidden, noscript, script, select")) continue;
        const opacity = chain(element).reduce((sum, each) => sum * Number(getComputedStyle(each).opacity), 1);
        const ground = chain(element).reduce(paint, [255, 255, 255]);
        const [r, g, b, a] = rgba(getComputedStyle(element).color);
        const [dark, bright] = [light(over([r, g, b, a * opacity], ground)), light(ground)].sort((x, y) => x - y);
        const ratio = (bright + 0.05) / (dark + 0.05);
        if (ratio < 4.5) found.push(`${element.className} ${data} ${ratio.toFixed(2)}`);
    }
    return found;
}"""

# Controls in sight that are too small to touch.
_SMALL = """(selector) => [...document.querySelectorAll(selector)].filter((each) => {
    const { width, height } = each.getBoundingClientRect();
    return each.checkVisibility() && width && Math.min(width, height) < 44;
}).map((each) => each.outerHTML)"""

WAYS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc")


def converse(network: Network, gateway: Gateway, nick: str, visitor: str, room: str) -> None:
    """Put a message of each kind into a room."""
    peer = network.peer(gateway, nick, CAPS, room)
    echo = peer.do(f"TOPIC {room} :What this is about", f"PRIVMSG {room} :hello `code` https://example.org #other")
    msgid = next(line for line in echo if "hello" in line).split("msgid=")[1].split(" ")[0].split(";")[0]
    peer.do(
        f"@+reply={msgid} PRIVMSG {room} :{visitor}: in answer",
        f"@+reply={msgid};+draft/react=🎉 TAGMSG {room}",
        f"NOTICE {room} :noted",
        f"PRIVMSG {room} :\x01ACTION waves\x01",
        f"PRIVMSG {visitor} :in private",
    )


def test_roles_and_names(pair: Pair, shared: Network, visit: Visit) -> None:
    """Screen readers find landmarks, the log, lists, and a name for each control."""
    anna = visit().enter(pair[0].port, "anna_r", "#roles")
    converse(shared, pair[1], "bert_r", "anna_r", "#roles")
    anna.wait("noted")
    page = anna.page
    for role, name in [
        ("navigation", "Conversations"),
        ("main", None),
        ("complementary", "Members"),
        ("log", "Messages in #roles"),
        ("combobox", "Message"),
        ("heading", "#roles"),
        ("button", "Send"),
        ("button", "Settings"),
        ("button", "roles"),
        ("listitem", None),
    ]:
        assert page.get_by_role(role, name=name).count() >= 1, (role, name)  # type: ignore[arg-type]
    log = page.get_by_role("log")
    assert log.get_attribute("aria-live") == "polite"
    assert log.get_by_role("listitem").count() >= 4
    assert page.locator('[aria-current="page"]').inner_text().strip().endswith("roles")
    nameless = page.eval_on_selector_all(
        "button, input, select, textarea",
        """all => all.filter(each => !(each.textContent.trim() || each.ariaLabel || each.labels?.length))
                     .map(each => each.outerHTML)""",
    )
    assert nameless == []
    page.click("#open-settings")
    assert page.get_by_role("dialog", name="Settings").is_visible()
    assert page.get_by_label("Theme").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_texts_have_contrast(pair: Pair, shared: Network, visit: Visit, scheme: str, size: tuple[int, int]) -> None:
    name = f"{scheme}{size[0]}"
    anna = visit(size, color_scheme=scheme).enter(pair[0].port, f"anna{name}", f"#{name}")
    converse(shared, pair[1], f"bert{name}", f"anna{name}", f"#{name}")
    anna.wait("noted")
    anna.say("and I said this")
    assert anna.page.evaluate(_LOW_CONTRAST) == []
    anna.type("/whois anna" + name)
    anna.page.wait_for_selector(".card")
    anna.page.hover(".entry.message >> text=and I said this")
    anna.page.click('#actions [data-act="redact"]')
    anna.page.wait_for_selector("#undo")
    assert anna.page.evaluate(_LOW_CONTRAST) == []
    for command, dialog in [("/help", "#help"), ("/list", "#join"), ("/oper root", "#password")]:
        anna.type(command)
        anna.page.wait_for_selector(f"{dialog}[open]")
        assert anna.page.evaluate(_LOW_CONTRAST) == []
        anna.page.keyboard.press("Escape")


def test_the_page_works_on_a_phone(pair: Pair, shared: Network, visit: Visit) -> None:
    """360 pixels: nothing is cut off, lists are drawers, controls are large enough to touch (WCAG 2.1 2.5.5)."""
    anna = visit(PHONE, has_touch=True).enter(pair[0].port, "anna_p", "#phone")
    converse(shared, pair[1], "bert_p", "anna_p", "#phone")
    anna.wait("noted")
    page = anna.page
    page.wait_for_selector("#side-count.strong >> text=1")
    anna.type("```\nsome code\n```")
    page.wait_for_selector(".code >> text=some code")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(_SMALL, ".head button, #compose button, #rows button") == []
    page.tap("#toggle-side")
    page.wait_for_selector("#side", state="visible")
    assert page.evaluate(_SMALL, "#side button") == []
    assert page.get_attribute("#toggle-side", "aria-expanded") == "true"
    page.tap('[data-conversation="bert_p"]')
    anna.wait("in private")
    page.wait_for_selector("#side", state="hidden")
    anna.say("from a phone")


def test_the_theme_may_be_chosen(pair: Pair, visit: Visit) -> None:
    anna = visit(color_scheme="light").enter(pair[0].port, "anna_d", "#theme")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = anna.page.evaluate(ground)
    anna.page.click("#open-settings")
    colors = "[...document.querySelectorAll('meta[name=theme-color]')].filter((each) => matchMedia(each.media).matches)"
    assert anna.page.evaluate(f"{colors}.map((each) => each.content)") == ["#f5f5f9"]
    anna.page.select_option("#set-theme", "dark")
    anna.page.click("#settings .primary")
    anna.until(f"{ground} !== it", before)
    dark = anna.page.evaluate(ground)
    assert anna.page.evaluate(f"{colors}.map((each) => each.content)") == ["#111217"]
    anna.page.reload()
    anna.wait_joined()
    assert anna.page.evaluate(ground) == dark


def test_a_visit_is_small_and_loads_from_the_gateway_only(pair: Pair, visit: Visit) -> None:
    """Less than 100 KB over the wire, headers included."""
    anna = visit()
    sizes: list[float] = []
    devtools = anna.context.new_cdp_session(anna.page)
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    anna.enter(pair[0].port, "anna_b", "#bytes")
    anna.say("https://example.org/picture.png")
    origin = f"http://127.0.0.1:{pair[0].port}/"
    assert [url for url in anna.requests if not url.startswith(origin)] == []
    assert len(sizes) >= 30
    assert sum(sizes) < 100_000


def test_it_can_be_installed(pair: Pair, visit: Visit) -> None:
    """A web manifest with icons, a theme colour, and the icon that browsers request on their own."""
    anna = visit()
    anna.page.goto(f"http://127.0.0.1:{pair[0].port}/")
    get = "async (path) => { const got = await fetch(path); return [got.status, got.headers.get('content-type')]; }"
    link = anna.page.get_attribute('link[rel="manifest"]', "href")
    assert anna.page.evaluate(get, link) == [200, "application/manifest+json"]
    assert anna.page.evaluate(get, "/favicon.ico") == [200, "image/x-icon"]
    manifest = anna.page.evaluate("async (path) => (await fetch(path)).json()", link)
    assert {"name", "start_url", "display", "icons", "theme_color"} <= manifest.keys()
    for icon in manifest["icons"]:
        assert anna.page.evaluate(get, f"/{icon['src']}") == [200, icon["type"]]
    assert anna.page.locator('meta[name="theme-color"]').count() == 2


def test_no_script_builds_html() -> None:
    """The sources have no way from a text to markup or code."""
    web = files("gateway").joinpath("web")
    for file in [*web.iterdir(), *web.joinpath("view").iterdir()]:
        if file.name.endswith(".js"):
            source = file.read_text("utf-8")
            assert [way for way in WAYS if way in source] == [], file.name


def test_all_modules_are_preloaded() -> None:
    """index.html names each module, so that the browser requests all of them at once."""
    web = files("gateway").joinpath("web")
    names = [file.name for file in web.iterdir() if file.name.endswith(".js") and file.name != "main.js"]
    names += [f"view/{file.name}" for file in web.joinpath("view").iterdir()]
    page = web.joinpath("index.html").read_text("utf-8")
    assert [name for name in names if f'<link rel="modulepreload" href="{name}">' not in page] == []
