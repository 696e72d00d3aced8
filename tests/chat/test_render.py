"""Lines as readers are sent them."""

import pytest

from gateway.chat.capabilities import MESSAGE_TAGS, SERVER_TIME
from gateway.chat.render import message_lines
from gateway.wire.framing import CLIENT_TAGS_LIMIT_BYTES


@pytest.mark.parametrize(("character", "bytes_each"), [("x", 1), ("é", 2)])
def test_client_tags_over_their_limit_are_left_out(character: str, bytes_each: int) -> None:
    """IRCv3 message-tags, "Size limit": whoever has written them into the log."""
    fitting = f"+a={character * ((CLIENT_TAGS_LIMIT_BYTES - len('@+a= ')) // bytes_each)}"
    caps, line = MESSAGE_TAGS | SERVER_TIME, ":ann!ann@host PRIVMSG #r :text"
    assert f";{fitting} :ann" in message_lines(line, caps, "1-0", "id", fitting)[0]
    assert "+a=" not in message_lines(line, caps, "1-0", "id", fitting + character)[0]
