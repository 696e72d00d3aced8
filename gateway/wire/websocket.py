"""IRC over WebSocket (IRCv3 websocket, RFC 6455): the handshake, messages out of a stream of bytes, frames of lines.

Owns one connection's WebSocket state, by the core of the `websockets` library, and whose pages may open one. Knows
nothing of what a message means. Pure; on its owner's thread.
"""

import struct
from collections.abc import Sequence
from typing import Final

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import Protocol, Side
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from gateway.wire import http

MESSAGE_LIMIT_BYTES: Final = 16384
"""More than any line: one that is a little too long is told so, and ends nothing."""
BINARY: Final = Subprotocol("binary.ircv3.net")
TEXT: Final = Subprotocol("text.ircv3.net")
ANY_ORIGIN: Final = "*"

_FINAL: Final = 0x80  # RFC 6455 5.2: the only frame of its message


class WebSocket:
    """A connection behind the handshake. After :meth:`feed`, what :meth:`take_output` gives is to be sent."""

    __slots__ = ("_close_frame", "_is_text", "_output", "_partial", "_protocol", "is_binary")

    def __init__(self, answer: bytes, *, is_binary: bool) -> None:
        """``answer``: to the handshake."""
        self._protocol = Protocol(Side.SERVER, max_size=MESSAGE_LIMIT_BYTES)
        self.is_binary = is_binary
        """What the peer is sent. It may send either."""
        self._partial = b""  # of a message in fragments
        self._is_text = False
        self._output = [answer]
        self._close_frame: bytes | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they came; give the messages that are complete now.

        A frame that completes no message (a fragment, a ping) stands among them as b"", so that it can be counted.
        What breaks the protocol ends it: then :attr:`over` tells why, and nothing more comes.
        """
        protocol = self._protocol
        protocol.receive_data(data)
        messages = []
        for event in protocol.events_received():
            assert isinstance(event, Frame)
            message = self._message(event)
            if message is None:
                protocol.fail(CloseCode.INVALID_DATA, "text that is not UTF-8")  # RFC 6455 8.1
                break
            messages.append(message)
        self._output += filter(None, protocol.data_to_send())
        if protocol.close_sent is not None and self._close_frame is None:
            self._close_frame = self._output.pop()
        return messages

    def _message(self, frame: Frame) -> bytes | None:
        """What a frame completes, b"" for nothing; None for a broken one."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return b""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._partial += bytes(frame.data)
        if not frame.fin:
            return b""
        message, self._partial = self._partial, b""
        return None if self._is_text and not _is_utf8(message) else message

    def take_output(self) -> bytes:
        """The handshake's answer, and the pongs."""
        output, self._output = b"".join(self._output), []
        return output

    @property
    def over(self) -> str:
        """Why the peer sends nothing more; "" while it may."""
        if self._close_frame is None:
            return ""
        if self._protocol.close_rcvd is not None:
            return "Connection closed"
        assert self._protocol.close_sent is not None
        return f"WebSocket error {self._protocol.close_sent.code:d}"

    def close(self) -> bytes:
        """The frame behind which nothing may be sent: the answer to the peer's, the error's, or a normal one."""
        if self._close_frame is None:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            (self._close_frame,) = self._protocol.data_to_send()
        return self._close_frame


def accept(request: http.Request, origins: Sequence[str]) -> WebSocket | bytes:
    """The connection that a handshake opens, its answer in its output; or the response that refuses it."""
    if not may_open(request, origins):
        return http.refusal("403 Forbidden", "Pages of this origin may not connect here (setting web_origins).")
    handshake = ServerProtocol(select_subprotocol=_preferred)
    response = handshake.accept(Handshake(request.path, Headers(request.headers), request.method, request.version))
    if response.status_code != 101:
        status = f"{response.status_code} {response.reason_phrase}"
        why = bytes(response.body or b"").decode("utf-8", "replace").rstrip("\n")
        return http.refusal(status, why, "Sec-WebSocket-Version: 13\r\n")  # RFC 6455 4.4
    return WebSocket(response.serialize(), is_binary=handshake.subprotocol == BINARY)


def may_open(request: http.Request, origins: Sequence[str]) -> bool:
    """Whether the page that asks is of one of these origins, or of the gateway's own where there are none.

    A browser always names the origin (RFC 6455 10.2); who names none is no page, and could have said anything.
    """
    origin = request.header("origin").lower()
    if not origin or ANY_ORIGIN in origins:
        return True
    if origins:
        return origin in origins
    return origin.partition("://")[2] == request.header("host").lower()


def _preferred(_protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The client's order counts; who offers neither goes on without one, and is sent text (IRCv3 websocket)."""
    return next((one for one in offered if one in (BINARY, TEXT)), None)


def frame(payload: bytes, *, is_binary: bool) -> bytes:
    """A message of at most 65,535 bytes in one frame (RFC 6455 5.2).

    By hand: a server's frames bear no mask, so all members of a room can be sent the same bytes, while the
    library would make them for each connection.
    """
    head = _FINAL | (Opcode.BINARY if is_binary else Opcode.TEXT)
    size = len(payload)
    return (struct.pack("!BB", head, size) if size < 126 else struct.pack("!BBH", head, 126, size)) + payload


def payload(frame: bytes) -> bytes:
    """What :func:`frame` was given."""
    return frame[2:] if frame[1] < 126 else frame[4:]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
