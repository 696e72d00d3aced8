"""IRC over WebSocket (IRCv3 websocket, RFC 6455) and the page's files, on the port of all other clients."""

import gzip
import http.client
import re
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.net.test_tls import make_certificate
from tests.network.harness import DEADLINE_S, Gateway, Network, Peer
from tests.network.test_proxy import TRUSTED, host_of, version_2

Pair = tuple[Gateway, Gateway]

TEXT, BINARY = "text.ircv3.net", "binary.ircv3.net"
CAPS = "batch echo-message labeled-response message-tags server-time"
LONG = "grüße " * 40


def dial(
    gateway: Gateway, *subprotocols: str, origin: str | None = None, **options: Any
) -> AbstractContextManager[ClientConnection]:
    """Open a WebSocket to a gateway for the context."""
    scheme = "wss" if "ssl" in options else "ws"
    opened: ClientConnection = connect(
        f"{scheme}://127.0.0.1:{gateway.port}/",
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        origin=Origin(origin) if origin else None,
        proxy=None,
        open_timeout=DEADLINE_S,
        close_timeout=DEADLINE_S,
        **options,
    )
    return opened


class Lines:
    """A WebSocket as the socket of a Peer. Each line is one message of the agreed kind."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self._timeout_s = DEADLINE_S

    def settimeout(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def sendall(self, data: bytes) -> None:
        for line in data.decode().split("\r\n")[:-1]:
            self.websocket.send(line.encode() if self._is_binary else line)

    def recv(self, _size: int) -> bytes:
        try:
            message = self.websocket.recv(self._timeout_s)
        except ConnectionClosed:
            return b""
        assert isinstance(message, bytes) == self._is_binary
        line = message if isinstance(message, bytes) else message.encode()
        assert line
        assert not re.search(rb"[\r\n]", line)  # "MUST NOT include trailing \r or \n characters"
        return line + b"\r\n"

    @property
    def _is_binary(self) -> bool:
        return self.websocket.subprotocol == BINARY

    def close(self) -> None:
        self.websocket.close()


WebPeer = Callable[..., Peer]


@pytest.fixture
def web_peer() -> Iterator[WebPeer]:
    """Connect clients over WebSocket, registered and in rooms, until the end of the test."""
    with ExitStack() as opened:

        def peer(
            network: Network,
            gateway: Gateway,
            nick: str,
            caps: str = "",
            *rooms: str,
            subprotocol: str = TEXT,
            **options: Any,
        ) -> Peer:
            lines: Any = Lines(opened.enter_context(dial(gateway, subprotocol, **options)))
            return network.peer(gateway, nick, caps, *rooms, connected=lines)

        yield peer


def websocket_of(peer: Peer) -> ClientConnection:
    lines: Any = peer._socket
    assert isinstance(lines, Lines)
    return lines.websocket


# --- talking ---------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("subprotocol", [TEXT, BINARY])


@BOTH
def test_people_on_websockets_and_plain_sockets_talk(
    shared: Network, pair: Pair, subprotocol: str, web_peer: WebPeer
) -> None:
    """IRCv3 websocket: each message is one line of IRC; the PONG is a barrier as for all clients."""
    room = f"#talk-{subprotocol[0]}"
    web = web_peer(shared, pair[0], f"web{subprotocol[0]}", "", room, subprotocol=subprotocol)
    other = web_peer(shared, pair[0], f"webtoo{subprotocol[0]}", "", room, subprotocol=subprotocol)
    irc = shared.peer(pair[1], f"irc{subprotocol[0]}", "", room)
    web.sync(), other.sync()
    for said in ("hello", LONG):  # of frames with the short head and with the long one
        assert web.do(f"PRIVMSG {room} :{said}") == []
        for reader in (irc, other):
            assert [line.partition(" :")[2] for line in reader.sync()] == [said]
        irc.do(f"PRIVMSG {room} :{said}", f"PRIVMSG {web.nick} :you: {said}")
        assert [line.partition(" ")[2] for line in web.sync()] == [
            f"PRIVMSG {room} :{said}",
            f"PRIVMSG {web.nick} :you: {said}",
        ]
        assert len(other.sync()) == 1
    assert [line.split(" ")[1] for line in web.do(f"TOPIC {room} :grüße")] == ["TOPIC"]
    irc.do(f"NICK irc-{subprotocol[0]}", f"PART {room} :bye")
    assert [line.split(" ")[1] for line in web.sync()] == ["NICK", "PART"]


@BOTH
def test_echoes_labels_and_tags(shared: Network, pair: Pair, subprotocol: str, web_peer: WebPeer) -> None:
    """IRCv3 labeled-response, echo-message, message-tags: the label is in the frame of its sender alone."""
    room = f"#tags-{subprotocol[0]}"
    web = web_peer(shared, pair[0], f"alice{subprotocol[0]}", CAPS, room, subprotocol=subprotocol)
    other = web_peer(shared, pair[1], f"bob{subprotocol[0]}", CAPS, room, subprotocol=subprotocol)
    irc = shared.peer(pair[1], f"carol{subprotocol[0]}", CAPS, room)
    web.sync(), other.sync()
    (echo,) = web.do(f"@label=one;+draft/reply=x PRIVMSG {room} :{LONG}")
    assert echo.startswith("@label=one;time=")
    copies = [*other.sync(), *irc.sync()]
    assert copies == ["@" + echo.removeprefix("@label=one;")] * 2
    assert "+draft/reply=x" in copies[0]
    web.send(f"@label=a PRIVMSG {room} :1", f"PRIVMSG {room} :2", f"@label=b PRIVMSG {room} :3")  # perhaps one entry
    assert [re.findall(r"label=(.)|$", line)[0] for line in web.sync()] == ["a", "", "b"]
    assert [line[-1] for line in other.sync()] == ["1", "2", "3"]
    web.do(f"@+typing=active TAGMSG {room}")
    assert " TAGMSG " in other.sync()[0]
    (direct,) = web.do(f"@label=two PRIVMSG {other.nick} :hi")
    assert direct.startswith("@label=two;")
    opening, *joined, closing = web.do(f"@label=three JOIN {room}-2")
    assert " BATCH +" in opening
    assert f" JOIN {room}-2" in joined[0]
    assert " BATCH -" in closing


def test_without_an_echo_a_sender_s_frame_lacks_its_own_lines(shared: Network, pair: Pair, web_peer: WebPeer) -> None:
    web = web_peer(shared, pair[0], "quiet", "server-time", "#quiet")
    irc = shared.peer(pair[0], "loud", "", "#quiet")
    web.sync()
    web.send("PRIVMSG #quiet :1", "PRIVMSG #quiet :2")
    assert web.sync() == []
    assert [line[-1] for line in irc.sync()] == ["1", "2"]


def test_a_page_without_a_subprotocol_is_sent_text(shared: Network, pair: Pair) -> None:
    with dial(pair[0]) as websocket:
        assert websocket.subprotocol is None
        assert websocket.response is not None
        assert "Sec-WebSocket-Extensions" not in websocket.response.headers  # though the client offers deflate
        websocket.send("PING x")
        assert "x" in str(websocket.recv(DEADLINE_S))


def test_lines_in_fragments_and_with_their_ends(shared: Network, pair: Pair, web_peer: WebPeer) -> None:
    """RFC 6455 5.4. An unnecessary line end is accepted."""
    web = web_peer(shared, pair[0], "piecewise", "", "#pieces")
    irc = shared.peer(pair[1], "whole", "", "#pieces")
    web.sync()
    websocket = websocket_of(web)
    websocket.send(["PRIVMSG #pi", "eces :in ", "pieces"])
    assert websocket.ping(b"x").wait(DEADLINE_S), "RFC 6455 5.5.3: a pong"
    websocket.send("PRIVMSG #pieces :one\r\nPRIVMSG #pieces :two\r\n")
    web.sync()
    assert [line.partition(" :")[2] for line in irc.sync()] == ["in pieces", "one", "two"]


def test_a_line_over_the_limit_is_told_so_and_ends_nothing(shared: Network, pair: Pair, web_peer: WebPeer) -> None:
    """IRCv3 websocket: 510 bytes without the line end."""
    web = web_peer(shared, pair[0], "wordy")
    assert " 417 " in web.do("PRIVMSG wordy :" + "x" * 600)[0]
    fitting = "PRIVMSG wordy :" + "x" * (510 - len("PRIVMSG wordy :"))
    assert " 417 " not in web.do(fitting)[0]
    assert " 417 " in web.do(fitting + "x")[0]


@pytest.mark.parametrize("subprotocol", [TEXT, BINARY])
def test_a_relayed_line_is_cut_to_510_bytes_between_characters(
    shared: Network, pair: Pair, web_peer: WebPeer, subprotocol: str
) -> None:
    """IRCv3 websocket: 510 bytes without the line end, and valid UTF-8 for a browser, as on plain sockets."""
    kind = subprotocol[0]
    alice = web_peer(shared, pair[0], f"cutalice{kind}", "", "#cut", subprotocol=subprotocol)
    readers = [
        web_peer(shared, pair[1], f"cutbob{kind}", "", "#cut", subprotocol=TEXT),
        shared.peer(pair[1], f"cutcarl{kind}", "", "#cut"),
    ]
    for reader in readers:
        reader.sync()
    alice.do("PRIVMSG #cut :x" + "\N{GRINNING FACE}" * 123)
    [line], [same] = ([line for line in reader.sync() if " PRIVMSG " in line] for reader in readers)
    assert line == same
    assert 507 <= len(line.encode()) <= 510
    assert line.endswith("\N{GRINNING FACE}")


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ((TEXT,), TEXT),
        ((BINARY,), BINARY),
        ((TEXT, BINARY), TEXT),
        ((BINARY, TEXT), BINARY),
        (("other.example", TEXT), TEXT),
        (("other.example",), None),
    ],
)
def test_the_client_s_order_of_subprotocols_counts(pair: Pair, offered: tuple[str, ...], agreed: str | None) -> None:
    """IRCv3 websocket: "respecting the client's order of preference"; without a common one: text."""
    with dial(pair[0], *offered) as websocket:
        assert websocket.subprotocol == agreed
        websocket.send("CAP LS 302")
        assert isinstance(websocket.recv(DEADLINE_S), bytes if agreed == BINARY else str)


def test_frames_that_hold_no_line_count_as_lines(network: Network, web_peer: WebPeer) -> None:
    """A ping frame counts as a line, so that it cannot evade flood control."""
    gateway = network.gateway(HUBBUB_FLOOD_RATE="10", HUBBUB_FLOOD_BURST="1")
    web = web_peer(network, gateway, "pinging")
    began = time.monotonic()
    for _ in range(20):
        websocket_of(web).ping()
    web.sync()
    assert time.monotonic() - began > 1.5


# --- the end ---------------------------------------------------------------------------------------------


def ended(peer: Peer) -> tuple[list[str], int]:
    """Return all lines up to the end, and the code of the close frame."""
    lines: list[str] = []
    websocket = websocket_of(peer)
    with suppress(ConnectionClosed):
        while True:
            lines.append(str(websocket.recv(DEADLINE_S)))
    assert websocket.protocol.close_rcvd is not None, "no close frame"
    return lines, websocket.protocol.close_rcvd.code


def test_quit_is_answered_by_error_then_by_a_close_frame(shared: Network, pair: Pair, web_peer: WebPeer) -> None:
    """RFC 6455 7.4.1: 1000, a normal closure."""
    web = web_peer(shared, pair[0], "leaving", "", "#leaving")
    irc = shared.peer(pair[1], "staying", "", "#leaving")
    web.sync()
    web.send("QUIT :bye")
    assert ended(web) == (["ERROR :Closing link: Quit: bye"], 1000)
    assert irc.until(" QUIT ")[-1].endswith(" QUIT :Quit: bye")


def test_a_page_that_closes_has_left(shared: Network, pair: Pair, web_peer: WebPeer) -> None:
    """RFC 6455 5.5.1: the close is answered with its code, after all earlier lines."""
    web = web_peer(shared, pair[0], "closing", "", "#closing")
    irc = shared.peer(pair[1], "open", "", "#closing")
    web.sync()
    web.send("PRIVMSG #closing :last words")
    websocket = websocket_of(web)
    websocket.close(1001)
    assert websocket.protocol.close_rcvd is not None
    assert websocket.close_code == 1001
    said, left = irc.until(" QUIT ")
    assert said.endswith(":last words")
    assert left.endswith(" QUIT :Connection closed")


@pytest.mark.parametrize(
    ("data", "is_text", "code"),
    [(b"PRIVMSG #x :\xff", True, 1007), (b"x" * 20_000, False, 1009)],
)
def test_what_breaks_the_protocol_is_told_by_a_code(
    shared: Network, pair: Pair, data: bytes, is_text: bool, code: int, web_peer: WebPeer
) -> None:
    """RFC 6455 8.1 (text that is not UTF-8), 7.4.1 (a message too big)."""
    web = web_peer(shared, pair[0], f"broken{code}", "", f"#{code}")
    irc = shared.peer(pair[1], f"fine{code}", "", f"#{code}")
    web.sync()
    websocket_of(web).send(data, text=is_text)
    assert ended(web) == ([f"ERROR :Closing link: WebSocket error {code}"], code)
    irc.until(" QUIT ")


def test_a_gateway_that_ends_closes_as_the_protocol_wants_it(network: Network, web_peer: WebPeer) -> None:
    gateway = network.gateway()
    web = web_peer(network, gateway, "guest")
    gateway.process.send_signal(signal.SIGTERM)
    assert ended(web) == (["ERROR :Closing link: The gateway is shutting down"], 1000)
    assert gateway.process.wait(DEADLINE_S) == 0


def test_a_silent_page_is_asked_and_then_dropped(network: Network, web_peer: WebPeer) -> None:
    """A half-open connection ends. The library does not answer IRC's PING."""
    gateway = network.gateway(HUBBUB_PING_INTERVAL_S="1")
    web = web_peer(network, gateway, "silent")
    lines, code = ended(web)
    assert lines[0] == "PING :irc.test"
    assert lines[1].startswith("ERROR :Closing link: Ping timeout")
    assert code == 1000


