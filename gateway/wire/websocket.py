"""IRC over WebSocket (IRCv3 websocket, RFC 6455): the handshake, the parsing of messages, the framing of lines.

Owns one connection's WebSocket state, with the protocol core of the `websockets` library, and the check of origins.
Does not interpret messages. Pure; runs on its owner's thread.
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
"""More than any line, so that a line that is a little too long gets 417 and does not end the connection."""
BINARY: Final = Subprotocol("binary.ircv3.net")
TEXT: Final = Subprotocol("text.ircv3.net")
ANY_ORIGIN: Final = "*"

_FINAL: Final = 0x80  # RFC 6455 5.2: the only frame of its message


class WebSocket:
    """A connection after the handshake. After `feed`, the caller sends the result of `take_output`.

    The library parses frames and checks their order. The replies are made here, in the order of the frames, so that
    they do not depend on how the bytes are divided into reads.
    """

    __slots__ = ("_close_frame", "_is_text", "_output", "_partial", "_protocol", "is_binary", "over")

    def __init__(self, answer: bytes, *, is_binary: bool) -> None:
        """``answer``: the response to the handshake."""
        self._protocol = Protocol(Side.SERVER, max_size=MESSAGE_LIMIT_BYTES)
        self._output = [answer]
        self._partial = b""  # the fragments of a message so far
        self._is_text = False
        self._close_frame: bytes | None = None
        self.is_binary = is_binary
        """Whether the peer is sent binary messages. It may send either kind."""
        self.over = ""
        """The reason why no more input is accepted; "" while it is."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take received bytes; return the messages that are complete now.

        A frame that completes no message (a fragment, a ping) yields b"", so that it can be counted. After a protocol
        error nothing more is returned.
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
        """Return the message that a frame completes; b"" for none."""
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
        """Return the response to the handshake, and pongs, that were not taken yet."""
        output, self._output = b"".join(self._output), []
        return output

    def close(self) -> bytes:
        """Return the last frame to send: the reply to the peer's close frame, that of the error, or a normal one."""
        if self._close_frame is None:
            normal = Close(CloseCode.NORMAL_CLOSURE, "")
            self._close_frame = Frame(Opcode.CLOSE, normal.serialize()).serialize(mask=False)
        return self._close_frame


def accept(request: http.Request, origins: Sequence[str]) -> WebSocket | bytes:
    """Open a connection, with the response in its output; or return the response that refuses the handshake."""
    if not may_open(request, origins):
        return http.refusal("403 Forbidden", "Pages of this origin may not connect (setting web_origins).")
    handshake = ServerProtocol(select_subprotocol=_preferred)
    response = handshake.accept(Handshake(request.path, Headers(request.headers), request.method, request.version))
    if response.status_code != 101:
        status = f"{response.status_code} {response.reason_phrase}"
        why = bytes(response.body or b"").decode("utf-8", "replace").rstrip("\n")
        return http.refusal(status, why, "Sec-WebSocket-Version: 13\r\n")  # RFC 6455 4.4
    return WebSocket(response.serialize(), is_binary=handshake.subprotocol == BINARY)


def may_open(request: http.Request, origins: Sequence[str]) -> bool:
    """Return whether the page's origin is one of these, or the gateway's own if there are none.

    A browser always sends Origin (RFC 6455 10.2). Any other client could send any value, so none is accepted, too.
    """
    origin = request.header("origin").lower()
    if not origin or ANY_ORIGIN in origins:
        return True
    if origins:
        return origin in origins
    return origin.partition("://")[2] == request.header("host").lower()


def _preferred(_protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Choose by the client's order. Without a known subprotocol the client is sent text (IRCv3 websocket)."""
    return next((one for one in offered if one in (BINARY, TEXT)), None)


def frame(payload: bytes, *, is_binary: bool) -> bytes:
    """Make one frame of a message of at most 65,535 bytes (RFC 6455 5.2).

    Not by the library, which would make it for each connection: a server's frames have no mask, so all members of a
    room can be sent the same bytes.
    """
    head = _FINAL | (Opcode.BINARY if is_binary else Opcode.TEXT)
    size = len(payload)
    return (struct.pack("!BB", head, size) if size < 126 else struct.pack("!BBH", head, 126, size)) + payload


def payload(frame: bytes) -> bytes:
    """Return the payload of a frame made by `frame`."""
    return frame[2:] if frame[1] < 126 else frame[4:]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
