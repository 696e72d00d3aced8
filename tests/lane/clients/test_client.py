"""A client: what it is sent, and which bytes it shares with others."""

import pytest

from gateway.chat.capabilities import ECHO_MESSAGE, ELSEWHERE, MESSAGE_TAGS, SERVER_TIME, TEXT
from gateway.chat.errors import ClientLeft
from gateway.lane.clients.client import Client, Clients, Dialect
from gateway.lane.clients.dialects import IRC, PLAIN_TEXT
from tests.stage.parts import Connection, Context, make_client


def made(nick: str = "ann", caps: int = 0, dialect: Dialect = IRC) -> tuple[Client, Connection]:
    return make_client(Context(), Clients(), nick, caps=caps, dialect=dialect)


def test_a_line_is_sent_in_the_connection_s_dialect() -> None:
    for dialect, shown in ((IRC, ":bob!u@h QUIT :bye"), (PLAIN_TEXT, "* bob is gone (bye)")):
        client, connection = made(dialect=dialect)
        client.send(":bob!u@h QUIT :bye")
        assert connection.lines == [shown]


def test_nothing_is_written_to_a_connection_that_is_gone_nor_where_the_dialect_shows_nothing() -> None:
    client, connection = made(dialect=PLAIN_TEXT)
    connection.write = lambda data: pytest.fail(f"wrote {data!r}")  # type: ignore[method-assign]
    client.send(":irc.test 005 ann X :are supported")
    connection.is_open = False
    client.send(":bob!u@h QUIT :bye")


def test_only_what_changes_the_bytes_makes_another_variant() -> None:
    plain, timed, tagged = (made(caps=caps)[0].variant for caps in (0, SERVER_TIME, MESSAGE_TAGS))
    assert len({plain, timed, tagged}) == 3
    assert made(caps=ECHO_MESSAGE)[0].variant == plain
    assert made(caps=ECHO_MESSAGE | MESSAGE_TAGS)[0].variant == tagged


def test_plain_text_has_another_variant_for_rooms_other_than_the_active_one() -> None:
    text, irc = made(dialect=PLAIN_TEXT)[0], made()[0]
    text.active_room = irc.active_room = "#tea"
    assert text.variant & TEXT
    assert not text.variant_in("#tea") & ELSEWHERE
    assert text.variant_in("#lobby") & ELSEWHERE
    assert irc.variant_in("#lobby") == irc.variant_in("#tea") == irc.variant


def test_the_loss_of_a_nick_is_sent_once_by_the_nick_that_the_client_knows() -> None:
    client, connection = made("gate.0.0")
    client.client_side_nick = "ann"
    client.send_nick_loss()
    client.send_nick_loss()
    assert connection.lines == [":ann!gate.0.0@host NICK gate.0.0"]


def test_a_session_whose_client_has_left_is_not_found() -> None:
    clients = Clients()
    client, _ = make_client(Context(), clients, "ann")
    assert clients.of(client.session) is client
    clients.clear()
    with pytest.raises(ClientLeft):
        clients.of(client.session)
