"""Messages that wait, messages in flight, and their order."""

from client.outbox import IN_FLIGHT_LIMIT, Outbox, UnsentMessage


def _outbox(count: int) -> Outbox:
    outbox = Outbox()
    for number in range(count):
        outbox.put(UnsentMessage(str(number), "PRIVMSG", "#a" if number % 2 else "#b", f"text {number}"))
    return outbox


def _ids(launched: list[UnsentMessage]) -> list[str]:
    return [unsent.id for unsent in launched]


def test_a_lost_connection_puts_what_was_in_flight_before_what_waits() -> None:
    outbox = _outbox(IN_FLIGHT_LIMIT + 2)
    first = _ids(outbox.launch(lambda _target: True))
    outbox.lose_connection()
    again = outbox.launch(lambda _target: True)
    assert _ids(again) == first == [str(number) for number in range(IN_FLIGHT_LIMIT)]
    assert all(unsent.is_doubtful for unsent in again)


def test_a_target_that_is_not_ready_holds_up_only_its_own() -> None:
    outbox = _outbox(6)
    assert _ids(outbox.launch(lambda target: target == "#a")) == ["1", "3", "5"]
    assert _ids(outbox.launch(lambda _target: True)) == ["0", "2", "4"]


def test_a_message_of_many_lines_goes_alone() -> None:
    outbox = _outbox(1)
    outbox.put(UnsentMessage("long", "PRIVMSG", "#b", "line\n" * IN_FLIGHT_LIMIT * 2))
    outbox.put(UnsentMessage("short", "PRIVMSG", "#b", "after it"))
    assert _ids(outbox.launch(lambda _target: True)) == ["0"]
    outbox.remove("0")
    assert _ids(outbox.launch(lambda _target: True)) == ["long"]
    assert _ids(outbox.launch(lambda _target: True)) == []
    outbox.remove("long")
    assert _ids(outbox.launch(lambda _target: True)) == ["short"]
