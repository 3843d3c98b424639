"""Key files: an installation's own keys and a client's, as `lienthong keys new` makes them.

The rule: private keys are PKCS#8 PEM files of mode 0600, each for one purpose (DESIGN section 3,
*Privacy*), and a file that exists is never overwritten.
"""

import os
import secrets
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from schemas.dates import LOCAL
from signing.keys import Algorithm, SigningKey

PSEUDONYM_KEY_BYTES = 32
CONSOLE_KEY_BYTES = 32


def write_private(path: Path, data: bytes) -> bool:
    """Write a new file of mode 0600; whether it was written (False: it existed and is left alone)."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    return True


def new_installation(directory: Path, now: datetime) -> list[Path]:
    """Make what is missing of an installation's keys, and return what was made.

    `http.pem` (Ed25519, answers), `log.pem` (Ed25519, checkpoints), `reveal.pem` and `reveal.pub.pem` (X25519:
    the private half opens sealed fields and belongs on another machine), `console.key` (what the console encrypts
    its users' TOTP secrets with), `pseudonyms/YYYY.key` for this year and the next.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = [path for name in ("http", "log") if _signing_key(path := directory / f"{name}.pem")]
    made += _reveal_keys(directory)
    console = directory / "console.key"
    if write_private(console, secrets.token_bytes(CONSOLE_KEY_BYTES)):
        made.append(console)
    pseudonyms = directory / "pseudonyms"
    pseudonyms.mkdir(mode=0o700, exist_ok=True)
    year = now.astimezone(LOCAL).year
    for path in (pseudonyms / f"{year}.key", pseudonyms / f"{year + 1}.key"):
        if write_private(path, secrets.token_bytes(PSEUDONYM_KEY_BYTES)):
            made.append(path)
    return made


def new_client(directory: Path, client: str, algorithm: Algorithm, keyid: str) -> SigningKey:
    """Make `client.toml` and `private.pem` in `directory`, or read those that are there, and return the key.

    Raises `KeyFormatError` where an existing key does not fit.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "private.pem"
    write_private(path, SigningKey.generate(algorithm, keyid).to_pem().encode())
    lines = (f'client = "{client}"', f'keyid = "{keyid}"', f'algorithm = "{algorithm}"', 'key = "private.pem"')
    write_private(directory / "client.toml", ("\n".join(lines) + "\n").encode())
    return SigningKey.from_pem(path.read_bytes(), keyid, algorithm)


def client_document(client: str, name: str, kind: str, key: SigningKey) -> str:
    """Return the configuration file `clients/<client>.toml` that registers a client's public key."""
    return (
        f'client = "{client}"\nname = "{name}"\nkind = "{kind}"\nsuspended = false\n\n'
        f'[[keys]]\nkeyid = "{key.keyid}"\nalgorithm = "{key.algorithm}"\n'
        f'public_key = """\n{key.public_key().to_pem()}"""\n'
    )


def _signing_key(path: Path) -> bool:
    return write_private(path, SigningKey.generate(Algorithm.ED25519, path.stem).to_pem().encode())


def _reveal_keys(directory: Path) -> list[Path]:
    key = X25519PrivateKey.generate()
    private, public = directory / "reveal.pem", directory / "reveal.pub.pem"
    if public.exists() or not write_private(
        private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ):
        return []
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return [private, public]
