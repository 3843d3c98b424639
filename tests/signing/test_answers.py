"""What a client accepts as an answer: signed, bound to its question, with the right content."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from signing.digest import content_digest
from signing.errors import SignatureError
from signing.keys import SigningKey, VerificationKey
from signing.message import Request, Response, sign_request, sign_response, verify_response

BODY = b'{"outcome": "found"}'
URL = "/v1/lookups/population/person"


@dataclass
class Exchange:
    """A question and its answer, open to tampering."""

    client: SigningKey
    gateway: SigningKey
    now: int
    status: int = 200
    body: bytes = BODY
    sent: list[tuple[str, str]] = field(default_factory=list)
    received: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sent = sign_request(self.client, self.request(), b"{}", created=self.now, nonce="0123456789abcdef")
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Digest", content_digest(BODY)),
            ("Lienthong-Receipt", "index=1"),
        ]
        signed = sign_response(self.gateway, Response(200, headers), self.request(), "lienthong", self.now)
        self.received = [*headers, *zip(("Signature-Input", "Signature"), signed, strict=True)]

    def request(self, target: str = URL) -> Request:
        """Return the question."""
        return Request("POST", "https", "gateway.example", target, self.sent)

    def drop(self, name: str) -> "Exchange":
        """Remove a header of the answer."""
        self.received = [line for line in self.received if line[0] != name]
        return self

    def verify(self, request: Request | None = None, key: VerificationKey | None = None, **options):
        """Verify as a client does."""
        known = key or self.gateway.public_key()
        options.setdefault("now", self.now)
        response = Response(self.status, self.received)
        return verify_response(response, self.body, request or self.request(), {known.keyid: known}.get, **options)


@pytest.fixture
def exchange(signing_keys, now):
    """Return an Ed25519 client and a P-256 gateway."""
    return Exchange(signing_keys["ed25519"], signing_keys["ecdsa-p256-sha256"], now)


def test_the_answer_to_the_question_is_accepted(exchange, now):
    """Whoever signed it, when, with which status."""
    proof = exchange.verify()
    assert (proof.keyid, proof.created, proof.status) == (exchange.gateway.keyid, now, 200)
    assert '"signature";req;key="lienthong"' in proof.components


def test_a_kept_answer_is_accepted_without_a_clock(exchange):
    """Offline, without now, age is no reason to refuse."""
    assert exchange.verify(now=None)


def _with(exchange, **members):
    for name, value in members.items():
        setattr(exchange, name, value)
    return exchange


REFUSED = {
    "unsigned": (lambda e: e.drop("Signature").drop("Signature-Input"), "missing"),
    "another status": (lambda e: _with(e, status=403), "invalid"),
    "another content": (lambda e: _with(e, body=b"{}"), "digest"),
    "digest removed": (lambda e: e.drop("Content-Digest"), "invalid"),
    "receipt removed": (lambda e: e.drop("Lienthong-Receipt"), "invalid"),
    "type removed": (lambda e: e.drop("Content-Type"), "invalid"),
    "a receipt doubled": (lambda e: _with(e, received=[*e.received, ("Lienthong-Receipt", "index=2")]), "invalid"),
}


@pytest.mark.parametrize(("spoil", "code"), REFUSED.values(), ids=REFUSED)
def test_altered_answers_are_refused(spoil, code, exchange):
    """Any change to an answer shows (THREATS A10)."""
    with pytest.raises(SignatureError) as caught:
        spoil(exchange).verify()
    assert caught.value.code == code


def test_an_answer_to_another_question_is_refused(exchange, now):
    """Another target, and the same question under another signature, are other questions."""
    other = Exchange(exchange.client, exchange.gateway, now + 1)
    for request in (exchange.request(URL + "?x"), other.request()):
        with pytest.raises(SignatureError) as caught:
            exchange.verify(request)
        assert caught.value.code == "invalid"


def test_an_answer_that_binds_too_little_is_refused(exchange, now):
    """A true signature that leaves the request's signature out is insufficient, and says so."""
    headers = [line for line in exchange.received if not line[0].startswith("Signature")]
    unbound = sign_response(exchange.gateway, Response(200, headers), exchange.request(), None, now)
    exchange.received = [*headers, *zip(("Signature-Input", "Signature"), unbound, strict=True)]
    with pytest.raises(SignatureError) as caught:
        exchange.verify()
    assert (caught.value.code, caught.value.component) == ("insufficient", '"signature";req;key="lienthong"')
    assert exchange.verify(require=["@status", '"@method";req'])


def test_answers_out_of_time_are_refused(exchange, now):
    """301 seconds old or 61 ahead is expired."""
    for moment in (now + 301, now - 61):
        with pytest.raises(SignatureError) as caught:
            exchange.verify(now=moment)
        assert caught.value.code == "expired"


def test_a_key_must_be_trusted_and_in_time(exchange, now):
    """An unknown key, and one revoked before the answer was made, do not count."""
    public = exchange.gateway.public_key()
    revoked = VerificationKey(
        public.keyid, public.algorithm, public.public, revoked_at=datetime.fromtimestamp(now - 1, UTC)
    )
    for key in (SigningKey.generate("ed25519", "other").public_key(), revoked):
        with pytest.raises(SignatureError) as caught:
            exchange.verify(key=key, now=None)
        assert caught.value.code == "invalid"


def test_parameters_are_required(exchange):
    """An answer without created is insufficient."""
    exchange.received = [
        (name, value.replace(f";created={exchange.now}", "") if name == "Signature-Input" else value)
        for name, value in exchange.received
    ]
    with pytest.raises(SignatureError) as caught:
        exchange.verify()
    assert (caught.value.code, caught.value.component) == ("insufficient", "created")
