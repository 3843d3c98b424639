"""Who signed: the codes in PROTOCOL's order, and nothing told about keys."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.authentication import authenticate
from gateway.refusals import Refusal
from signing.keys import Algorithm
from signing.message import Request

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def _code(snapshot, request, body, now=NOW):
    with pytest.raises(Refusal) as refused:
        authenticate(request, body, snapshot, now)
    return refused.value


def _without(request, *names, **changes):
    """Return the request without the headers of these names, and with others changed."""
    headers = [
        (name, changes.get(name.replace("-", "_"), value)) for name, value in request.headers if name not in names
    ]
    return Request(request.method, request.scheme, request.authority, request.target, headers)


def test_a_good_signature_makes_a_caller(kit):
    """The caller is the key's client, and the proof is what was signed."""
    snapshot = kit.snapshot()
    request, body = kit.signed(now=NOW)
    caller = authenticate(request, body, snapshot, NOW)
    assert (caller.client.client, caller.keyid) == ("H99.test", "H99.test-1")
    assert (caller.nonce.client, caller.nonce.value, caller.nonce.created) == (
        "H99.test",
        caller.proof.nonce,
        int(NOW.timestamp()),
    )
    sealed = caller.sealed_proof()
    assert sealed["signature_base"].encode("latin-1") == caller.proof.base
    assert bytes.fromhex(sealed["signature"]) == caller.proof.signature
    assert sealed["algorithm"] == "ed25519"


def test_the_codes_come_in_the_protocols_order(kit):
    """Missing, malformed, insufficient, invalid, expired, digest: a request with several faults gets the first."""
    snapshot, late = kit.snapshot(), NOW - timedelta(seconds=301)
    request, body = kit.signed(now=late)
    assert _code(snapshot, _without(request, "signature"), b"other").code == "signature-missing"
    assert _code(snapshot, _without(request, signature="lienthong=garbage;;"), b"other").code == "request-malformed"
    few, _ = kit.signed(now=late, components=["@method"])
    assert _code(snapshot, few, b"other").code == "signature-insufficient"
    wrong, _ = kit.signed(now=late, keyid="unknown-1")
    assert _code(snapshot, wrong, b"other").code == "signature-invalid"
    assert _code(snapshot, request, b"other").code == "signature-expired"
    fresh, body = kit.signed(now=NOW)
    assert _code(snapshot, fresh, body + b" ").code == "digest-mismatch"


@pytest.mark.parametrize(("age", "good"), [(300, True), (301, False), (-60, True), (-61, False)])
def test_the_window_is_inclusive_at_both_ends(kit, age, good):
    """300 s old and 60 s ahead still count, a second more does not."""
    snapshot = kit.snapshot()
    request, body = kit.signed(now=NOW - timedelta(seconds=age))
    if good:
        assert authenticate(request, body, snapshot, NOW).keyid == "H99.test-1"
    else:
        assert _code(snapshot, request, body).code == "signature-expired"


def test_unknown_revoked_suspended_and_forged_are_one(kit):
    """The refusal is the same to the last attribute, whichever of them it was: nobody learns which keys exist."""
    revoked = f'revoked_at = "{(NOW - timedelta(days=1)).isoformat()}"\n'
    early = f'not_before = "{(NOW + timedelta(days=1)).isoformat()}"\n'
    late = f'not_after = "{(NOW - timedelta(days=1)).isoformat()}"\n'
    request, body = kit.signed(now=NOW)
    unknown, _ = kit.signed(now=NOW, keyid="unknown-1")
    forged = _without(request, signature="lienthong=:" + "A" * 86 + "==:")
    refused = [
        _code(kit.snapshot(), unknown, body),
        _code(kit.snapshot(), forged, body),
        _code(kit.snapshot(**{"clients/H99.test.toml": kit.client_file(suspended=True)}), request, body),
        *(
            _code(kit.snapshot(**{"clients/H99.test.toml": kit.client_file(extra=extra)}), request, body)
            for extra in (revoked, early, late)
        ),
    ]
    assert {(refusal.code, refusal.reason, refusal.detail, refusal.errors) for refusal in refused} == {
        ("signature-invalid", "invalid", None, ())
    }


def test_one_client_cannot_sign_as_another(kit):
    """A key speaks for its own client, whoever's keyid is written beside the signature."""
    both = {"clients/H98.test.toml": kit.client_file("H98.test")}
    snapshot = kit.snapshot(**both)
    own, body = kit.signed(now=NOW, keyid="H98.test-1")
    assert authenticate(own, body, snapshot, NOW).client.client == "H98.test"
    inputs = dict(own.headers)["signature-input"].replace("H98.test-1", "H99.test-1")
    assert _code(snapshot, _without(own, signature_input=inputs), body).code == "signature-invalid"


def test_the_algorithm_belongs_to_the_key(kit):
    """`alg` in a message cannot choose another one."""
    name = "H97.test"
    kit.key(f"{name}-1", Algorithm.ECDSA_P256_SHA256)
    snapshot = kit.snapshot(**{f"clients/{name}.toml": kit.client_file(name)})
    request, body = kit.signed(now=NOW, keyid=f"{name}-1")
    assert authenticate(request, body, snapshot, NOW).client.client == name
    inputs = dict(request.headers)["signature-input"] + ';alg="ed25519"'
    assert _code(snapshot, _without(request, signature_input=inputs), body).code == "signature-invalid"


def test_refusals_hold_nothing_of_the_request(kit):
    """Neither the key's name nor a header's text appears in what the caller is told or the log keeps."""
    snapshot = kit.snapshot()
    request, body = kit.signed(now=NOW, keyid="secret-looking-name")
    refusal = _code(snapshot, request, body)
    told = f"{refusal} {refusal.detail} {refusal.reason} {refusal.errors}"
    assert "secret-looking-name" not in told
