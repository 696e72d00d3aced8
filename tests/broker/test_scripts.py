"""Scripts: each is known to Redis under the SHA-1 by which it is called, and says which keys it takes."""

import pytest

from gateway.broker.scripts import Script
from gateway.directory import nicks
from gateway.logs import scripts
from tests.stage.worlds import Stage

each = pytest.mark.parametrize("script", [*scripts.SCRIPTS, *nicks.SCRIPTS], ids=lambda script: script.name)


@each
def test_redis_computes_the_same_sha(stage: Stage, script: Script) -> None:
    assert stage.command("SCRIPT", "LOAD", script.source) == script.sha.encode()


@each
def test_it_begins_with_what_it_does_and_names_its_keys(script: Script) -> None:
    first, *others = script.source.splitlines()
    assert first.startswith("-- ")
    [keys] = [line for line in others if line.startswith("-- KEYS: ")]
    assert len(keys.removeprefix("-- KEYS: ").partition(";")[0].split(", ")) == script.keys
