"""The dialect of a connection, by its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.dialect import SNIFF_LIMIT_BYTES, Kind, sniff, strip_telnet


@pytest.mark.parametrize(
    ("buffer", "kind"),
    [
        (b"\x16", Kind.TLS),
        (b"\x16\x03\x01\x02\0\x01", Kind.TLS),
        (b"GET / HTTP/1.1\r\n", Kind.HTTP),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", Kind.HTTP),
        (b"PRI * HTTP/2.0\r\n", Kind.HTTP),
        (b"CAP LS 302\r\nNICK bob\r\n", Kind.IRC),
        (b"nick bob\n", Kind.IRC),
        (b"USER b 0 * :b\r\n", Kind.IRC),
        (b":x PASS secret\r\n", Kind.IRC),
        (b"@label=1 PING :x\r\n", Kind.IRC),
        (b"AUTHENTICATE PLAIN\r\n", Kind.IRC),
        (b"QUIT\r\n", Kind.IRC),
        (b"Nick\r\n", Kind.TEXT),  # a valid name of a person
        (b"NICK :\r\n", Kind.IRC),  # the answer is 431
        (b"bob\n", Kind.TEXT),
        (b"JOIN #room\r\n", Kind.TEXT),  # no registration verb
        (b"GET lost\r\n", Kind.TEXT),
        (b"\r\n\r\n \n\nNICK bob\r\n", Kind.IRC),  # empty lines decide nothing
        (b"\xff\xfb\x18\xff\xfd\x01\r\nCAP LS\r\n", Kind.IRC),  # telnet negotiates first
        (b"\xff\xfa\x18\0xterm\xff\xf0bob\r\n", Kind.TEXT),
        ("Jörg\n".encode(), Kind.TEXT),
        (b"\0\xfe\n", Kind.TEXT),
        (b"x" * (SNIFF_LIMIT_BYTES + 1), Kind.TEXT),
    ],
)
def test_tells_the_dialect(buffer: bytes, kind: Kind) -> None:
    assert sniff(buffer) is kind


@pytest.mark.parametrize(
    "buffer", [b"", b"\n", b"\r\n\r\n", b"NICK bob", b"CAP LS 302\r", b"\xff\xfb", b"\xff\xfb\x18\r\n"]
)
def test_an_unfinished_line_decides_nothing(buffer: bytes) -> None:
    assert sniff(buffer) is None


@given(
    st.binary()
    | st.lists(st.sampled_from([b"NICK", b" ", b"x", b"\r\n", b"\xff\xfb\x18", b"GET / HTTP/1.1"])).map(b"".join)
)
def test_more_bytes_never_change_what_was_decided(stream: bytes) -> None:
    decided = [kind for end in range(len(stream) + 1) if (kind := sniff(stream[:end]))]
    assert len(set(decided)) <= 1


def test_text_passes_the_telnet_filter_unchanged() -> None:
    assert strip_telnet("grüße\r\n".encode()) == "grüße\r\n".encode()
    assert strip_telnet(b"\xff\xf1bob\xff\xfb\x18\n") == b"bob\n"


def test_a_line_end_inside_of_telnet_s_negotiation_is_none_however_it_comes() -> None:
    """RFC 1073: a window of 10 rows holds a byte that is LF."""
    said = b"\xff\xfa\x1f\x00\x50\x00\n\xff\xf0NICK bob\r\n"
    told = [sniff(said[:end]) for end in range(len(said) + 1)]
    assert told == [None] * len(said) + [Kind.IRC]
    assert sniff(b"\xff\xfa" + b"x" * 80 + b"\n") is Kind.TEXT, "what has no end is none"
