"""`client.toml`: what is wrong with it is said in one line."""

import orjson
import pytest

from gateway.client import IdentityError, load_identity
from gateway.keyfiles import new_client
from signing.keys import Algorithm, SigningKey, jwks


@pytest.fixture
def directory(tmp_path):
    """Make a client's files."""
    new_client(tmp_path, "H99.igate", Algorithm.ED25519, "H99.igate-1")
    return tmp_path


def test_reads_client_and_key(directory):
    """The client's name, key id and algorithm come from the file; no gateway keys are pinned."""
    identity = load_identity(directory / "client.toml")
    assert (identity.client, identity.key.keyid, identity.key.algorithm) == ("H99.igate", "H99.igate-1", "ed25519")
    assert identity.gateway_keys is None


def test_reads_pinned_gateway_keys(directory):
    """`gateway_jwks` names a file of the gateway's answer keys."""
    answer_key = SigningKey.generate(Algorithm.ED25519, "gw-1").public_key()
    (directory / "gateway.jwks.json").write_bytes(orjson.dumps(jwks([answer_key])))
    with (directory / "client.toml").open("a") as file:
        file.write('gateway_jwks = "gateway.jwks.json"\n')
    assert set(load_identity(directory / "client.toml").gateway_keys) == {"gw-1"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('client = "H99.igate"', "", "client"),
        ('keyid = "H99.igate-1"', "keyid", "not a TOML"),
        ('algorithm = "ed25519"', 'algorithm = "ecdsa-p256-sha256"', "algorithm"),
        ('algorithm = "ed25519"', 'algorithm = "none"', "algorithm"),
        ('key = "private.pem"', 'key = "other.pem"', "No such file"),
        ('key = "private.pem"', 'key = "private.pem"\ngateway_jwks = "client.toml"', "not a JWK set"),
        ('key = "private.pem"', 'key = "private.pem"\ngateway_jwks = "none.json"', "No such file"),
    ],
)
def test_says_what_is_wrong(directory, old, new, says):
    """Every fault of the file is an `IdentityError` that names it."""
    path = directory / "client.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(IdentityError, match=says):
        load_identity(path)


def test_a_key_that_others_can_read_is_refused(directory):
    """A private key must be private."""
    (directory / "private.pem").chmod(0o644)
    with pytest.raises(IdentityError, match="chmod 600"):
        load_identity(directory / "client.toml")


def test_an_absent_file_says_what_to_do(tmp_path):
    """Without a client.toml the error names the option."""
    with pytest.raises(IdentityError, match="--client"):
        load_identity(tmp_path / "client.toml")
