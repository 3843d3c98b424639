"""`lienthong keys`: files made, and only public halves shown."""

import json
import tomllib

from signing.checkpoint import parse_vkey
from signing.keys import VerificationKey, parse_jwks


def test_an_installation_is_made_once(lienthong, tmp_path):
    """The first call names what it made, the second finds it all there."""
    first = lienthong("keys", "new", tmp_path / "keys")
    assert first.code == 0
    assert "http.pem" in first.out
    assert "every key is already there" in lienthong("keys", "new", tmp_path / "keys").out


def test_a_caller_gets_a_registration_to_hand_in(lienthong, tmp_path):
    """--client makes the caller's files and prints its public registration, nothing private."""
    done = lienthong("keys", "new", tmp_path / "c", "--client", "H97.test", "--algorithm", "ecdsa-p256-sha256")
    document = tomllib.loads(done.out)
    assert (document["client"], document["keys"][0]["algorithm"]) == ("H97.test", "ecdsa-p256-sha256")
    assert "PRIVATE" not in done.out


def test_public_halves_are_shown(lienthong, tmp_path):
    """A JWK set, a verifier key and a PEM block all come from the private file, without private members."""
    lienthong("keys", "new", tmp_path)
    jwks = lienthong("keys", "show", tmp_path / "http.pem", "--keyid", "gw-1")
    assert set(parse_jwks(json.loads(jwks.out))) == {"gw-1"}
    vkey = lienthong("keys", "show", tmp_path / "log.pem", "--vkey", "log.example")
    assert parse_vkey(vkey.out).name == "log.example"
    pem = lienthong("keys", "show", tmp_path / "log.pem", "--pem")
    assert VerificationKey.from_pem(pem.out, "x").algorithm == "ed25519"
    assert "PRIVATE" not in jwks.out + vkey.out + pem.out


def test_two_forms_at_once_are_wrong_usage(lienthong, tmp_path):
    """--vkey and --pem exclude each other."""
    lienthong("keys", "new", tmp_path)
    assert lienthong("keys", "show", tmp_path / "log.pem", "--vkey", "x", "--pem").code == 2


def test_no_key_is_one_line(lienthong, tmp_path):
    """A missing file and a file that is no key are errors of one line."""
    (tmp_path / "text").write_text("hello")
    for file in (tmp_path / "text", tmp_path / "none"):
        done = lienthong("keys", "show", file)
        assert (done.code, done.err.count("\n")) == (1, 1)


def test_a_client_id_that_no_configuration_takes_is_refused(lienthong, tmp_path):
    """What `lienthong check` would refuse is not made in the first place."""
    done = lienthong("keys", "new", tmp_path / "new", "--client", "bad id!")
    assert (done.code, done.err) == (2, "lienthong: a client id is 1 to 64 of letters, digits, dot, - and _\n")
    assert not (tmp_path / "new").exists()
