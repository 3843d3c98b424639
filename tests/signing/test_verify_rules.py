"""The rules around a verification: its window, keys, words and order (PROTOCOL section 1)."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing.errors import SignatureError
from signing.keys import SigningKey, VerificationKey
from signing.message import Policy, Request, SignedButUnfit, selected_label, verify_request
from signing.verify import candidate, check_signature


@pytest.fixture(autouse=True)
def _sign_time(call, now):
    call.sign_time = now


def refused(call, **options) -> SignatureError:
    """Verify, expect a refusal, return it."""
    with pytest.raises(SignatureError) as caught:
        call.verify(**options)
    assert "lookups" not in caught.value.detail
    return caught.value


def _body(call, body):
    call.body = body
    return call


def _base64(octets):
    return b64encode(octets).decode()


@pytest.mark.parametrize("shift", [-300, 60])
def test_both_ends_of_the_window_are_inside(shift, call, now):
    """300 seconds old and 60 seconds ahead are still accepted."""
    assert call.sign(created=now + shift).verify().created == now + shift


def test_any_bit_of_the_signature_counts(call):
    """A flip of any of sixteen bits, spread over the signature, is refused as invalid."""
    call.sign()
    proof = call.verify()
    for place in range(0, 512, 32):
        octets = bytearray(proof.signature)
        octets[place // 8] ^= 1 << place % 8
        assert refused(call.replace("signature", f"lienthong=:{_base64(octets)}:")).code == "invalid"


def test_der_instead_of_r_and_s_is_refused(call, signing_keys):
    """An ECDSA signature in DER is invalid, though cryptographically the same."""
    call.key = signing_keys["ecdsa-p256-sha256"]
    signature = call.sign().verify().signature
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    assert refused(call.replace("signature", f"lienthong=:{_base64(der)}:")).code == "invalid"


def test_a_client_cannot_sign_as_another(call, signing_keys):
    """A's key under B's name is invalid; so is a key of another algorithm that states the right alg."""
    other = SigningKey(
        call.key.keyid, signing_keys["ecdsa-p256-sha256"].algorithm, signing_keys["ecdsa-p256-sha256"].private
    )
    honest = call.key.public_key()
    call.key = SigningKey.generate("ed25519", call.key.keyid)
    assert refused(call.sign(), key=honest).code == "invalid"
    call.headers = []
    call.key = other
    assert refused(call.sign().edit("signature-input", lambda v: v + ';alg="ed25519"'), key=honest).code == "invalid"


WINDOWS = {
    "revoked": {"revoked_at": 0},
    "expired": {"not_after": -1},
    "not yet valid": {"not_before": 1},
}


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_keys_out_of_their_time_are_invalid(window, call, now):
    """A revoked, an expired and a future key fail like an unknown one."""
    times = {name: datetime.fromtimestamp(now + shift, UTC) for name, shift in window.items()}
    key = VerificationKey.from_pem(call.key.public_key().to_pem(), call.key.keyid, **times)
    assert refused(call.sign(), key=key).code == "invalid"


def test_every_invalid_says_the_same(call, now):
    """Unknown key, revoked key, wrong alg and wrong signature cannot be told apart by the refusal."""
    public = call.sign().key.public_key()
    revoked = VerificationKey("r", public.algorithm, public.public, revoked_at=datetime.fromtimestamp(0, UTC))
    request, told = call.request(), set()
    for key in (None, revoked, SigningKey.generate("ed25519", "x").public_key()):
        with pytest.raises(SignatureError) as caught:
            verify_request(request, call.body, lambda _, key=key: key, now)
        told.add((caught.value.code, caught.value.detail, caught.value.component, caught.value.label))
    assert told == {("invalid", "the key or the signature is not valid", None, "lienthong")}


def test_an_unknown_key_costs_a_verification(call, now, monkeypatch):
    """Refusing an unknown key does the same work as refusing a wrong signature: exactly one verification."""
    request, verify = call.sign().request(), VerificationKey.verify
    worked = []

    def counted(key, signature, data):
        worked.append(len(data))
        verify(key, signature, data)

    monkeypatch.setattr(VerificationKey, "verify", counted)
    for key in (None, SigningKey.generate("ed25519", "x").public_key()):
        with pytest.raises(SignatureError):
            verify_request(request, call.body, lambda _, key=key: key, now)
    assert len(worked) == 2
    assert worked[0] == worked[1]


def test_insufficient_names_what_is_missing(call):
    """The refusal names the component, so that a client's developer need not guess."""
    assert refused(call.sign(components=("@method", "@target-uri"))).component == "content-digest"


def test_the_order_of_the_words(call, now):
    """With several faults at once the earlier check of PROTOCOL section 1 wins."""
    old = {"created": now - 9999}
    assert refused(_body(call.sign(components=("@method",), **old), b"x")).code == "insufficient"
    call.headers = []
    assert (
        refused(_body(call.sign(**old), b"x"), key=SigningKey.generate("ed25519", call.key.keyid).public_key()).code
        == "invalid"
    )
    assert refused(_body(call, b"x")).code == "expired"


def test_who_signed_too_late_or_something_else_is_known(call, now):
    """Once the signature has verified the refusal carries its proof, and never before."""
    stranger = SigningKey.generate("ed25519", call.key.keyid).public_key()
    for options in ({"created": now - 9999}, {"created": now - 9, "expires": now - 1}):
        call.headers = []
        error = refused(call.sign(**options))
        assert isinstance(error, SignedButUnfit)
        assert (error.code, error.proof.keyid, error.label) == ("expired", call.key.keyid, error.proof.label)
        assert not isinstance(refused(call, key=stranger), SignedButUnfit)
    call.headers = []
    error = refused(_body(call.sign(), b"another"))
    assert isinstance(error, SignedButUnfit)
    assert error.code == "digest"


def test_what_is_no_list_of_components_is_malformed(call):
    """A Signature-Input that parses but lists nothing is told as such, whatever Signature holds."""
    assert refused(call.sign().replace("signature-input", "garbage")).code == "malformed"


def test_a_refusal_after_selection_carries_the_label(call):
    """The answer to a refused request is bound to its signature, so the refusal says which was selected."""
    assert refused(call.sign(label="sig9", components=())).label == "sig9"
    assert selected_label(call.request()) == "sig9"
    assert selected_label(call.replace("signature", None).request()) is None
    assert selected_label(call.replace("signature-input", "garbage(").request()) is None


def test_an_empty_keyring_refuses(call, now):
    """Nobody is trusted by default."""
    with pytest.raises(SignatureError):
        verify_request(call.sign().request(), call.body, {}.get, now)


def test_a_policy_of_another_tag_and_window(call, now):
    """The policy's values are the ones that count."""
    policy = Policy(tag="other", max_age=10)
    request = call.sign(tag="other", created=now - 11).request()
    with pytest.raises(SignatureError) as caught:
        verify_request(request, call.body, lambda _: call.key.public_key(), now, policy)
    assert caught.value.code == "expired"
    assert verify_request(request, call.body, lambda _: call.key.public_key(), now - 1, policy)


def test_a_target_in_another_form_is_refused():
    """Absolute and authority forms never become a Request."""
    for target in ("https://gateway.example/", "gateway.example:443", "*", ""):
        with pytest.raises(SignatureError):
            Request("GET", "https", "gateway.example", target, [])


def test_the_verdict_of_the_dummy_is_never_used(call):
    """Even a signature that the dummy key would accept is refused without a key."""
    found = candidate(call.sign().request(), Policy())
    with pytest.raises(SignatureError):
        check_signature(found, b"", None, 0)
