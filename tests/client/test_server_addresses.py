"""Addresses, and the pauses of reconnecting."""

import pytest

from client.server_addresses import FIRST_PAUSE_S, LONGEST_PAUSE_S, Route, ServerAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost", ServerAddress("localhost", 6667)),
        ("localhost:7001", ServerAddress("localhost", 7001)),
        ("::1", ServerAddress("::1", 6667)),
        ("[::1]:7001", ServerAddress("::1", 7001)),
        ("irc://example.org", ServerAddress("example.org", 6667)),
        ("ircs://example.org", ServerAddress("example.org", 6697, uses_tls=True)),
        ("ircs://example.org:7001", ServerAddress("example.org", 7001, uses_tls=True)),
    ],
)
def test_addresses(text: str, address: ServerAddress) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":7001", "http://example.org", "localhost:port", "localhost:70000", "[::1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  urlsplit has words of its own
        parse_address(text)


def _route(count: int) -> Route:
    return Route([ServerAddress(f"gateway{number}", 1) for number in range(count)], lambda: 1.0)


def test_after_a_loss_each_gateway_is_tried_once_without_a_pause() -> None:
    route = _route(3)
    route.advance()
    route.ended(3600.0)
    tried = []
    for _ in range(3):
        address, pause_s = route.advance()
        tried.append((address.host, pause_s))
        route.ended(0.0)
    assert tried == [("gateway1", 0.0), ("gateway2", 0.0), ("gateway0", 0.0)]
    assert route.advance()[1] > 0


def test_the_only_gateway_is_called_again_after_a_moment_of_random_length() -> None:
    """The clients of a lost gateway reconnect at random times."""
    route = _route(1)
    assert route.advance()[1] == 0.0
    route.ended(3600.0)
    assert route.advance()[1] == FIRST_PAUSE_S


def test_pauses_grow_up_to_a_limit() -> None:
    route = _route(1)
    pauses = []
    for _ in range(100):
        pauses.append(route.advance()[1])
        route.ended(0.0)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_gateway_that_hangs_up_at_once_is_not_called_in_a_loop() -> None:
    route = _route(1)
    route.advance()
    route.ended(0.1)
    assert route.advance()[1] > 0
