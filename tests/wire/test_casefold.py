"""CASEMAPPING=ascii (Modern IRC "CASEMAPPING Parameter")."""

import pytest

from gateway.wire.casefold import casefold


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Bob", "bob"),
        ("#ROOM", "#room"),
        ("[]\\~{}|^", "[]\\~{}|^"),
        ("#ÄÖİK", "#ÄÖİk"),
        ("#\u212a", "#\u212a"),
    ],
)
def test_only_ascii_letters_fold(name: str, folded: str) -> None:
    assert casefold(name) == folded
    assert casefold(folded) == folded
