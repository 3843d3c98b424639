"""A snapshot is the configuration made ready: keys built, grants indexed, services listed."""

import dataclasses
from datetime import date

import pytest

from gateway.snapshot import build_snapshot
from schemas.configuration import ConfigurationError

BAD_PEM = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"


def _with_bad_key(kit, client="H99.test"):
    text = kit.client_file(client, f"{client}-1", f"{client}-2")
    good = kit.key(f"{client}-2").public_key().to_pem()
    return text.replace(good, BAD_PEM)


def test_indexes_keys_grants_and_services(kit):
    """What the hot path asks for is one look-up away."""
    snapshot = kit.snapshot({}, {"fields": ["sex"], "valid_until": "2027-01-31"}, version=7)
    assert snapshot.version == 7
    assert snapshot.keys["H99.test-1"].client.client == "H99.test"
    assert snapshot.keys["H99.test-1"].key.to_pem() == kit.key().public_key().to_pem()
    first, second = snapshot.grants[("H99.test", "population/person")]
    assert (first.row, second.row, second.fields) == (0, 1, frozenset({"sex"}))
    assert second.valid_until == date(2027, 1, 31)
    assert snapshot.grants_of("H99.test") == [first, second]
    assert snapshot.grants_of("H98.test") == []
    assert set(snapshot.services) == {"population/person"}


def test_a_grant_for_a_registry_that_is_not_there_yet_is_passed_over(kit):
    """An agreement may be ready before its registry: nothing can be asked until then."""
    snapshot = kit.snapshot({"service": "tax/taxpayer", "fields": ["name"]}, {})
    assert set(snapshot.grants) == {("H99.test", "population/person")}
    assert snapshot.grants[("H99.test", "population/person")][0].row == 1


def test_a_bad_key_is_named_with_its_file_and_place(kit):
    """Every key that cannot be used is told at once, with the file and the pointer to it."""
    documents = kit.documents()
    documents["clients/H99.test.toml"] = _with_bad_key(kit)
    documents["clients/H98.test.toml"] = _with_bad_key(kit, "H98.test")
    with pytest.raises(ConfigurationError) as refused:
        build_snapshot(1, documents)
    assert [(problem.file, problem.pointer) for problem in refused.value.problems] == [
        ("clients/H98.test.toml", "/keys/1/public_key"),
        ("clients/H99.test.toml", "/keys/1/public_key"),
    ]
    assert "AAAA" not in str(refused.value)


def test_a_key_of_another_algorithm_is_refused(kit):
    """The registered algorithm must be the key's own."""
    documents = kit.documents()
    documents["clients/H99.test.toml"] = kit.client_file().replace('"ed25519"', '"ecdsa-p256-sha256"')
    with pytest.raises(ConfigurationError, match="/keys/0/public_key"):
        build_snapshot(1, documents)


def test_a_snapshot_cannot_be_changed(kit):
    """What was loaded stays as it is until a whole new version replaces it."""
    snapshot = kit.snapshot()
    with pytest.raises(TypeError):
        snapshot.keys["x"] = snapshot.keys["H99.test-1"]
    with pytest.raises(TypeError):
        del snapshot.grants[("H99.test", "population/person")]
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.version = 2
