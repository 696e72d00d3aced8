"""Whether a password fits a hash: argon2id takes tens of ms and 64 MB on purpose, so never on a lane's thread."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHash


def fits(password_hash: str, password: str) -> bool:
    """False also for what is no hash at all."""
    try:
        return PasswordHasher().verify(password_hash, password)
    except (Argon2Error, InvalidHash):
        return False
