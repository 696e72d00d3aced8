"""The admin port over a real socket."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from gateway.config import Address
from gateway.ops.health import AdminServer
from gateway.ops.metrics import Reading, registry_of

LIMIT_S = 30.0


class Gateway:
    """Readings of a gateway."""

    ready = (True, "ready")
    lines = 0

    def readings(self) -> list[Reading]:
        return [
            Reading("lines_received", "counter", "Lines that clients sent.", self.lines, {"lane": "0"}),
            Reading("lines_received", "counter", "Lines that clients sent.", 7, {"lane": "1"}),
            Reading("sessions", "gauge", "Registered users.", 3),
        ]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[AdminServer]:
    server = AdminServer(Address("tcp4", "127.0.0.1", 0), lambda: gateway.ready, registry_of(gateway.readings))
    server.start()
    yield server
    server.stop()


def get(admin: AdminServer, path: str, method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=LIMIT_S)
    with contextlib.closing(connection):
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()


def test_it_is_alive(admin: AdminServer) -> None:
    assert get(admin, "/healthz") == (200, "text/plain; charset=utf-8", "alive\n")


def test_readiness_follows_the_gateway_and_says_why(admin: AdminServer, gateway: Gateway) -> None:
    assert get(admin, "/readyz")[::2] == (200, "ready\n")
    gateway.ready = (False, "no beat for 9 s")
    assert get(admin, "/readyz")[::2] == (503, "no beat for 9 s\n")


def test_metrics_are_read_when_asked_for(admin: AdminServer, gateway: Gateway) -> None:
    gateway.lines = 41
    status, kind, text = get(admin, "/metrics")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert 'hubbub_lines_received_total{lane="0"} 41.0\n' in text
    assert 'hubbub_lines_received_total{lane="1"} 7.0\n' in text
    assert text.count("# TYPE hubbub_lines_received_total counter") == 1
    assert "hubbub_sessions 3.0\n" in text
    assert "process_cpu_seconds_total" in text


def test_other_paths_list_what_there_is(admin: AdminServer) -> None:
    assert get(admin, "/")[::2] == (404, "/metrics /healthz /readyz\n")


def test_head_has_no_body(admin: AdminServer) -> None:
    assert get(admin, "/healthz", "HEAD")[::2] == (200, "")


def test_a_silent_client_holds_up_others_only_for_a_moment(admin: AdminServer) -> None:
    with socket.create_connection(("127.0.0.1", admin.port), timeout=LIMIT_S):
        assert get(admin, "/healthz")[0] == 200


def test_one_that_sends_a_byte_now_and_then_has_no_more_time_and_holds_up_nobody(admin: AdminServer) -> None:
    with socket.create_connection(("127.0.0.1", admin.port), timeout=LIMIT_S) as dripping:
        ended = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    dripping.sendall(b"G")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert get(admin, "/healthz")[0] == 200
            assert dripping.recv(1) == b""  # its time is over, although it has sent something meanwhile
        finally:
            ended.set()
            thread.join()


def test_a_port_in_use_is_told_at_once(admin: AdminServer) -> None:
    with pytest.raises(OSError, match="in use"):
        AdminServer(Address("tcp4", "127.0.0.1", admin.port), lambda: (True, ""), registry_of(list))


def test_it_can_listen_on_ipv6() -> None:
    server = AdminServer(Address("tcp6", "::1", 0), lambda: (True, ""), registry_of(list))
    server.stop()
