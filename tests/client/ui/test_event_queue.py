"""Events between the two threads: a limit of frames per second, and a limit of waiting events."""

import threading
import time
from typing import Any

from textual.pilot import Pilot

from client.events import ClientNotice, Event
from client.ui.event_queue import EVENTS_LIMIT, FRAME_S, EventQueue
from tests.client.ui.stage import Stage, play, settled


def test_a_flood_is_drawn_frame_by_frame_and_nothing_is_missing() -> None:
    stage = Stage()
    drawn: list[float] = []

    async def scene(pilot: Pilot[Any]) -> None:
        chat = stage.chat
        draw = chat.draw

        def count_and_draw() -> None:
            drawn.append(time.monotonic())
            draw()

        chat.draw = count_and_draw  # type: ignore[method-assign]
        began = time.monotonic()
        for number in range(2_000):
            stage.say("bob", f"number {number}")
        await settled(pilot)
        took_s = time.monotonic() - began
        assert [line.text for line in stage.app.buffers.focused.entries][-2_000:] == [
            f"number {number}" for number in range(2_000)
        ]
        assert len(drawn) <= took_s / FRAME_S + 2

    play(stage, scene)


def test_who_brings_more_than_can_be_taken_waits_for_room() -> None:
    stage = Stage()
    taken: list[Event] = []
    event_queue = EventQueue(stage.app, taken.append, lambda: None)
    for _ in range(EVENTS_LIMIT):
        event_queue.put(ClientNotice(0.0, "hi"))
    late = threading.Thread(target=event_queue.put, args=(ClientNotice(0.0, "late"),), daemon=True)
    late.start()
    late.join(0.05)
    assert late.is_alive()
    event_queue.close()
    late.join(5.0)
    assert not late.is_alive()
