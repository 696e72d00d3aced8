"""The admin port: /metrics, /healthz and /readyz over HTTP, for Prometheus, load balancers and Kubernetes.

Owns the thread "admin" and its socket; knows nothing of chat: what readiness means comes in as a callable,
what is measured as a registry. Requests are served one at a time, each within REQUEST_LIMIT_S.
"""

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import ClassVar, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Readiness = Callable[[], tuple[bool, str]]
"""Whether clients should be sent here, and why (not); called on the admin thread, must not block."""

Page = tuple[int, str, bytes]
"""Status, content type, body."""

REQUEST_LIMIT_S = 2.0
TEXT = "text/plain; charset=utf-8"


class Address(Protocol):
    """Where to listen, as config's Address."""

    @property
    def kind(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


class AdminServer:
    """Serves from `start` to `stop`; the constructor binds, and raises OSError if it cannot."""

    def __init__(self, address: Address, readiness: Readiness, registry: CollectorRegistry) -> None:
        pages: dict[str, Callable[[str], Page]] = {
            "/metrics": lambda accept: _metrics(registry, accept),
            "/healthz": lambda _: (200, TEXT, b"alive\n"),
            "/readyz": lambda _: _ready(readiness),
        }
        handler = type("Handler", (_Handler,), {"pages": pages})
        family = socket.AF_INET6 if address.kind == "tcp6" else socket.AF_INET
        # Not HTTPServer: it asks the DNS for its own name and may wait long for the answer.
        server = type("Server", (TCPServer,), {"address_family": family, "allow_reuse_address": True})
        self._server: TCPServer = server((address.host, address.port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="admin")

    @property
    def port(self) -> int:
        """The port in use, also where any free one was asked for."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close the port; a request under way is finished first."""
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, Callable[[str], Page]]]
    timeout = REQUEST_LIMIT_S
    server_version = "hubbub"
    sys_version = ""

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        if page is None:
            status, kind, body = 404, TEXT, " ".join(self.pages).encode() + b"\n"
        else:
            status, kind, body = page(self.headers.get("Accept", ""))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Probes come every few seconds: they are not logged."""


def _metrics(registry: CollectorRegistry, accept: str) -> Page:
    encode, kind = choose_encoder(accept)
    return 200, kind, encode(registry)


def _ready(readiness: Readiness) -> Page:
    is_ready, reason = readiness()
    return 200 if is_ready else 503, TEXT, f"{reason}\n".encode()
