"""Passwords, TOTP secrets and codes."""

import secrets
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from gateway.console.credentials import (
    SecretError,
    code_step,
    new_password,
    new_totp,
    open_totp,
    password_fits,
    password_hash,
    seal_totp,
)

NOW = datetime(2026, 11, 22, 1, 30, 10, tzinfo=UTC)


def test_a_password_fits_its_own_hash_alone():
    """Hashes are argon2id with a salt of their own; a broken hash fits nothing."""
    password = new_password()
    stored = password_hash(password)
    assert stored.startswith("$argon2id$")
    assert stored != password_hash(password)
    assert password_fits(stored, password)
    assert not password_fits(stored, password + "x")
    assert not password_fits("rubbish", password)


def test_short_passwords_are_refused():
    """Fewer than 12 characters are no password."""
    with pytest.raises(ValueError, match="12"):
        password_hash("short")


def test_a_totp_secret_opens_for_its_login_and_key_alone():
    """A stored secret cannot be moved to another user, nor read under another key."""
    key, secret = secrets.token_bytes(32), new_totp()
    stored = seal_totp(key, "a1", secret)
    assert secret.encode() not in stored
    assert open_totp(key, "a1", stored) == secret
    for wrong in ((key, "b1", stored), (secrets.token_bytes(32), "a1", stored), (key, "a1", stored[:-1])):
        with pytest.raises(SecretError):
            open_totp(*wrong)


@pytest.mark.parametrize(("seconds", "fits"), [(0, True), (-30, True), (30, True), (-90, False), (90, False)])
def test_a_code_is_right_for_about_a_minute(seconds, fits):
    """A clock may be one step off, not more."""
    secret = new_totp()
    code = pyotp.TOTP(secret).at(NOW + timedelta(seconds=seconds))
    step = code_step(secret, code, NOW)
    assert (step == int(NOW.timestamp() + seconds) // 30) if fits else step is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "12a456"])
def test_what_is_no_code_is_none(code):
    """Six ASCII digits, nothing else."""
    assert code_step(new_totp(), code, NOW) is None
