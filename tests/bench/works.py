"""The works, each with its figure and the target for the ratio to InspIRCd."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Work:
    """`options` are the load generator's. `figure` is compared with InspIRCd's in the same round."""

    name: str
    title: str
    options: tuple[str, ...]
    figure: str = "cpu_us"
    reach: float | None = None
    tags: bool = False


def _talk(clients: int, rooms: int, load: str, amount: int) -> tuple[str, ...]:
    return ("--clients", str(clients), "--rooms", str(rooms), f"--{load}", str(amount), "--joining", "100")


WORKS = {
    work.name: work
    for work in (
        Work("crowd", "2,000 clients, 1 room, 64 in flight", _talk(2000, 1, "inflight", 64), reach=0.2),
        Work("room", "100 clients, 1 room, 64 in flight", _talk(100, 1, "inflight", 64), reach=0.6),
        Work("rooms", "1,000 clients, 10 rooms, 16 in flight each", _talk(1000, 10, "inflight", 16), reach=0.8),
        Work("paced", "1,000 clients, 100 rooms, 3,000 messages/s", _talk(1000, 100, "rate", 3000), reach=1.8),
        Work(
            "pairs",
            "1,000 clients, 500 rooms of two, 4 in flight each",
            _talk(1000, 500, "inflight", 4),
            reach=2.8,
        ),
        Work("quiet", "100 clients, 50 rooms, 500 messages/s", _talk(100, 50, "rate", 500), "p50_us", 250 / 40),
        Work(
            "storm",
            "2,000 joins to one room, then 1,000 leave",
            ("--mode", "storm", "--clients", "2000"),
            "join_s",
        ),
        Work("idle", "10,000 idle connections", ("--mode", "idle", "--clients", "10000"), "idle_kb"),
    )
}
FIGURES = {
    "cpu_us": "CPU us/delivery",
    "p50_us": "median latency us",
    "join_s": "s until all joined",
    "idle_kb": "KB/connection",
}
SIX = ("crowd", "room", "rooms", "paced", "pairs", "quiet")


def work(text: str) -> Work:
    """Return the work of this name. `NAME+tags` is the same with tags negotiated. Raises KeyError."""
    name, _, variant = text.partition("+")
    if variant not in ("", "tags"):
        raise KeyError(text)
    return tagged(WORKS[name]) if variant else WORKS[name]


def tagged(plain: Work) -> Work:
    if plain.tags:
        return plain
    return replace(plain, name=f"{plain.name}+tags", title=f"{plain.title}, tags", tags=True)
