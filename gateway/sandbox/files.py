"""Writes what a sandbox's directory holds: keys, clients, configuration, addresses, settings (PROTOCOL section 9).

The rule: what exists is kept (a tester's edits too); at every start only addresses are written anew.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from gateway.keyfiles import client_document, new_client, new_installation, write_private
from gateway.sandbox.agreements import documents, registry_document
from gateway.sandbox.doors import compat_document, new_account, portal_document
from gateway.sandbox.layout import MINISTRY, PORTAL, PROVINCE, REGISTRIES, STRICT_PROVINCE, Layout, SandboxError
from signing.checkpoint import verifier_key
from signing.keys import Algorithm, SigningKey, jwks

_CALLERS = (
    (PROVINCE, "Cổng một cửa tỉnh H99 (thử nghiệm)", "province", Algorithm.ED25519),
    (STRICT_PROVINCE, "Cổng một cửa tỉnh H98 (thử nghiệm)", "province", Algorithm.ECDSA_P256_SHA256),
    (MINISTRY, "Cơ quan đăng ký G99 (thử nghiệm)", "ministry", Algorithm.ED25519),
)
_URL_LINE = re.compile(r"^url\s*=.*$", re.MULTILINE)
_UNQUOTABLE = re.compile(r"[\"\\$`\x00-\x1f\x7f]")
_CITIZEN_KEY_BYTES = 32
HTTP_KEYID = "sandbox-answers-1"
ORIGIN = "sandbox.lienthong.invalid"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything listens; `mocks` by the mock's name."""

    public: str
    operations: str
    mocks: Mapping[str, str]
    console: str = ""
    """The console's; empty where there is none."""

    @property
    def listen(self) -> str:
        """Host and port of the public address."""
        return self.public.partition("://")[2]


def prepare(layout: Layout, now: datetime) -> None:
    """Make directories, keys, clients and the parts of the configuration that name no address.

    Raises `SandboxError` for a directory whose name cannot stand in a settings file.
    """
    if _UNQUOTABLE.search(str(layout.root)):
        raise SandboxError("the directory's path holds a quote, a backslash, $ or a line end — choose another --dir")
    for path in (layout.root, layout.config, layout.clients, layout.secrets, layout.logs, layout.pins):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    new_installation(layout.keys, now)
    answer_key = SigningKey.from_pem((layout.keys / "http.pem").read_bytes(), HTTP_KEYID)
    layout.jwks.write_bytes(orjson.dumps(jwks([answer_key.public_key()]), option=orjson.OPT_INDENT_2))
    write_private(layout.keys / "citizen.key", secrets.token_urlsafe(_CITIZEN_KEY_BYTES).encode())
    log_key = SigningKey.from_pem((layout.keys / "log.pem").read_bytes(), ORIGIN)
    layout.vkey.write_text(f"{verifier_key(log_key, ORIGIN).encode()}\n", encoding="utf-8")
    for client, name, kind, algorithm in _CALLERS:
        key = new_client(layout.clients / client, client, algorithm, f"{client}-1")
        _pin_gateway(layout.client_toml(client))
        _write_once(layout.config / "clients" / f"{client}.toml", client_document(client, name, kind, key))
    for relative, text in documents().items():
        _write_once(layout.config / relative, text)
    if new_account(layout):
        _write_once(layout.config / "compat.toml", compat_document())


def write_addresses(layout: Layout, addresses: Addresses) -> None:
    """Write the registries' and the portal's addresses into the configuration, and `urls.toml`."""
    for mock, registry in REGISTRIES.items():
        url = addresses.mocks[mock]
        _write_url(layout.config / "registries" / f"{registry}.toml", url, registry_document(mock, url))
    portal = addresses.mocks.get(PORTAL)
    if portal is not None:
        _write_url(layout.config / "portal.toml", portal, portal_document(portal))
    mocks = "".join(f'{name} = "{url}"\n' for name, url in addresses.mocks.items())
    console = f'console = "{addresses.console}"\n' if addresses.console else ""
    layout.urls.write_text(
        f'public = "{addresses.public}"\noperations = "{addresses.operations}"\n{console}\n[mocks]\n{mocks}',
        "utf-8",
    )


def write_env(
    layout: Layout, addresses: Addresses, database_url: str, migration_url: str, console_url: str | None = None
) -> None:
    """Write the file that `LIENTHONG_ENV_FILE` names, mode 0600: a shell can read it too."""
    port = addresses.listen.rpartition(":")[2]
    values = {
        "DATABASE_URL": database_url,
        "MIGRATION_URL": migration_url,
        "PUBLIC_URLS": f"{addresses.public},http://localhost:{port}",
        "LISTEN": addresses.listen,
        "OPERATIONS_LISTEN": addresses.operations.partition("://")[2],
        "ORIGIN": ORIGIN,
        "HTTP_KEY": layout.keys / "http.pem",
        "HTTP_KEYID": HTTP_KEYID,
        "LOG_KEY": layout.keys / "log.pem",
        "REVEAL_PUBLIC_KEY": layout.keys / "reveal.pub.pem",
        "PSEUDONYM_KEYS": layout.keys / "pseudonyms",
        "SECRETS_DIR": layout.secrets,
        "CHECKPOINT_PIN": layout.pins,
        "CLIENT": layout.client_toml(PROVINCE),
        **(_console_values(layout, addresses.console, console_url) if console_url else {}),
    }
    lines = "".join(f'LIENTHONG_{name}="{value}"\n' for name, value in values.items())
    layout.env.touch(mode=0o600)
    layout.env.chmod(0o600)
    layout.env.write_text(lines, encoding="utf-8")


def _console_values(layout: Layout, url: str, database_url: str) -> dict[str, object]:
    return {
        "CONSOLE_DATABASE_URL": database_url,
        "CONSOLE_LISTEN": url.partition("://")[2],
        "CONSOLE_PUBLIC_URL": url,
        "CONSOLE_COOKIE_SECURE": "false",
        "CONSOLE_LOG_VKEY": layout.vkey,
        "CONSOLE_KEY": layout.keys / "console.key",
        "CONSOLE_REVEAL_KEY": layout.keys / "reveal.pem",
        "CONSOLE_CITIZEN_KEY": layout.keys / "citizen.key",
    }


def _write_url(path: Path, url: str, fresh: str) -> None:
    """Write a file that names an address; of one that exists, the address alone."""
    if path.exists():
        path.write_text(_URL_LINE.sub(f'url = "{url}"', path.read_text(encoding="utf-8"), count=1), "utf-8")
    else:
        _write_once(path, fresh)


def _pin_gateway(client_toml: Path) -> None:
    text = client_toml.read_text(encoding="utf-8")
    if "gateway_jwks" not in text:
        pins = 'gateway_jwks = "../../gateway.jwks.json"\ngateway_log_vkey = "../../log.vkey"\n'
        client_toml.write_text(f"{text}{pins}", encoding="utf-8")


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(text, encoding="utf-8")
