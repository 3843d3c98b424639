"""Key files: private, one purpose each, never overwritten."""

import stat
import tomllib
from datetime import UTC, datetime

import pytest

from gateway import keyfiles
from gateway.client import load_identity
from signing.keys import Algorithm, VerificationKey

NEW_YEARS_EVE = datetime(2026, 12, 31, 18, tzinfo=UTC)  # 1 January 2027 in Vietnam


def test_an_installation_has_every_key(tmp_path):
    """One call makes all keys, the private ones 0600, pseudonym keys for the local year and the next."""
    made = keyfiles.new_installation(tmp_path / "keys", NEW_YEARS_EVE)
    names = {str(path.relative_to(tmp_path / "keys")) for path in made}
    assert names == {
        "console.key",
        "http.pem",
        "log.pem",
        "reveal.pem",
        "reveal.pub.pem",
        "pseudonyms/2027.key",
        "pseudonyms/2028.key",
    }
    private = [path for path in made if path.name != "reveal.pub.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_existing_keys_are_left_alone(tmp_path):
    """A second call changes nothing, and a year later adds the missing year alone."""
    keyfiles.new_installation(tmp_path, NEW_YEARS_EVE)
    before = (tmp_path / "http.pem").read_bytes()
    assert keyfiles.new_installation(tmp_path, NEW_YEARS_EVE) == []
    later = keyfiles.new_installation(tmp_path, NEW_YEARS_EVE.replace(year=2027))
    assert [path.name for path in later] == ["2029.key"]
    assert (tmp_path / "http.pem").read_bytes() == before


def test_a_removed_reveal_key_is_not_replaced(tmp_path):
    """Where the private reveal key was taken to another machine, no new pair takes its place."""
    keyfiles.new_installation(tmp_path, NEW_YEARS_EVE)
    (tmp_path / "reveal.pem").unlink()
    assert keyfiles.new_installation(tmp_path, NEW_YEARS_EVE) == []


@pytest.mark.parametrize("algorithm", [Algorithm.ED25519, Algorithm.ECDSA_P256_SHA256])
def test_a_client_and_its_registration_fit(tmp_path, algorithm):
    """What the client signs with is what the configuration registers."""
    key = keyfiles.new_client(tmp_path / "H97.test", "H97.test", algorithm, "H97.test-1")
    document = tomllib.loads(keyfiles.client_document("H97.test", "Tỉnh Thử", "province", key))
    entry = document["keys"][0]
    registered = VerificationKey.from_pem(entry["public_key"], entry["keyid"], entry["algorithm"])
    registered.verify(load_identity(tmp_path / "H97.test" / "client.toml").key.sign(b"text"), b"text")
    assert (document["client"], document["kind"]) == ("H97.test", "province")


def test_a_client_is_kept(tmp_path):
    """Asked again, the same key comes back."""
    first = keyfiles.new_client(tmp_path, "H97.test", Algorithm.ED25519, "k-1")
    again = keyfiles.new_client(tmp_path, "H97.test", Algorithm.ED25519, "k-1")
    assert first.to_pem() == again.to_pem()
