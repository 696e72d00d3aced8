"""Each target for a moment: with its corpus, and with bytes from Hypothesis. `make fuzz` does long runs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import CORPUS, TARGETS, seeds

_EXAMPLES = {"lane": 25, "published": 25, "settings": 30}
"""Examples for the targets that take longer."""

each_target = pytest.mark.parametrize("name", TARGETS)


@each_target
def test_what_is_kept_of_the_long_runs(name: str) -> None:
    assert seeds(name)
    for data in seeds(name):
        TARGETS[name](data)


@each_target
def test_anything(name: str) -> None:
    @settings(max_examples=_EXAMPLES.get(name, 100), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=300) | st.sampled_from(seeds(name)).flatmap(_changed))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()


def _changed(seed: bytes) -> st.SearchStrategy[bytes]:
    """Return a seed with a part of it replaced."""
    place = st.integers(0, len(seed))
    return st.tuples(place, place, st.binary(max_size=40)).map(
        lambda change: seed[: change[0]] + change[2] + seed[change[1] :]
    )


def test_the_corpus_is_small_and_of_targets() -> None:
    files = [file for file in CORPUS.rglob("*") if file.is_file()]
    assert {file.parent.name for file in files} == set(TARGETS)
    assert sum(file.stat().st_size for file in files) < 100_000
