"""What Prometheus is told: plain numbers of the gateway's threads, read when it asks.

Nothing is counted here. A lane counts in plain integers of its own, and `read` gives them all; reading an
integer of another thread needs no lock. Runs on the admin thread.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

PREFIX = "hubbub_"


class Reading(NamedTuple):
    """One number: `name` in snake case without prefix, a counter's without `_total`."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    value: float
    labels: dict[str, str] = {}  # noqa: RUF012 - never written to


def registry_of(read: Callable[[], Iterable[Reading]]) -> CollectorRegistry:
    """A registry of these readings and of the process (CPU, memory, descriptors, garbage collection)."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Readings(read))
    return registry


class _Readings(Collector):
    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for reading in self._read():
            family = families.get(reading.name)
            if family is None:
                make = CounterMetricFamily if reading.kind == "counter" else GaugeMetricFamily
                family = families[reading.name] = make(PREFIX + reading.name, reading.help)
            suffix = "_total" if reading.kind == "counter" else ""
            family.add_sample(PREFIX + reading.name + suffix, reading.labels, reading.value)
        yield from families.values()

    def describe(self) -> Iterator[Metric]:
        """Nothing before it is asked for: at registration there may be no lane yet."""
        yield from ()
