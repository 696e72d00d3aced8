"""The addresses that a gateway reports at its start."""

import pytest

from gateway.binding import page_url


@pytest.mark.parametrize(
    ("addresses", "has_tls", "url"),
    [
        (["127.0.0.1:6667", "127.0.0.1:8067"], False, "http://127.0.0.1:8067/"),
        (["127.0.0.1:7001"], True, "https://127.0.0.1:7001/"),
        (["0.0.0.0:7001"], False, "http://localhost:7001/"),
        (["[::]:7001"], False, "http://localhost:7001/"),
        (["[::1]:7001"], False, "http://[::1]:7001/"),
        (["unix:/run/hubbub.sock", "10.1.2.3:443"], True, "https://10.1.2.3:443/"),
        (["0.0.0.0:6667", "0.0.0.0:6697", "unix:/run/hubbub.sock"], False, None),  # Fetch 2.9, bad ports
    ],
)
def test_the_page_is_where_a_browser_may_connect(addresses: list[str], has_tls: bool, url: str | None) -> None:
    assert page_url(addresses, has_tls=has_tls) == url
