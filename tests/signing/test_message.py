"""RFC 9421 as published (appendix B) and as another library speaks it, in both directions."""

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import http_message_signatures as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.base import signature_base, signature_params
from signing.components import covered
from signing.digest import verify_content_digest
from signing.errors import SignatureError
from signing.keys import VerificationKey
from signing.message import Request, Response, sign_request, sign_response, verify_request, verify_response

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "vectors" / "rfc9421"
SUPPORTED = {
    "test-key-rsa-pss": ("test-key-rsa-pss.pub.pem", "rsa-pss-sha512"),
    "test-key-ecc-p256": ("test-key-ecc-p256.pub.pem", "ecdsa-p256-sha256"),
    "test-key-ed25519": ("test-key-ed25519.pub.pem", "ed25519"),
}
_VECTORS = json.loads((FOLDER / "vectors.json").read_text("utf-8"))["vectors"] if FOLDER.exists() else []
CASES = {case["name"]: case for case in _VECTORS if case["keyid"] in SUPPORTED}


def test_the_published_vectors_are_all_there():
    """Thirteen cases; the one that needs a shared secret is out of our algorithms."""
    if not FOLDER.exists():
        pytest.skip("the published vectors are not beside the project")
    assert len(_VECTORS) == 13
    assert [case["name"] for case in _VECTORS if case["keyid"] not in SUPPORTED] == ["B.2.5"]


def _message(case):
    headers = [tuple(line) for line in case["headers"]]
    if case["kind"] == "response":
        return Response(case["status"], headers)
    url = urlsplit(case["url"])
    target = url.path + (f"?{url.query}" if url.query else "")
    return Request(case["method"], url.scheme, url.netloc, target, headers)


@pytest.mark.parametrize("name", CASES)
def test_rfc_9421_appendix_b(name):
    """The signature base is the RFC's, octet for octet; its signature verifies, and that of a false case does not."""
    case = CASES[name]
    message = _message(case)
    listed = message.dictionary("signature-input")[case["label"]].value
    signature = message.dictionary("signature")[case["label"]].value.value
    chosen = covered(listed)
    base = signature_base(chosen, signature_params(chosen, listed.params), message)
    file, algorithm = SUPPORTED[case["keyid"]]
    key = VerificationKey.from_pem((FOLDER / "keys" / file).read_bytes(), case["keyid"], algorithm)
    if case["expect_valid"]:
        assert base.decode() == case["signature_base"]
        key.verify(signature, base)
    else:
        with pytest.raises(SignatureError):
            key.verify(signature, base)


@pytest.mark.parametrize("name", CASES)
def test_rfc_9421_appendix_b_digests(name):
    """A vector that carries a Content-Digest carries that of its body."""
    case = CASES[name]
    message = _message(case)
    for value in message.lines("content-digest"):
        verify_content_digest([value], b64decode(case["body_b64"]))


class _Keys(oracle.HTTPSignatureKeyResolver):
    def __init__(self, key) -> None:
        self.key = key

    def resolve_public_key(self, key_id):  # noqa: ARG002 — the library names it
        return self.key.private.public_key()

    def resolve_private_key(self, key_id):  # noqa: ARG002 — the library names it
        return self.key.private


ALGORITHMS = {
    "ed25519": oracle.algorithms.ED25519,
    "ecdsa-p256-sha256": oracle.algorithms.ECDSA_P256_SHA256,
    "rsa-pss-sha512": oracle.algorithms.RSA_PSS_SHA512,
    "rsa-v1_5-sha256": oracle.algorithms.RSA_V1_5_SHA256,
}
URL = "https://gateway.example/v1/dossiers/events?after=a%20b&limit=5"
BODY = b'{"events": []}'


def _theirs(method="POST", headers=None):
    return SimpleNamespace(method=method, url=URL, headers=dict(headers or {}))


