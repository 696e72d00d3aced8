"""Metrics for Prometheus: numbers of the gateway's threads, read at each request.

Nothing is counted here. A lane counts in its own integers, and `read` returns them all. Reading an integer of another
thread needs no lock. Runs on the admin thread.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

PREFIX = "hubbub_"


class Reading(NamedTuple):
    """One metric value. `name` is in snake case, without the prefix and, for a counter, without `_total`."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    value: float
    labels: dict[str, str] = {}  # noqa: RUF012 - never written to


def registry_of(read: Callable[[], Iterable[Reading]]) -> CollectorRegistry:
    """Return a registry of these readings and of the process (CPU, memory, descriptors, garbage collection)."""
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
        """Describe nothing at registration, because there may be no lane yet."""
        yield from ()
