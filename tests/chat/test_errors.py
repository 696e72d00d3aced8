"""The error of each refusal: the same at once and when the log has it, and never one to a NOTICE."""

import pytest

from gateway.chat.effects import Reason
from gateway.chat.errors import CommandError, check, id_in_use, rejected, unavailable


def shown(error: CommandError | None) -> tuple[str, ...] | None:
    return None if error is None else (error.code, *error.params)


@pytest.mark.parametrize(
    ("verb", "reason", "expected"),
    [
        ("JOIN", Reason.INVITE_ONLY, ("473", "#a", "Cannot join channel (+i)")),
        ("JOIN", Reason.BANNED, ("474", "#a", "Cannot join channel (+b)")),
        ("JOIN", Reason.BAD_KEY, ("475", "#a", "Cannot join channel (+k)")),
        ("JOIN", Reason.FULL, ("471", "#a", "Cannot join channel (+l)")),
        ("PART", Reason.NOT_MEMBER, ("442", "#a", "You're not on that channel")),
        ("TOPIC", Reason.NOT_OPERATOR, ("482", "#a", "You're not channel operator")),
        ("KICK", Reason.NO_SUCH_MEMBER, ("441", "bob", "#a", "They aren't on that channel")),
        ("INVITE", Reason.ALREADY_MEMBER, ("443", "bob", "#a", "is already on channel")),
        ("PRIVMSG", Reason.NOT_MEMBER, ("404", "#a", "Cannot send to channel (no external messages)")),
        ("PRIVMSG", Reason.MUTED, ("404", "#a", "Cannot send to channel (+m)")),
        ("TAGMSG", Reason.BANNED, ("404", "#a", "Cannot send to channel (you are banned)")),
        ("PRIVMSG", Reason.MALFORMED, ("404", "#a", "Cannot send to channel")),
        ("MODE", Reason.GATEWAY_DEAD, ("400", "MODE", "#a", "Refused (gateway dead)")),
    ],
)
def test_each_refusal_has_its_numeric(verb: str, reason: Reason, expected: tuple[str, ...]) -> None:
    """RFC 2812 5.2 and Modern IRC."""
    assert shown(rejected(verb, "#a", reason, "bob")) == expected
    with pytest.raises(CommandError) as raised:
        check(verb, "#a", reason, "bob")
    assert shown(raised.value) == expected


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("JOIN", None),
        ("MODE", Reason.NO_CHANGE),
        ("JOIN", Reason.ALREADY_MEMBER),
        ("PRIVMSG", Reason.DUPLICATE),
    ],
)
def test_what_is_as_it_was_asked_for_is_no_error(verb: str, reason: Reason | None) -> None:
    assert rejected(verb, "#a", reason) is None
    check(verb, "#a", reason)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.ID_IN_USE])
def test_nothing_is_answered_to_a_notice(reason: Reason) -> None:
    """RFC 2812 3.3.2."""
    assert rejected("NOTICE", "#a", reason) is None


@pytest.mark.parametrize("verb", ["PRIVMSG", "NOTICE", "TAGMSG"])
def test_an_id_that_another_message_has_is_answered_to_any_message(verb: str) -> None:
    """A client that gives ids waits for an answer, also to a NOTICE. Its own lane and the recipient's say the same."""
    error = rejected(verb, "#a", Reason.ID_IN_USE)
    assert error is not None
    assert (error.verb, error.code) == (verb, "ID_IN_USE")
    assert id_in_use(verb, "#a") == f"FAIL {verb} ID_IN_USE #a :{error.params[-1]}"


@pytest.mark.parametrize("verb", ["PRIVMSG", "JOIN", "MODE", "INVITE", "KICK"])
def test_every_reason_has_an_answer_or_none(verb: str) -> None:
    for reason in Reason:
        error = rejected(verb, "#a", reason, "bob")
        assert error is None or error.params[-1]


def test_what_was_not_carried_out_is_a_fail_with_its_target() -> None:
    """IRCv3 standard-replies."""
    error = unavailable("PRIVMSG", "#a")
    assert (error.verb, error.code, error.params[0]) == ("PRIVMSG", "TEMPORARILY_UNAVAILABLE", "#a")
