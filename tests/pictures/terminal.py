"""The picture of the terminal client: docs/terminal.svg, a conversation over two gateways."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from client.buffer import Entry
from client.server_addresses import Route, parse_address
from client.session import Session
from client.transport import Transport
from client.ui.app import Hubbub, Preferences
from tests.network.harness import DEADLINE_S, Gateway, Network

SIZE = (104, 23)
_FONT_FROM_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_CAPS = "message-tags echo-message"


def draw(network: Network, directory: Path) -> None:
    """Let the users talk, and save the screen of alice."""
    one, other = network.gateways(2)
    asyncio.run(_talk(network, one, other, directory / "terminal.svg"))


async def _talk(network: Network, one: Gateway, other: Gateway, path: Path) -> None:
    bob = network.peer(other, "bob", _CAPS, "#hubbub", "#dev", "#ops")
    carol = network.peer(other, "carol", _CAPS, "#hubbub", "#dev")
    for room, topic in (("#hubbub", "Hubbub · one network, any gateway"), ("#dev", "releases"), ("#ops", "on call")):
        bob.do(f"TOPIC {room} :{topic}")
    dave = network.peer(one, "dave", _CAPS, "#hubbub")
    dave.do("AWAY :lunch")

    addresses = [parse_address(f"127.0.0.1:{gateway.port}") for gateway in (one, other)]
    app = Hubbub(
        lambda name, show: Transport(
            Session(name, ["#hubbub", "#dev", "#ops"], lambda: secrets.token_hex(8), backlog=20),
            Route(addresses, lambda: 0.0),
            show,
        ),
        "alice",
        Preferences(),
    )
    async with app.run_test(size=SIZE) as pilot:
        scene = Scene(app)
        await scene.until(lambda: all(room.is_joined for room in app.buffers.ordered if room.name.startswith("#")))
        carol.do("PRIVMSG #hubbub :Good morning! The notes for the release: https://hubbub.example/notes")
        await scene.line("notes")
        await pilot.press(*"Thanks, reading", "enter")
        await scene.line("reading")
        question = "What happens to my messages if the gateway that I am on is killed?"
        bob.do(f"PRIVMSG #hubbub :{question}")
        asked = await scene.line(question)
        tags = f"+reply={asked.msgid};+draft/reply={asked.msgid}"
        carol.do(f"@{tags} PRIVMSG #hubbub :They wait, then they go out through another one. Once.")
        answer = await scene.line("Once.")
        for peer, reaction in ((bob, "🎉"), (dave, "🎉"), (bob, "👍")):
            tags = f"+reply={answer.msgid};+draft/reply={answer.msgid};+draft/react={reaction}"
            peer.do(f"@{tags} TAGMSG #hubbub")
        bob.do("PRIVMSG #hubbub :\x01ACTION pulls a plug\x01")
        carol.do("PRIVMSG #hubbub :alice: did you see anything?")
        await scene.line("did you see")
        await pilot.press(*"No! :joy:", "enter")
        await scene.line("No!")
        carol.do("PRIVMSG #dev :0.2 is built", "PRIVMSG #dev :and signed")
        bob.do("PRIVMSG #ops :alice: your turn tonight")
        dave.do("PRIVMSG alice :back in ten minutes")
        bob.do("@+typing=active TAGMSG #hubbub")
        await scene.until(lambda: bool(app.buffers.focused.typing_nicks(time.time())))
        await scene.until(lambda: sum(buffer.mentions for buffer in app.buffers.ordered) == 2)
        await scene.until(lambda: app.buffers.connection.latency_s is not None)
        await pilot.press(*"Then let's")
        await pilot.pause(0.3)
        path.write_text(_FONT_FROM_ELSEWHERE.sub("", app.export_screenshot(title="hubbub")))
    assert app.port is not None
    app.port.close()


class Scene:
    """Return the screen of alice so far."""

    def __init__(self, app: Hubbub) -> None:
        self._app = app

    async def until(self, claim: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not claim():
            assert time.monotonic() < deadline, [line.text for line in self._app.buffers.focused.entries]
            await asyncio.sleep(0.02)

    async def line(self, text: str) -> Entry:
        """Wait for a line of #hubbub that the network has confirmed."""
        lines = self._app.buffers.focused.entries
        await self.until(lambda: any(text in line.text and line.msgid for line in lines))
        return next(line for line in lines if text in line.text)
