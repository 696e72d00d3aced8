"""The page's speed in a real Chromium: `python -m tests.bench.page`.

Two gateways run on loopback. The page is connected to one, the other clients to the other.

- start: from the navigation to the room with its history and input field, and to the echo of a first message. The name
  is known already. The browser's cache is empty.
- busy: RATE messages per second for SECONDS. The figure is the time between frames by requestAnimationFrame. The figure
  of an idle page before that shows the load of the machine.
- memory: the JavaScript heap after a collection, and the document's nodes, before and after.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.network.harness import Broker, Gateway, Network
from tests.page.browser import CHROMIUM, Visitor, launch

STARTS = 7
RATE = 500
SECONDS = 20
IDLE_S = 5
STEP_S = 0.02
ROOM = "#lobby"

_NAMED = """
    localStorage.setItem("hubbub", JSON.stringify({ name: "anna" }));
    const look = () => {
        const isUsable = document.querySelector("#server.up") && document.querySelector("#rows li");
        if (isUsable) window.usableAt = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""
_FRAMES = """
    window.frames_ms = [];
    let last = performance.now();
    const next = (now) => { frames_ms.push(now - last); last = now; requestAnimationFrame(next); };
    requestAnimationFrame(next);
"""
_SAY = """() => new Promise((done) => {
    const began = performance.now();
    const field = document.getElementById("say");
    field.value = `now ${began}`;
    document.getElementById("compose").requestSubmit();
    const look = () => {
        const last = document.querySelector("#rows li:last-child:not(.waiting)");
        if (last?.textContent.includes(`now ${began}`)) done(performance.now() - began);
        else requestAnimationFrame(look);
    };
    look();
})"""


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="hubbub-") as directory, sync_playwright() as playwright:
        broker = Broker(Path(directory))
        network = Network(broker.url, "bench:")
        browser = launch(playwright)
        try:
            print(f"Chromium {browser.version}, {CHROMIUM}")
            measure(browser, network, *network.gateways(2))
        finally:
            browser.close()
            network.close()
            broker.kill()


def measure(browser: Browser, network: Network, one: Gateway, other: Gateway) -> None:
    speaker = network.peer(other, "ben", "", ROOM)
    speaker.do(*(f"PRIVMSG {ROOM} :{text(number)}" for number in range(200)))
    starts = [start(browser, one) for _ in range(STARTS)]
    for name, figures in zip(("usable", "first message back"), zip(*starts, strict=True), strict=True):
        print(f"start: {name}: median {statistics.median(figures):.0f} ms, worst {max(figures):.0f} ms")
    visitor = Visitor(browser)
    visitor.page.add_init_script(_NAMED)
    visitor.page.goto(f"http://127.0.0.1:{one.port}/")
    visitor.wait_joined()
    before = memory(visitor.page)
    visitor.page.evaluate(_FRAMES)
    visitor.page.wait_for_timeout(IDLE_S * 1000)
    idle: list[float] = visitor.page.evaluate("window.frames_ms.splice(0)")
    tasks = Tasks(browser)
    late_s = talk(speaker)
    visitor.wait("the end")
    frames: list[float] = visitor.page.evaluate("window.frames_ms")
    times = tasks.end(visitor.page)
    after = memory(visitor.page)
    count = RATE * SECONDS
    print(f"busy: {RATE} messages/s for {SECONDS} s (the last one {late_s:.1f} s late), {len(frames)} frames:")
    for name, gaps in (("busy", frames), ("idle before that", idle)):
        p99 = statistics.quantiles(gaps, n=100)[98]
        print(f"      {name}: median {statistics.median(gaps):.0f} ms, p99 {p99:.0f} ms, longest {max(gaps):.0f} ms")
    share = sum(times) / 1000 / SECONDS
    print(
        f"      the page's main thread: {share:.0%} of a core, its longest task {max(times):.0f} ms of processor time"
    )
    print(f"memory: heap {before[0]:.1f} MB, after {count} messages {after[0]:.1f} MB;", end=" ")
    print(f"nodes {before[1]}, after {after[1]}")


def start(browser: Browser, gateway: Gateway) -> tuple[float, float]:
    """Return ms since the navigation: until the room is usable, and until the echo of a first message."""
    visitor = Visitor(browser)
    visitor.page.add_init_script(_NAMED)
    visitor.page.goto(f"http://127.0.0.1:{gateway.port}/")
    visitor.until("window.usableAt")
    usable: float = visitor.page.evaluate("window.usableAt")
    back: float = visitor.page.evaluate(_SAY)
    visitor.close()
    return usable, usable + back


def text(number: int) -> str:
    return f"{number}: some words of about the length that people write, with a https://example.org/link at times"


def talk(speaker: Any) -> float:
    """Send at the rate. Return the delay of the last message in seconds."""
    began = time.monotonic()
    sent = 0
    while sent < RATE * SECONDS:
        due = min(RATE * SECONDS, int((time.monotonic() - began) * RATE))
        if due > sent:
            speaker.send(*(f"PRIVMSG {ROOM} :{text(number)}" for number in range(sent, due)))
            sent = due
        time.sleep(STEP_S)
    late_s = time.monotonic() - began - SECONDS
    speaker.do(f"PRIVMSG {ROOM} :the end")
    return late_s


class Tasks:
    """The processor time of the page's main thread in ms, without other programs of the machine."""

    def __init__(self, browser: Browser) -> None:
        self._devtools = browser.new_browser_cdp_session()
        self._events: list[dict[str, Any]] = []
        self._is_complete = False
        self._devtools.on("Tracing.dataCollected", lambda part: self._events.extend(part["value"]))
        self._devtools.on("Tracing.tracingComplete", self._complete)
        config = {"includedCategories": ["toplevel", "disabled-by-default-devtools.timeline"]}
        self._devtools.send("Tracing.start", {"traceConfig": config})

    def _complete(self, _event: object) -> None:
        self._is_complete = True

    def end(self, page: Page) -> list[float]:
        self._devtools.send("Tracing.end")
        while not self._is_complete:
            page.wait_for_timeout(50)
        names = {
            (each["pid"], each["tid"]): each["args"]["name"] for each in self._events if each["name"] == "thread_name"
        }
        main = {thread for thread, name in names.items() if name == "CrRendererMain"}
        tasks = [each for each in self._events if each["name"] == "RunTask" and (each["pid"], each["tid"]) in main]
        return [each["tdur"] / 1000 for each in tasks if "tdur" in each]


def memory(page: Page) -> tuple[float, int]:
    """Return the heap in MB after a collection, and the document's nodes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    devtools.send("Performance.enable")
    metrics = {metric["name"]: metric["value"] for metric in devtools.send("Performance.getMetrics")["metrics"]}
    devtools.detach()
    return metrics["JSHeapUsedSize"] / 1e6, int(metrics["Nodes"])


if __name__ == "__main__":
    main()