# --- who may connect -------------------------------------------------------------------------------------


def refused(gateway: Gateway, origin: str) -> int:
    """Return the status of the answer, or 101 if the connection was accepted."""
    try:
        with dial(gateway, TEXT, origin=origin):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_pages_of_other_origins_are_refused(shared: Network, pair: Pair) -> None:
    """RFC 6455 10.2: by default only the gateway's own page may connect."""
    assert refused(pair[0], "https://evil.example") == 403
    assert refused(pair[0], f"http://127.0.0.1:{pair[0].port}") == 101


def test_the_origins_that_may_connect_are_a_setting_read_again_on_sighup(network: Network, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('web_origins = ["https://chat.example"]\n')
    gateway = network.gateway("--config", str(file))
    assert refused(gateway, "https://chat.example") == 101
    assert refused(gateway, "https://other.example") == 403
    file.write_text('web_origins = "*"\n')
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_log("reloaded")
    assert refused(gateway, "https://other.example") == 101


def test_behind_a_balancer_the_address_is_the_one_in_its_header(network: Network, web_peer: WebPeer) -> None:
    """PROXY protocol 2.2, then the handshake on the same connection."""
    gateway = network.gateway(*TRUSTED)
    proxied: list[Peer] = []
    for address in ("198.51.100.7", "198.51.100.8"):
        connected = socket.create_connection(("127.0.0.1", gateway.port), DEADLINE_S)
        connected.sendall(version_2(address))
        proxied.append(web_peer(network, gateway, f"guest{len(proxied)}", sock=connected))
    assert host_of(proxied[0]) != host_of(proxied[1])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command makes the certificate")
def test_over_tls_on_the_same_port(network: Network, tmp_path: Path, web_peer: WebPeer) -> None:
    make_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    gateway = network.gateway("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    web = web_peer(network, gateway, "alice", "", "#t", ssl=context)
    irc = network.peer(gateway, "bob", "", "#t")
    web.sync()
    irc.do(f"PRIVMSG #t :{LONG}")
    assert [line.partition(" :")[2] for line in web.sync()] == [LONG]
    web.send("QUIT")
    assert ended(web)[1] == 1000
    page = http.client.HTTPSConnection("127.0.0.1", gateway.port, timeout=DEADLINE_S, context=context)
    page.request("GET", "/")
    assert page.getresponse().read().startswith(b"<!doctype html>")
    page.close()


# --- the page's files ------------------------------------------------------------------------------------


def fetch(gateway: Gateway, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=DEADLINE_S)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_the_page_is_served_to_browsers(pair: Pair) -> None:
    """RFC 9110 12.5.3 (gzip), 13.1.2 (ETag); the policy lets the page load nothing from elsewhere."""
    response, body = fetch(pair[0], "/")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    packed, content = fetch(pair[1], "/", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(content) == body
    again, nothing = fetch(pair[1], "/", If_None_Match=response.headers["ETag"])
    assert (again.status, nothing) == (304, b"")


def test_a_browser_asks_again_on_the_same_connection(pair: Pair, shared: Network) -> None:
    """RFC 9112 9.3. Other bytes there are answered as a broken request, and make no client."""
    connection = http.client.HTTPConnection("127.0.0.1", pair[0].port, timeout=DEADLINE_S)
    for path, status in [("/", 200), ("/nothing", 404), ("/main.js", 200), ("/view/rows.js", 200)]:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == status
        assert len(response.read()) == int(response.headers["Content-Length"])
    peer = shared.peer(pair[0], register=False, connected=connection.sock)
    peer.send("NICK mallory", "USER m 0 * :m", "")
    assert peer.line().startswith("HTTP/1.1 400 ")
    assert peer.is_closed()


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/", 405)])
def test_what_is_not_served(pair: Pair, method: str, path: str, status: int) -> None:
    response, _ = fetch(pair[0], path, method)
    assert response.status == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 9000, b"431"),
    ],
)
def test_a_broken_request_is_told_so(pair: Pair, request_head: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", pair[0].port), DEADLINE_S) as connected:
        connected.sendall(request_head)
        with connected.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 " + status)
    assert '"fault"' not in pair[0].log


def test_several_files_come_over_one_connection(pair: Pair) -> None:
    """RFC 9112 9.3, 9.3.2 (pipelining). The bytes that follow are HTTP too, whatever they look like."""
    request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    with socket.create_connection(("127.0.0.1", pair[0].port), DEADLINE_S) as connected:
        connected.sendall(request + request + b"NICK mallory\r\nUSER m 0 * :m\r\n\r\n")
        with connected.makefile("rb") as answers:
            received = answers.read()
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b"HTTP/1.1 400 Bad Request") == 1
    assert b" 001 " not in received