def _ours(headers, method="POST"):
    return Request(method, "https", "gateway.example", "/v1/dossiers/events?after=a%20b&limit=5", list(headers.items()))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_we_verify_what_another_library_signs(algorithm, signing_keys):
    """A request signed by http-message-signatures is accepted, with its label, its alg and its order of parameters."""
    key = signing_keys[algorithm]
    now = datetime.now(UTC)
    message = _theirs(headers={"Content-Type": "application/json"})
    signer = oracle.HTTPMessageSigner(signature_algorithm=ALGORITHMS[algorithm], key_resolver=_Keys(key))
    signer.sign(
        message,
        key_id=key.keyid,
        created=now,
        expires=now + timedelta(minutes=1),
        nonce="0123456789abcdef",
        label="sig-1",
        tag="lienthong",
        covered_component_ids=("@method", "@authority", "@path", "@query", "content-digest", "content-type"),
        body=BODY,
    )
    request = _ours(message.headers)
    proof = verify_request(request, BODY, {key.keyid: key.public_key()}.get, int(now.timestamp()))
    assert (proof.label, proof.algorithm, proof.nonce) == ("sig-1", algorithm, "0123456789abcdef")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_library_verifies_what_we_sign(algorithm, signing_keys):
    """A request that we sign is accepted by http-message-signatures, digest included."""
    key = signing_keys[algorithm]
    created = int(datetime.now(UTC).timestamp())
    headers = dict(sign_request(key, _ours({}), BODY, created=created, nonce="0123456789abcdef"))
    verifier = oracle.HTTPMessageVerifier(signature_algorithm=ALGORITHMS[algorithm], key_resolver=_Keys(key))
    (result,) = verifier.verify(_theirs(headers=headers), expect_tag="lienthong", body=BODY)
    assert result.parameters["keyid"] == key.keyid


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_library_verifies_our_answers(algorithm, signing_keys):
    """An answer bound to its question is accepted by http-message-signatures with every component it covers."""
    key, gateway = signing_keys["ed25519"], signing_keys[algorithm]
    created = int(datetime.now(UTC).timestamp())
    sent = dict(sign_request(key, _ours({}), BODY, created=created, nonce="0123456789abcdef"))
    answer = {
        "Content-Type": "application/json",
        "Lienthong-Receipt": 'log="x", slot=0, index=1, salt=:AA==:, commitment=:AA==:',
    }
    answer["Content-Digest"] = sent["Content-Digest"]
    response = Response(200, list(answer.items()))
    answer["Signature-Input"], answer["Signature"] = sign_response(gateway, response, _ours(sent), "lienthong", created)
    theirs = SimpleNamespace(status_code=200, headers=answer, request=_theirs(headers=sent))
    verifier = oracle.HTTPMessageVerifier(signature_algorithm=ALGORITHMS[algorithm], key_resolver=_Keys(gateway))
    (result,) = verifier.verify(theirs, expect_tag="lienthong", body=BODY)
    assert '"signature";req;key="lienthong"' in map(str, result.covered_components)


def test_we_verify_an_answer_that_another_library_signs(signing_keys):
    """An answer signed by http-message-signatures over all that PROTOCOL section 1 wants is accepted."""
    key, gateway = signing_keys["ed25519"], signing_keys["ecdsa-p256-sha256"]
    now = datetime.now(UTC)
    sent = dict(sign_request(key, _ours({}), BODY, created=int(now.timestamp()), nonce="0123456789abcdef"))
    message = SimpleNamespace(
        status_code=403, headers={"Content-Type": "application/problem+json"}, request=_theirs(headers=sent)
    )
    signer = oracle.HTTPMessageSigner(
        signature_algorithm=oracle.algorithms.ECDSA_P256_SHA256, key_resolver=_Keys(gateway)
    )
    binding = ('"@method";req', '"@target-uri";req', '"content-digest";req')
    signer.sign(
        message,
        key_id=gateway.keyid,
        created=now,
        label="lienthong",
        tag="lienthong",
        covered_component_ids=(
            "@status",
            "content-type",
            "content-digest",
            *binding,
            '"signature";key="lienthong";req',
            '"signature-input";req;key="lienthong"',
        ),
        body=b"{}",
    )
    response = Response(403, list(message.headers.items()))
    keys = {gateway.keyid: gateway.public_key()}
    assert verify_response(response, b"{}", _ours(sent), keys.get, now=int(now.timestamp())).status == 403


_HEADER_TEXT = st.text(alphabet=st.sampled_from('ab "@;=(),:?%\\\t1-lienthogcrd\u00fc\0\n'), max_size=60)


@given(_HEADER_TEXT, _HEADER_TEXT, _HEADER_TEXT)
@settings(max_examples=150, deadline=None)
def test_no_header_makes_anything_but_signature_error(first, second, digest):
    """Whatever stands in the three headers, a request is refused with a SignatureError."""
    headers = [
        ("Signature-Input", f"lienthong={first}"),
        ("Signature", f"lienthong={second}"),
        ("Content-Digest", digest),
    ]
    for lines in (headers, [("Signature-Input", first), ("Signature", second)]):
        request = Request("POST", "https", "gateway.example", "/v1/x?a=b", lines)
        with pytest.raises(SignatureError):
            verify_request(request, BODY, {}.get, 0)
        with pytest.raises(SignatureError):
            verify_response(Response(200, lines), BODY, request, {}.get)
