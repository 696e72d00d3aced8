"""The table of numerics."""

from gateway.wire import numerics

_TABLE = {name: value for name, value in vars(numerics).items() if name.startswith(("RPL_", "ERR_"))}


def test_each_is_three_digits_and_has_one_name() -> None:
    """RFC 2812 2.4: a numeric is three digits."""
    assert all(len(value) == 3 and value.isdecimal() for value in _TABLE.values())
    assert len(set(_TABLE.values())) == len(_TABLE)


def test_errors_are_told_by_their_number() -> None:
    """RFC 2812 5.2: errors are 400 to 599; the later ones by IRCv3 and HELP lie above."""
    later = {"ERR_STARTTLS", "ERR_INVALIDMODEPARAM", "ERR_NOPRIVS", "ERR_MONLISTFULL"}
    assert all(name in later or value[0] in "45" for name, value in _TABLE.items() if name.startswith("ERR_"))
    assert all(value[0] not in "45" for name, value in _TABLE.items() if name.startswith("RPL_"))
