"""The same bytes for many connections, written once and flushed once."""

from typing import Any

from gateway.lane.fanout.outboxes import Outboxes
from tests.stage.parts import Connection


def test_all_get_the_same_object_and_each_is_flushed_once() -> None:
    """Copies would cost memory for each reader."""
    touched: list[Any] = []
    outboxes = Outboxes(touched)
    readers: list[Any] = [Connection(), Connection()]
    first, second = b"one\r\n", b"two\r\n"
    outboxes.write(readers, first)
    outboxes.write(readers, second)
    assert all(reader.out[0] is first and reader.out[1] is second for reader in readers)
    assert touched == readers


def test_a_connection_with_a_copy_of_its_own_gets_that_alone() -> None:
    touched: list[Any] = []
    reader, sender, silent = (Connection() for _ in range(3))
    audience: list[Any] = [reader, sender, silent]
    copies: dict[Any, bytes] = {sender: b"@label=1 x\r\n", silent: b""}
    Outboxes(touched).write(audience, b"x\r\n", copies)
    assert (reader.out, sender.out, silent.out) == ([b"x\r\n"], [b"@label=1 x\r\n"], [])
    assert touched == [reader, sender]


def test_a_connection_that_is_to_be_flushed_already_is_not_noted_again() -> None:
    touched: list[Any] = []
    reader: Any = Connection()
    reader.out.append(b"reply\r\n")
    Outboxes(touched).write([reader], b"x\r\n")
    assert reader.out == [b"reply\r\n", b"x\r\n"]
    assert touched == []


def test_deliveries_are_counted_by_reader() -> None:
    outboxes = Outboxes([])
    readers: list[Any] = [Connection(), Connection(), Connection()]
    outboxes.write(readers, b"x\r\n")
    outboxes.write(readers[:1], b"y\r\n")
    assert outboxes.delivered == 4
