"""The secrets that the sandbox's registries and its gateway share: written once, 0600, never overwritten.

`population.toml`, `insurance.toml`, `portal.toml`, `civil_status.token`, and for tax two RSA-2048 keys with
self-signed certificates, the gateway's and the registry's.
"""

import os
import secrets
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_CERTIFICATE_DAYS = 3650


@dataclass(frozen=True, slots=True)
class PopulationSecrets:
    """What a caller of the population registry must know."""

    user: str
    secret: str
    api_key: str
    xroad_client: str


@dataclass(frozen=True, slots=True)
class InsuranceSecrets:
    """What a caller of the insurer must know."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class PortalSecrets:
    """What a reporter of statuses must know to log in to the National Portal."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class TaxSecrets:
    """The tax registry's own key pair and the certificate of the one caller it knows, in PEM."""

    key: bytes
    certificate: bytes
    caller_certificate: bytes


def population_secrets(folder: Path) -> PopulationSecrets:
    """Read `population.toml`; `OSError`, `ValueError` or `TypeError` where that cannot be."""
    return PopulationSecrets(**_strings(folder / "population.toml"))


def insurance_secrets(folder: Path) -> InsuranceSecrets:
    """Read `insurance.toml`; errors as above."""
    return InsuranceSecrets(**_strings(folder / "insurance.toml"))


def portal_secrets(folder: Path) -> PortalSecrets:
    """Read `portal.toml`; errors as above."""
    return PortalSecrets(**_strings(folder / "portal.toml"))


def civil_status_token(folder: Path) -> str:
    """Read `civil_status.token`, one line; `ValueError` where it is empty."""
    token = (folder / "civil_status.token").read_text("ascii").strip()
    if not token:
        raise ValueError("civil_status.token is empty")
    return token


def tax_secrets(folder: Path) -> TaxSecrets:
    """Read the tax registry's key and certificate and the gateway's certificate."""
    return TaxSecrets(
        (folder / "tax-registry.key.pem").read_bytes(),
        (folder / "tax-registry.crt.pem").read_bytes(),
        (folder / "tax-gateway.crt.pem").read_bytes(),
    )


def write_missing(folder: Path, now: datetime) -> list[str]:
    """Write the files that are not there yet and name them; a key and its certificate go together."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    plain = {
        "population.toml": _toml(
            user="lienthong",
            secret=secrets.token_urlsafe(32),
            api_key=secrets.token_hex(24),
            xroad_client="VN-TEST/GOV/G99/lienthong",
        ),
        "insurance.toml": _toml(username="lienthong_99", password=secrets.token_urlsafe(24)),
        "portal.toml": _toml(username="lienthong_dvcqg", password=secrets.token_urlsafe(24)),
        "civil_status.token": secrets.token_urlsafe(32) + "\n",
    }
    written = [name for name, text in plain.items() if _create(folder / name, text)]
    for owner, title in (("gateway", "Lien Thong gateway (sandbox)"), ("registry", "Tax registry (sandbox)")):
        names = (f"tax-{owner}.key.pem", f"tax-{owner}.crt.pem")
        if not any((folder / name).exists() for name in names):
            key, certificate = _key_and_certificate(title, now)
            _create(folder / names[0], key)
            _create(folder / names[1], certificate)
            written.extend(names)
    return written


def _strings(file: Path) -> dict[str, str]:
    values = tomllib.loads(file.read_text("utf-8"))
    if not all(isinstance(value, str) and value for value in values.values()):
        raise ValueError(f"{file.name}: every member is a text that is not empty")
    return values


def _toml(**members: str) -> str:
    return "".join(f'{name} = "{value}"\n' for name, value in members.items())


def _create(file: Path, text: str) -> bool:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
    return True


def _key_and_certificate(title: str, now: datetime) -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    start = now.astimezone(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
