"""Parse the PROXY header of a load balancer (PROXY protocol specification, versions 1 and 2).

Extracts the client's address from it. The caller decides which peers may send one. Pure; any thread.
"""

import ipaddress
import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

_V1_START: Final = b"PROXY "
_V1_LIMIT_BYTES: Final = 107  # clause 2.1, with CRLF
_V2_START: Final = b"\r\n\r\n\0\r\nQUIT\n"
_V2_FIXED: Final = struct.Struct("!12sBBH")  # signature, version and command, family, length of the rest
_V2_LIMIT_BYTES: Final = 4096  # addresses and TLVs: far more than any balancer sends
_V2_ADDRESSES: Final = {1: struct.Struct("!4s4sHH"), 2: struct.Struct("!16s16sHH")}  # by family: IPv4, IPv6


class Outcome(Enum):
    """Any result other than a header."""

    INCOMPLETE = "more bytes are needed"
    NOT_PROXY = "the connection begins with something else"
    MALFORMED = "the header is malformed: close the connection"


INCOMPLETE: Final = Outcome.INCOMPLETE
NOT_PROXY: Final = Outcome.NOT_PROXY
MALFORMED: Final = Outcome.MALFORMED


@dataclass(frozen=True, slots=True)
class Header:
    """The client's address, and the length of the header in bytes (`consumed`).

    `source_ip` is None for LOCAL and UNKNOWN (health checks): the peer's own address counts.
    """

    source_ip: str | None
    source_port: int
    consumed: int


def parse(buffer: bytes) -> Outcome | Header:
    """Parse the header at the start of all bytes received on a connection so far."""
    if buffer.startswith(_V1_START):
        return _parse_v1(buffer)
    if buffer.startswith(_V2_START):
        return _parse_v2(buffer)
    if _V1_START.startswith(buffer) or _V2_START.startswith(buffer):
        return INCOMPLETE
    return NOT_PROXY


def _parse_v1(buffer: bytes) -> Outcome | Header:
    end = buffer.find(b"\r\n", 0, _V1_LIMIT_BYTES)
    if end < 0:
        return INCOMPLETE if len(buffer) < _V1_LIMIT_BYTES else MALFORMED
    consumed = end + len(b"\r\n")
    fields = buffer[:end].decode("ascii", "replace").split(" ")
    if fields[1] == "UNKNOWN":
        return Header(None, 0, consumed)
    try:
        _, family, source, destination, source_port, destination_port = fields
        version = {"TCP4": 4, "TCP6": 6}[family]
        ports = int(source_port), int(destination_port)
        addresses = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    except (ValueError, KeyError):
        return MALFORMED
    if any(address.version != version for address in addresses) or not all(0 <= port < 65536 for port in ports):
        return MALFORMED
    return Header(_normalized(addresses[0]), ports[0], consumed)


def _parse_v2(buffer: bytes) -> Outcome | Header:
    if len(buffer) < _V2_FIXED.size:
        return INCOMPLETE
    _, version_and_command, family, length = _V2_FIXED.unpack_from(buffer)
    version, command = version_and_command >> 4, version_and_command & 0xF
    if version != 2 or command > 1 or length > _V2_LIMIT_BYTES:
        return MALFORMED
    consumed = _V2_FIXED.size + length
    if len(buffer) < consumed:
        return INCOMPLETE
    addresses = _V2_ADDRESSES.get(family >> 4)
    if command == 0 or addresses is None:  # LOCAL, or neither IPv4 nor IPv6
        return Header(None, 0, consumed)
    if length < addresses.size:
        return MALFORMED
    source, _, source_port, _ = addresses.unpack_from(buffer, _V2_FIXED.size)
    return Header(_normalized(ipaddress.ip_address(source)), source_port, consumed)


def _normalized(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return the address as text; an IPv4-mapped IPv6 address (::ffff:a.b.c.d) as IPv4."""
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(mapped or address)
