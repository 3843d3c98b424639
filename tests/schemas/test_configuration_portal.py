"""`portal.toml` and `compat.toml`: what they must say, and what they must not."""

import pytest

from schemas.configuration import ConfigurationError, load_configuration

PORTAL = 'url = "https://portal.test"\nunit = "000.00.00.H99"\ncredentials_file = "portal.toml"\n'
ACCOUNT = '[[accounts]]\nusername = "motcua"\nclient = "H99.test"\npassword_file = "p.argon2"\n'
SOURCES = 'sources = ["10.0.0.0/8"]\n'
CERTIFICATE = f'certificate_sha256 = "{"ab" * 32}"\n'


def _faults(**documents):
    with pytest.raises(ConfigurationError) as caught:
        load_configuration({f"{name}.toml": text for name, text in documents.items()})
    return [(fault.file, fault.pointer) for fault in caught.value.problems]


def test_neither_is_there_unless_its_file_is():
    """Without files there is no portal and no door."""
    configuration = load_configuration({})
    assert configuration.portal is None
    assert configuration.compat is None


def test_the_portal_is_read():
    """Codes are canonical, figures have defaults."""
    portal = load_configuration({"portal.toml": PORTAL + '[databases]\npopulation = "DC"\n'}).portal
    assert (portal.unit, portal.batch, portal.concurrency, portal.databases) == ("H99", 100, 2, {"population": "DC"})


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (PORTAL.replace("https:", "http:"), "/url"),
        (PORTAL.replace("000.00.00.H99", "tỉnh"), "/unit"),
        (PORTAL.replace('"portal.toml"', '"/etc/passwd"'), "/credentials_file"),
        (PORTAL + "batch = 0\n", "/batch"),
        (PORTAL + "password = 'x'\n", "/password"),
        ("url = 1", "/url"),
    ],
)
def test_a_wrong_portal_is_refused(text, pointer):
    """Plain http beyond this machine, other codes, other places for secrets, odd figures, passwords."""
    assert ("portal.toml", pointer) in _faults(portal=text)


def test_a_client_must_exist():
    """An account reports as a client of the configuration."""
    assert _faults(compat=ACCOUNT + SOURCES) == [("compat.toml", "/accounts/0/client")]


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (ACCOUNT, "/accounts/0"),
        (ACCOUNT + 'sources = ["10.0.0.1/8"]\n', "/accounts/0/sources/0"),
        (ACCOUNT + "sources = []\n", "/accounts/0/sources"),
        (ACCOUNT + 'certificate_sha256 = "AB"\n', "/accounts/0/certificate_sha256"),
        (ACCOUNT + CERTIFICATE, ""),
        (ACCOUNT + SOURCES + ACCOUNT + SOURCES, ""),
        ("accounts = []\n", "/accounts"),
        ("this is no TOML", ""),
    ],
)
def test_a_wrong_door_is_refused(text, pointer):
    """An account without a place, a network with host bits, certificates nobody shows, names used twice."""
    assert ("compat.toml", pointer) in _faults(compat=text)


def test_a_certificate_is_shown_by_a_proxy():
    """With proxies named an account may be bound to its certificate alone."""
    text = 'proxies = ["127.0.0.0/8"]\n' + ACCOUNT + CERTIFICATE
    assert _faults(compat=text) == [("compat.toml", "/accounts/0/client")]
