"""Parsers of settings' values.

Knows nothing of the sources of settings (option, variable, file; see config.py). A parser takes a stripped, non-empty
text. It returns the value, or raises ValueError with a text that follows the setting's name. The text never contains a
secret. Pure; any thread.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:/,@?]+)(?::\d{1,5})?"
SENTINEL_URL = re.compile(rf"rediss?\+sentinel://(?:[^/@]*@)?{_HOST}(?:,{_HOST})*/[^/?]+(?:/\d*)?(?:\?.*)?")

# sun_path holds 108 bytes with its closing NUL (unix(7)).
UNIX_PATH_LIMIT_BYTES = 107
URL_HINT = "in a password write / as %2F, ? as %3F, # as %23, [ as %5B, @ as %40, % as %25"


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen at. `host` has no brackets; a host name counts as tcp4; port 0 means any free port."""

    kind: Literal["tcp4", "tcp6", "unix"]
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if self.kind == "tcp6" else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Parse HOST:PORT, [V6]:PORT or unix:/PATH."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/"):
            raise ValueError(f"{text!r}: a unix socket needs an absolute path, as in unix:/run/hubbub.sock")
        if len(path.encode()) > UNIX_PATH_LIMIT_BYTES:
            raise ValueError(f"{text!r}: the path of a unix socket has at most {UNIX_PATH_LIMIT_BYTES} bytes")
        return Address("unix", path=path)
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError(f"{text!r} is not HOST:PORT, [V6]:PORT or unix:/PATH (all interfaces: 0.0.0.0:PORT)")
    if host.startswith("[") and host.endswith("]"):
        return Address("tcp6", str(_ip6(host[1:-1])), _port(port))
    if ":" in host:
        raise ValueError(f"{text!r}: an IPv6 address needs brackets, as in [::1]:6667")
    return Address("tcp4", host, _port(port))


def _ip6(text: str) -> ipaddress.IPv6Address:
    try:
        return ipaddress.IPv6Address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv6 address") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ValueError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def network(text: str) -> Network:
    """Parse an address or a CIDR range, such as 10.0.0.0/8."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is not an address or a range such as 10.0.0.0/8") from None


def origin(text: str) -> str:
    """Parse the origin of a web page as browsers send it (RFC 6454 6.2), or * for any."""
    if text != "*" and not re.fullmatch(r"https?://[^/?#@\s]+", text):
        raise ValueError(f"{text!r} is not an origin such as https://chat.example.org, nor *")
    return text.lower()


WEB_ADDRESS_LIMIT = 255


def web_address(text: str) -> str:
    """Parse an http or https URL that is valid as a parameter of an IRC line."""
    if not re.fullmatch(r"https?://[^/?#@\s]+(/[!-~]*)?", text, re.ASCII) or len(text) > WEB_ADDRESS_LIMIT:
        raise ValueError(f"{text!r} is not an address such as https://chat.example.org/icon.svg")
    return text


def redis_url(text: str) -> str:
    """Check the URL of a Redis or of sentinels. Errors do not repeat it, as it may contain a password."""
    if text.startswith(("redis+sentinel://", "rediss+sentinel://")):
        if not SENTINEL_URL.fullmatch(text):
            raise ValueError("not as in redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/SERVICE/DB")
        return text
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("not a redis://, rediss://, unix:// or redis+sentinel:// URL")
    try:
        _ = urlsplit(text).port  # raises ValueError, whose text would contain part of a password
    except ValueError:
        raise ValueError(f"not a valid URL; {URL_HINT}") from None
    return text


def whole(least: int, most: int = 2**53) -> Callable[[str], int]:
    """Return a parser of whole numbers from `least` to `most`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole number") from None
        if not least <= number <= most:
            raise ValueError(f"{number} is not between {least} and {most}")
        return number

    return parse


def number(least: float) -> Callable[[str], float]:
    """Return a parser of finite numbers of at least `least`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if not least <= value < float("inf"):
            raise ValueError(f"{text} is not a number of at least {least:g}")
        return value

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """Return a parser that accepts only these words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return text

    return parse


def word(text: str) -> str:
    """Check a printable word without spaces, which becomes a parameter of an IRC line."""
    if not text.isprintable() or " " in text or text.startswith(":"):
        raise ValueError(f"{text!r} is not one word of printable characters")
    return text


def server_name(text: str) -> str:
    """Check a server name. Clients distinguish it from a nick by its dot. At most 63 characters."""
    if "." not in text or len(text) > 63 or not all(c.isascii() and (c.isalnum() or c in ".-") for c in text):
        raise ValueError(f"{text!r} is not a server name: letters, digits and '-' with at least one dot, at most 63")
    return text


def room(text: str) -> str:
    """Check a room name: '#' and 1 to 63 characters without space, comma or control characters."""
    if not text.startswith("#") or not 2 <= len(text) <= 64 or "," in text:
        raise ValueError(f"{text!r} is not a room such as #lobby")
    return word(text)


def secret(text: str) -> str:
    """Accept any text unchanged."""
    return text


def path(text: str) -> Path:
    """Parse a path; ~ is the home directory, ~name that of another user of this machine."""
    if "\0" in text:
        raise ValueError(f"{text!r} is not a path: it contains a NUL")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{text!r}: there is no home directory of that user") from None
