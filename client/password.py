"""The password of a network: from the environment, the system's keyring, or the person. Never from the command line,
where every user of the machine could read it.

Owns the way to the keyring, which may be lacking or locked. Main thread.
"""

import os
from typing import Final

_SERVICE: Final = "hubbub"
VARIABLE: Final = "HUBBUB_PASSWORD"


class NoKeyringError(Exception):
    """Why the keyring cannot be used, in one line."""


def kept(network: str) -> str:
    """Give the password that is known for a network, "" for none."""
    given = os.environ.get(VARIABLE, "")
    if given or not network:
        return given
    try:
        import keyring

        return keyring.get_password(_SERVICE, network) or ""
    except Exception:  # whatever a system's backend raises: it is of no use then, and the person is asked
        return ""


def keep(network: str, password: str) -> None:
    """Store a password in the keyring. Raises NoKeyringError."""
    try:
        import keyring

        keyring.set_password(_SERVICE, network, password)
    except Exception as error:  # as above
        raise NoKeyringError(f"the keyring does not take it: {error}") from None
