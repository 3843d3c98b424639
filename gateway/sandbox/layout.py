"""What lies where in a sandbox's directory (PROTOCOL section 9)."""

from dataclasses import dataclass
from pathlib import Path

REGISTRIES = {"population": "population", "insurance": "insurance", "civil_status": "civil-status", "tax": "tax"}
"""Names of the mocks, and of the registries they stand for."""

PORTAL = "portal"
"""Name of the National Portal's mock."""

AUDITOR, AUDITOR_NAME = "kiemsoat", "Trưởng kiểm soát thử nghiệm"
"""The console's one user in a sandbox."""

PROVINCE, STRICT_PROVINCE, MINISTRY = "H99.igate", "H98.onegate", "G99.registry"


class SandboxError(Exception):
    """The sandbox cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one directory, absolute."""

    root: Path

    @property
    def config(self) -> Path:
        """The configuration, as a production gateway is fed."""
        return self.root / "config"

    @property
    def clients(self) -> Path:
        """One directory a caller, with `client.toml` and `private.pem`."""
        return self.root / "clients"

    @property
    def keys(self) -> Path:
        """The installation's own keys."""
        return self.root / "keys"

    @property
    def secrets(self) -> Path:
        """What the registries and the gateway share."""
        return self.root / "secrets"

    @property
    def kept(self) -> Path:
        """What the mock of the National Portal was told, for as long as this directory is there."""
        return self.root / "portal.journal"

    @property
    def compat_toml(self) -> Path:
        """The province's account at the drop-in door: `username`, `password`."""
        return self.clients / PROVINCE / "compat.toml"

    @property
    def logs(self) -> Path:
        """What each process wrote."""
        return self.root / "log"

    @property
    def pins(self) -> Path:
        """Newest checkpoints of the logs."""
        return self.root / "pins"

    @property
    def postgres(self) -> Path:
        """The embedded server's data."""
        return self.root / "postgres"

    @property
    def env(self) -> Path:
        """Settings for `lienthong` commands against this sandbox."""
        return self.root / "env"

    @property
    def urls(self) -> Path:
        """Addresses of everything."""
        return self.root / "urls.toml"

    @property
    def jwks(self) -> Path:
        """The gateway's answer keys, for clients to pin."""
        return self.root / "gateway.jwks.json"

    @property
    def vkey(self) -> Path:
        """The log's verifier key, for clients to pin."""
        return self.root / "log.vkey"

    @property
    def auditor(self) -> Path:
        """The lead auditor's `username`, `password` and `totp_secret` for the console."""
        return self.root / "auditor.toml"

    def client_toml(self, client: str) -> Path:
        """Return a caller's `client.toml`."""
        return self.clients / client / "client.toml"
