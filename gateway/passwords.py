"""Compare a password with its hash. argon2id takes tens of ms and 64 MB by design: never on a lane's thread."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHash


def fits(password_hash: str, password: str) -> bool:
    """Return whether the password matches the hash; False for an invalid hash."""
    try:
        return PasswordHasher().verify(password_hash, password)
    except (Argon2Error, InvalidHash):
        return False
