"""The PROXY header (PROXY protocol specification, 2.1 and 2.2)."""

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.proxy import INCOMPLETE, MALFORMED, NOT_PROXY, Header, parse

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


V2_IPV4 = v2(0x21, 0x11, bytes([192, 0, 2, 7, 192, 0, 2, 1]) + struct.pack("!HH", 4711, 6667))
V2_IPV6 = v2(
    0x21,
    0x21,
    ipaddress.ip_address("2001:db8::7").packed
    + ipaddress.ip_address("2001:db8::1").packed
    + struct.pack("!HH", 4711, 6667),
)

HEADERS = [
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 6667\r\n", "192.0.2.7", 4711),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 6667\r\n", "2001:db8::7", 4711),
    (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 6667\r\n", "192.0.2.7", 4711),
    (b"PROXY UNKNOWN\r\n", None, 0),
    (b"PROXY UNKNOWN ffff::1 ffff::1 65535 65535\r\n", None, 0),
    (V2_IPV4, "192.0.2.7", 4711),
    (V2_IPV6, "2001:db8::7", 4711),
    (v2(0x20, 0x00, b""), None, 0),  # LOCAL: the balancer's own health check
    (v2(0x21, 0x31, bytes(216)), None, 0),  # a Unix socket has no address to show
    (
        v2(0x21, 0x11, bytes([192, 0, 2, 7, 192, 0, 2, 1, 0, 80, 0, 81]) + b"\x04\0\x01x"),
        "192.0.2.7",
        80,
    ),  # with a TLV
]


@pytest.mark.parametrize(("header", "source_ip", "source_port"), HEADERS)
def test_a_header_is_read_and_what_follows_is_left(header: bytes, source_ip: str | None, source_port: int) -> None:
    assert parse(header + b"NICK bob\r\n") == Header(source_ip, source_port, len(header))


@pytest.mark.parametrize("header", [header for header, _, _ in HEADERS])
def test_every_beginning_of_a_header_is_incomplete(header: bytes) -> None:
    assert all(parse(header[:end]) is INCOMPLETE for end in range(len(header)))


@pytest.mark.parametrize(
    "buffer",
    [b"N", b"PASS x\r\n", b"PROXYNICK\r\n", b"\x16\x03\x01", b"\r\nNICK bob\r\n", b"GET / HTTP/1.1\r\n"],
)
def test_anything_else_is_no_header(buffer: bytes) -> None:
    assert parse(buffer) is NOT_PROXY


@pytest.mark.parametrize(
    "buffer",
    [
        b"PROXY \r\n",
        b"PROXY TCP4\r\n",
        b"PROXY TCP5 192.0.2.7 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
        b"PROXY TCP4 192.0.2.777 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 " + b"1" * 107,  # 2.1: at most 107 bytes with CRLF
        v2(0x11, 0x11, bytes(12)),  # not version 2
        v2(0x22, 0x11, bytes(12)),  # neither LOCAL nor PROXY
        v2(0x21, 0x11, bytes(11)),  # too short for its family
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_a_broken_header_is_malformed(buffer: bytes) -> None:
    assert parse(buffer) is MALFORMED


@given(st.sampled_from([b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11\0\x0c", b""]), st.binary())
def test_never_raises(start: bytes, rest: bytes) -> None:
    outcome = parse(start + rest)
    assert not isinstance(outcome, Header) or outcome.consumed <= len(start + rest)
