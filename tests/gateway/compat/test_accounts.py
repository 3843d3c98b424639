"""Accounts of the door: their place, their password, and how often one may try."""

import asyncio
import base64
import hashlib
import time

import pytest

from adapters.errors import MappingError
from gateway.compat.accounts import Accounts, LoginLimiter, password_hash, read_hash
from schemas.configuration import Compat, CompatAccount

DER = b"a certificate"
PINNED = hashlib.sha256(DER).hexdigest()
SHOWN = f":{base64.b64encode(DER).decode()}:"


def _accounts(folder, *, proxies=(), **members):
    account = CompatAccount(username="motcua", client="H99.test", password_file="motcua.argon2", **members)
    return Accounts(Compat(accounts=(account,), **({"proxies": proxies} if proxies else {})), folder)


@pytest.mark.parametrize(
    ("peer", "fits"), [("10.1.2.3", True), ("11.0.0.1", False), ("", False), ("::1", False), ("::ffff:10.1.2.3", False)]
)
def test_networks(secrets_dir, peer, fits):
    """An account is found from its networks alone."""
    accounts = _accounts(secrets_dir, sources=("10.0.0.0/8",))
    assert (accounts.placed("motcua", peer, ()) is not None) is fits


@pytest.mark.parametrize(
    ("peer", "headers", "fits"),
    [
        ("127.0.0.1", [("client-cert", SHOWN)], True),
        ("127.0.0.1", [], False),
        ("127.0.0.1", [("client-cert", SHOWN), ("client-cert", SHOWN)], False),
        ("127.0.0.1", [("client-cert", ":AAAA:")], False),
        ("127.0.0.1", [("client-cert", base64.b64encode(DER).decode())], False),
        ("127.0.0.1", [("client-cert", ":=:")], False),
        ("10.0.0.1", [("client-cert", SHOWN)], False),
    ],
)
def test_certificates(secrets_dir, peer, headers, fits):
    """A certificate counts where a named proxy shows it, once, as RFC 9440 writes it."""
    accounts = _accounts(secrets_dir, proxies=("127.0.0.0/8",), certificate_sha256=PINNED)
    assert (accounts.placed("motcua", peer, headers) is not None) is fits


async def test_passwords(secrets_dir):
    """The right password fits; a wrong one and one for nobody do not."""
    accounts, slots = _accounts(secrets_dir, sources=("10.0.0.0/8",)), asyncio.Semaphore(1)
    assert await accounts.verified("motcua", "mat khau rat dai", slots)
    assert not await accounts.verified("motcua", "sai", slots)
    assert not await accounts.verified("khac", "mat khau rat dai", slots)


async def test_nobody_takes_as_long_as_somebody(secrets_dir):
    """A name that nobody has costs the same hash as one that exists."""
    accounts, slots = _accounts(secrets_dir, sources=("10.0.0.0/8",)), asyncio.Semaphore(1)
    seconds = {}
    for name in ("motcua", "khac"):
        begun = time.process_time()  # of the processor, threads included: a busy machine changes nothing
        for _ in range(3):
            await accounts.verified(name, "sai", slots)
        seconds[name] = time.process_time() - begun
    assert seconds["khac"] > seconds["motcua"] / 4


@pytest.mark.parametrize("name", ["broken.argon2", "missing.argon2"])
async def test_a_file_without_a_hash_shuts_the_account_out(secrets_dir, name):
    """What is no argon2id hash lets nobody in, and is named when the configuration is checked."""
    account = CompatAccount(username="motcua", client="H99.test", password_file=name, sources=("10.0.0.0/8",))
    with pytest.raises(MappingError, match="argon2id"):
        read_hash(secrets_dir, account)
    accounts = Accounts(Compat(accounts=(account,)), secrets_dir)
    assert not await accounts.verified("motcua", "password", asyncio.Semaphore(1))


def test_hashes_are_salted():
    """The same password never has the same hash."""
    assert password_hash("mat khau rat dai") != password_hash("mat khau rat dai")


def test_the_limiter_forgets_after_its_window():
    """Failures count per name and address, and only for a while."""
    now = [0.0]
    limiter = LoginLimiter(lambda: now[0], limit=2, window_s=60.0)
    for _ in range(2):
        assert limiter.admits("a", "10.0.0.1")
        limiter.failed("a", "10.0.0.1")
    assert not limiter.admits("a", "10.0.0.1")
    assert limiter.admits("b", "10.0.0.1")
    assert limiter.admits("a", "10.0.0.2")
    now[0] = 61.0
    assert limiter.admits("a", "10.0.0.1")
