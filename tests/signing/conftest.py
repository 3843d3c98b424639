"""What the tests of `signing` share: one key of every kind, a signed request, and certificates of their own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from signing.keys import Algorithm, SigningKey, VerificationKey
from signing.message import Request, VerifiedRequest, sign_request, verify_request

NOW = 1_790_000_000


@pytest.fixture(scope="session")
def signing_keys() -> dict[str, SigningKey]:
    """Return one private key for each allowed algorithm, by the algorithm's name."""
    return {str(algorithm): SigningKey.generate(algorithm, f"client-{algorithm}") for algorithm in Algorithm}


@pytest.fixture(scope="session")
def key(signing_keys) -> SigningKey:
    """Return the Ed25519 key that most tests sign with."""
    return signing_keys["ed25519"]


@dataclass
class Call:
    """A signed call as it travels, open to tampering before it is verified."""

    key: SigningKey
    method: str = "POST"
    target: str = "/v1/lookups/population/person"
    body: bytes = b'{"a": 1}'
    headers: list[tuple[str, str]] = field(default_factory=lambda: [("Content-Type", "application/json")])
    authority: str = "gateway.example"
    scheme: str = "https"

    def request(self) -> Request:
        """Return the request as it is now."""
        return Request(self.method, self.scheme, self.authority, self.target, list(self.headers))

    def sign(self, **options: object) -> "Call":
        """Sign what is there and add the headers."""
        chosen = {"created": NOW, "nonce": "0123456789abcdef", **options}
        self.headers += sign_request(self.key, self.request(), self.body, **chosen)
        return self

    def replace(self, name: str, value: str | None) -> "Call":
        """Set, or remove, every line of a header."""
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))
        return self

    def edit(self, name: str, change: Callable[[str], str]) -> "Call":
        """Change a header's value."""
        (value,) = self.request().lines(name.lower())
        return self.replace(name, change(value))

    def verify(self, key: VerificationKey | None = None, now: int = NOW) -> VerifiedRequest:
        """Verify as the gateway would."""
        known = key or self.key.public_key()
        return verify_request(self.request(), self.body, {known.keyid: known}.get, now)


@pytest.fixture
def call(key) -> Call:
    """Return an unsigned POST with content."""
    return Call(key)


@pytest.fixture(scope="session")
def now() -> int:
    """Return the moment at which everything here is signed, in Unix seconds."""
    return NOW


def _certificate(private, start: datetime, days: int) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    made = builder.not_valid_after(start + timedelta(days=days)).sign(private, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def _pem(private) -> bytes:
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return private.private_bytes(encoding, shape, serialization.NoEncryption())


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate and its key, PEM."""

    key: bytes
    certificate: bytes
    expired: bytes


def _identity(private) -> Identity:
    today = datetime.fromtimestamp(NOW, UTC)
    fresh, old = (
        _certificate(private, today - timedelta(days=1), 30),
        _certificate(private, today - timedelta(days=9), 2),
    )
    return Identity(_pem(private), fresh, old)


@pytest.fixture(scope="session")
def identity() -> Identity:
    """Return the registry's RSA identity."""
    return _identity(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="session")
def ec_identity() -> Identity:
    """Return a P-256 identity."""
    return _identity(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def other_identity() -> Identity:
    """Return somebody else's RSA identity."""
    return _identity(rsa.generate_private_key(public_exponent=65537, key_size=2048))
