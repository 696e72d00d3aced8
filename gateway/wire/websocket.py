"""IRC over WebSocket (IRCv3 websocket, RFC 6455): the handshake, messages out of a stream of bytes, frames of lines.

Owns one connection's WebSocket state, by the core of the `websockets` library, and whose pages may open one. Knows
nothing of what a message means. Pure; on its owner's thread.
"""

import struct
from collections.abc import Sequence
from typing import Final

from websockets.datastructures import Headers
from websockets.frames import Close, CloseCode, Frame, Opcode
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
    """A connection behind the handshake. After :meth:`feed`, what :meth:`take_output` gives is to be sent.

    The library parses frames, and checks that they follow each other as they may. What answers them is made here, in
    the order of the frames, so that it is the same however the bytes come.
    """

    __slots__ = ("_close_frame", "_is_text", "_output", "_partial", "_protocol", "is_binary", "over")

    def __init__(self, answer: bytes, *, is_binary: bool) -> None:
        """``answer``: to the handshake."""
        self._protocol = Protocol(Side.SERVER, max_size=MESSAGE_LIMIT_BYTES)
        self._output = [answer]
        self._partial = b""  # of a message in fragments
        self._is_text = False
        self._close_frame: bytes | None = None
        self.is_binary = is_binary
        """What the peer is sent. It may send either."""
        self.over = ""
        """Why the peer sends nothing more; "" while it may."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes as they came; give the messages that are complete now.

        A frame that completes no message (a fragment, a ping) stands among them as b"", so that it can be counted.
        What breaks the protocol ends it, and nothing more comes.
        """
        messages = list[bytes]()
        if self._close_frame is not None:
            return messages
        self._protocol.receive_data(data)
        self._protocol.data_to_send()  # not used
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            messages.append(self._take(event))
            if self.over:
                return messages
        failure = self._protocol.close_sent
        if failure is not None:
            self._fail(failure)
        return messages

    def _take(self, frame: Frame) -> bytes:
        """What a frame completes; b"" for nothing."""
        opcode, data = frame.opcode, bytes(frame.data)
        if opcode is Opcode.PING:
            self._output.append(Frame(Opcode.PONG, data).serialize(mask=False))
            return b""
        if opcode is Opcode.CLOSE:
            self._close_frame = Frame(Opcode.CLOSE, data).serialize(mask=False)
            self.over = "Connection closed"
            return b""
        if opcode is Opcode.PONG:
            return b""
        if opcode is not Opcode.CONT:
            self._is_text = opcode is Opcode.TEXT
        self._partial += data
        if not frame.fin:
            return b""
        message, self._partial = self._partial, b""
        if self._is_text and not _is_utf8(message):  # RFC 6455 8.1
            self._fail(Close(CloseCode.INVALID_DATA, "text that is not UTF-8"))
            return b""
        return message

    def _fail(self, close: Close) -> None:
        self._close_frame = Frame(Opcode.CLOSE, close.serialize()).serialize(mask=False)
        self.over = f"WebSocket error {close.code:d}"

    def take_output(self) -> bytes:
        """The handshake's answer, and the pongs."""
        output, self._output = b"".join(self._output), []
        return output

    def close(self) -> bytes:
        """The frame behind which nothing may be sent: the answer to the peer's, the error's, or a normal one."""
        if self._close_frame is None:
            normal = Close(CloseCode.NORMAL_CLOSURE, "")
            self._close_frame = Frame(Opcode.CLOSE, normal.serialize()).serialize(mask=False)
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
