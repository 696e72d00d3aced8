"""Comparison of names: CASEMAPPING=ascii (Modern IRC "CASEMAPPING Parameter"). Pure; any thread."""

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def casefold(name: str) -> str:
    """Return the form in which names are compared and stored: only A-Z become a-z."""
    return name.lower() if name.isascii() else name.translate(_LOWER)
