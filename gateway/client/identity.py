"""Who a caller is: `client.toml` and the key beside it (PROTOCOL section 9).

The rule: the private key is a file that only its owner can read, and it never leaves this value.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway.client.errors import IdentityError
from gateway.settings import require_private_file
from signing.checkpoint import VerifierKey, parse_vkey
from signing.errors import KeyFormatError
from signing.keys import SigningKey, VerificationKey, parse_jwks


@dataclass(frozen=True, slots=True)
class Identity:
    """A client and its signing key, and what it has pinned of the gateway: answer keys, and the log's keys."""

    client: str
    key: SigningKey
    gateway_keys: Mapping[str, VerificationKey] | None = field(default=None, repr=False)
    log_keys: tuple[VerifierKey, ...] = field(default=(), repr=False)


def load_identity(path: Path) -> Identity:
    """Read `client.toml`: `client`, `keyid`, `algorithm`, `key`, and optionally `gateway_jwks` and `gateway_log_vkey`.

    Paths are relative to the file. Raises `IdentityError`.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        client, keyid, algorithm, key = (str(document[name]) for name in ("client", "keyid", "algorithm", "key"))
        require_private_file(path.parent / key, f"the key of {path}")
        signing_key = SigningKey.from_pem((path.parent / key).read_bytes(), keyid, algorithm)
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror} — name a client.toml with --client") from None
    except KeyError as error:
        raise IdentityError(f"{path}: the member {error} is missing") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise IdentityError(f"{path}: this is not a TOML file") from None
    except (KeyFormatError, ValueError) as error:
        raise IdentityError(str(error)) from None
    pinned, log_keys = document.get("gateway_jwks"), document.get("gateway_log_vkey")
    return Identity(
        client,
        signing_key,
        None if pinned is None else load_jwks(path.parent / str(pinned)),
        () if log_keys is None else load_vkeys(path.parent / str(log_keys)),
    )


def load_vkeys(path: Path) -> tuple[VerifierKey, ...]:
    """Read a file of the log's C2SP verifier keys, one a line. Raises `IdentityError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return tuple(parse_vkey(line) for line in lines if line.strip())
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, KeyFormatError):
        raise IdentityError(f"{path}: this is not a file of verifier keys") from None


def load_jwks(path: Path) -> Mapping[str, VerificationKey]:
    """Read a JWK set file of the gateway's answer keys. Raises `IdentityError`."""
    try:
        return parse_jwks(orjson.loads(path.read_bytes()))
    except OSError as error:
        raise IdentityError(f"{path}: {error.strerror}") from None
    except (orjson.JSONDecodeError, KeyFormatError):
        raise IdentityError(f"{path}: this is not a JWK set") from None
