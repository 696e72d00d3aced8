"""All targets by name. A target takes bytes; an exception that escapes from it is a finding."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.fuzz import decoders, lanes, logs, published

Target = Callable[[bytes], None]

TARGETS: Final[dict[str, Target]] = {
    "message": decoders.message,
    "framing": decoders.framing,
    "tags": decoders.tags,
    "proxy": decoders.proxy_header,
    "dialect": decoders.dialects,
    "tls": decoders.tls,
    "web": decoders.web,
    "masks": decoders.masks,
    "names": decoders.names,
    "text": decoders.plain_text,
    "modes": decoders.mode_strings,
    "places": decoders.places,
    "settings": decoders.settings,
    "client": decoders.client,
    "entries": logs.entries,
    "snapshots": logs.snapshots,
    "folding": logs.folding,
    "link": logs.link,
    "published": published.published,
    "lane": lanes.lane,
}

CORPUS: Final = Path(__file__).with_name("corpus")


def seeds(name: str) -> list[bytes]:
    """A target's corpus: inputs that are known to reach new code."""
    return [file.read_bytes() for file in sorted(CORPUS.joinpath(name).glob("*"))]
