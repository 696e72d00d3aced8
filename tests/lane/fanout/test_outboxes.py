"""The same bytes to many clients, and their audiences by capability."""

from typing import cast

from gateway.chat.capabilities import AWAY_NOTIFY
from gateway.lane.clients.client import Clients
from gateway.lane.fanout.audience import Group, split, those
from gateway.lane.fanout.outboxes import Outboxes
from gateway.net.connection import ClientConnection
from tests.stage.parts import Connection, Context, make_client


def audience(count: int) -> list[ClientConnection]:
    return [Connection().as_connection() for _ in range(count)]


def test_all_get_the_very_same_object_and_are_touched_once() -> None:
    touched: list[ClientConnection] = []
    outboxes, readers, data = Outboxes(touched), audience(3), b"line\r\n"
    outboxes.write(readers, data)
    outboxes.write(readers, data)
    assert all(piece is data for reader in readers for piece in reader.out)
    assert touched == readers
    assert outboxes.delivered == 6


def test_a_copy_takes_the_place_of_the_bytes_and_an_empty_one_is_nothing() -> None:
    touched: list[ClientConnection] = []
    readers = audience(3)
    Outboxes(touched).write(readers, b"all", {readers[0]: b"own", readers[1]: b""})
    assert [reader.out for reader in readers] == [[b"own"], [], [b"all"]]
    assert touched == [readers[0], readers[2]]


def groups() -> list[Group]:
    context, clients = Context(), Clients()
    made = [make_client(context, clients, nick, caps=caps)[0] for nick, caps in (("ann", AWAY_NOTIFY), ("bob", 0))]
    return [(0, {client.connection: client for client in made})]


def nicks(of: object) -> list[str]:
    return [client.session.nick for _, readers in cast(list[Group], list(of)) for client in readers.values()]  # type: ignore[call-overload]


def test_a_group_without_anybody_who_fits_is_left_out() -> None:
    assert nicks(those(groups(), lambda client: client.session.nick == "bob")) == ["bob"]
    assert list(those(groups(), lambda _client: False)) == []


def test_readers_are_split_by_a_capability() -> None:
    having, others = split(groups(), AWAY_NOTIFY)
    assert (nicks(having), nicks(others)) == (["ann"], ["bob"])
