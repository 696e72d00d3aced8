"""The admin port: /metrics, /healthz and /readyz over HTTP, for Prometheus, load balancers and Kubernetes.

Owns the thread "admin" with its socket, and a thread for each request. Readiness is passed in as a callable, metrics as
a registry. Each request ends within REQUEST_LIMIT_S, whatever its client does. At most REQUESTS_LIMIT are served at
once; the newest are closed.
"""

import io
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, ClassVar, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Readiness = Callable[[], tuple[bool, str]]
"""Returns readiness and its reason. Called on a request's thread; must not block."""

Page = tuple[int, str, bytes]
"""Status, content type, body."""

REQUEST_LIMIT_S = 2.0
REQUESTS_LIMIT = 64
TEXT = "text/plain; charset=utf-8"


class Address(Protocol):
    """The address to listen at (gateway.values.Address)."""

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
        # Not HTTPServer: it looks up its own name in DNS, which may take long.
        server = type("Server", (_Server,), {"address_family": family})
        self._server: _Server = server((address.host, address.port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="admin")

    @property
    def port(self) -> int:
        """The port in use, also if port 0 was given."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close the port, after running requests have ended."""
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    """A server with a thread for each request; `server_close` waits for running requests."""

    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.Semaphore(REQUESTS_LIMIT)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


class _InputWithDeadline(socket.SocketIO):
    """A request's input with a deadline for the whole request."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, "r")
        self._connection = connection
        self._deadline = time.monotonic() + REQUEST_LIMIT_S

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(max(0.001, self._deadline - time.monotonic()))
        return super().readinto(buffer)


class _Handler(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, Callable[[str], Page]]]
    timeout = REQUEST_LIMIT_S
    server_version = "hubbub"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_InputWithDeadline(self.connection))

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
        """Log nothing, since probes come every few seconds."""


def _metrics(registry: CollectorRegistry, accept: str) -> Page:
    encode, kind = choose_encoder(accept)
    return 200, kind, encode(registry)


def _ready(readiness: Readiness) -> Page:
    is_ready, reason = readiness()
    return 200 if is_ready else 503, TEXT, f"{reason}\n".encode()
