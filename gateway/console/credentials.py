"""Passwords (argon2id, RFC 9106) and one-time codes (TOTP, RFC 6238) of the console's users.

The rule: a TOTP secret is stored encrypted (AES-256-GCM, bound to its login) under a key that the database does not
hold, and a code's step is spent once.
"""

import os
import secrets
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP_S = 30
CODE_DIGITS = 6
SHORTEST_PASSWORD = 12
_NONCE_BYTES = 12
_SLACK_STEPS = 1
_HASHER = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)


class SecretError(Exception):
    """A stored secret does not open: another key file, or it was altered."""


def password_hash(password: str) -> str:
    """Return the argon2id hash. Raises `ValueError` for a password that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _HASHER.hash(password)


def password_fits(stored: str, password: str) -> bool:
    """Whether a password is the hashed one; takes some 50 ms either way."""
    try:
        return _HASHER.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def new_password() -> str:
    """Return a random password of 120 bits."""
    return secrets.token_urlsafe(15)


def new_totp() -> str:
    """Return a random TOTP secret in base32."""
    return pyotp.random_base32()


def seal_totp(key: bytes, login: str, secret: str) -> bytes:
    """Encrypt a TOTP secret for storing."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), login.encode())


def open_totp(key: bytes, login: str, stored: bytes) -> str:
    """Decrypt a stored TOTP secret. Raises `SecretError`."""
    try:
        return AESGCM(key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], login.encode()).decode()
    except (InvalidTag, ValueError):
        raise SecretError("a TOTP secret does not open with LIENTHONG_CONSOLE_KEY") from None


def code_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, one to either side allowed; None where it is none of them."""
    if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
        return None
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    steps = range(current - _SLACK_STEPS, current + _SLACK_STEPS + 1)
    fitting = [step for step in steps if secrets.compare_digest(totp.generate_otp(step), code)]
    return max(fitting, default=None)
