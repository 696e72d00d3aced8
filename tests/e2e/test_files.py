"""The settings in the files of deployment are correct. Needs no container engine."""

import re
from pathlib import Path

import pytest

from gateway.settings import table

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["docker-compose.yml", "deploy/Dockerfile"])
def test_every_variable_that_is_set_is_a_setting(name: str) -> None:
    set_here = set(re.findall(r"\bHUBBUB_\w+(?=[:=])", (ROOT / name).read_text()))
    assert set_here
    assert set_here <= {row.variable for row in table()}


def test_as_many_places_behind_the_load_balancer_as_published_ports() -> None:
    first, last = re.findall(r"127\.0\.0\.1:(\d+)-(\d+)", (ROOT / "docker-compose.yml").read_text())[-1]
    places = re.findall(r"server-template gateway (\d+) ", (ROOT / "deploy/haproxy.cfg").read_text())
    assert places == [str(int(last) - int(first) + 1)]
