"""The password of a network: from the environment, the system's keyring, or the user.

Never from the command line: every user of the machine can read that. Owns the access to the keyring, which may be
missing or locked. Main thread.
"""

import os
from typing import Final

_SERVICE: Final = "hubbub"
VARIABLE: Final = "HUBBUB_PASSWORD"


class NoKeyringError(Exception):
    """The keyring cannot be used; the text says why, in one line."""


def kept(network: str) -> str:
    """Return the stored password of a network, "" for none."""
    given = os.environ.get(VARIABLE, "")
    if given or not network:
        return given
    try:
        import keyring

        return keyring.get_password(_SERVICE, network) or ""
    except Exception:  # backends raise anything: without a keyring the user is asked
        return ""


def keep(network: str, password: str) -> None:
    """Store a password in the keyring. Raises NoKeyringError."""
    try:
        import keyring

        keyring.set_password(_SERVICE, network, password)
    except Exception as error:  # as above
        raise NoKeyringError(f"the keyring does not take it: {error}") from None
