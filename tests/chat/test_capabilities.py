"""Capabilities: what is offered, and what a request changes (IRCv3 capability-negotiation)."""

import pytest

from gateway.chat.capabilities import (
    BATCH,
    BY_NAME,
    CAP_NOTIFY,
    NO_IMPLICIT_NAMES,
    SETNAME,
    VARIANT_CAPS,
    VERSION_302,
    WEBSOCKET,
    change,
    names,
    offer,
    short_offer,
)


def test_each_capability_is_one_bit_and_no_bit_is_two() -> None:
    bits = set(BY_NAME.values())
    assert all(bit.bit_count() == 1 for bit in bits)
    assert not bits & {VERSION_302, 1 << 30, 1 << 29, *(1 << at for at in range(32) if WEBSOCKET >> at & 1)}
    assert all(bit in bits for bit in (VARIANT_CAPS & (1 << at) for at in range(32)) if bit)


def test_version_302_is_offered_every_name_with_its_value() -> None:
    words = offer({"draft/multiline": "max-bytes=1"})
    assert "draft/multiline=max-bytes=1" in words
    assert [word.partition("=")[0] for word in words] == list(BY_NAME) == sorted(BY_NAME)


def test_an_older_client_is_offered_one_name_of_each_without_values() -> None:
    """It accepts one line only."""
    words = short_offer()
    assert sorted(BY_NAME[word] for word in words) == sorted(set(BY_NAME.values()))
    assert "no-implicit-names" in words
    assert "soju.im/no-implicit-names" not in words
    assert len(" ".join(words)) < 450


def test_a_capability_has_all_its_names() -> None:
    assert names(NO_IMPLICIT_NAMES | SETNAME) == [
        "draft/no-implicit-names",
        "no-implicit-names",
        "setname",
        "soju.im/no-implicit-names",
    ]


@pytest.mark.parametrize(
    ("caps", "request_", "after"),
    [
        (0, "batch setname", BATCH | SETNAME),
        (BATCH, "-batch setname", SETNAME),
        (BATCH, "", BATCH),
        (BATCH, "setname nonsense", None),
        (BATCH, "-nonsense", None),
        (CAP_NOTIFY, "-cap-notify", 0),
        (CAP_NOTIFY | VERSION_302, "-cap-notify", None),
    ],
)
def test_a_request_is_granted_as_a_whole_or_not_at_all(caps: int, request_: str, after: int | None) -> None:
    """IRCv3 capability-negotiation, "CAP REQ" and "cap-notify": with version 302 the latter cannot be disabled."""
    assert change(caps, request_) == after
