"""Settings of the console, `LIENTHONG_CONSOLE_*`, beside those of the installation (`gateway.settings`).

The rule: the console has its own database role and its own key file; of the log's key it knows the public half alone;
the reveal key's private half is read by this process alone, and only where it is named.
"""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.evidence.keys import WriterKeys
from gateway.settings import LogSettings, SettingsError, first_wrong, require_private_file, settings_file

_POSTGRESQL = r"^postgres(ql)?://"
_ADDRESS = r"^([A-Za-z0-9.\-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$"
KEY_BYTES = 32


class ConsoleSettings(BaseSettings):
    """Every setting of the console, each as `LIENTHONG_CONSOLE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="LIENTHONG_CONSOLE_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: str = Field(pattern=_POSTGRESQL, description="PostgreSQL URL of the role lienthong_console")
    listen: str = Field("127.0.0.1:8082", pattern=_ADDRESS, description="Address of the console's port")
    public_url: str = Field(pattern=r"^https?://[^/@?#]+$", description="URL under which auditors reach the console")
    cookie_secure: bool = Field(True, description="Cookies over HTTPS only; false on the loopback alone")
    log_vkey: Path = Field(description="File of the log's public C2SP verifier key; the private one is never here")
    key: Path = Field(description="File of 32 random bytes (mode 0600) that encrypts the users' TOTP secrets")
    reveal_key: Path | None = Field(None, description="PEM X25519 private key that opens sealed fields, where allowed")
    citizen_key: Path | None = Field(
        None, description="File of the key (mode 0600) with which a portal asks for citizens' reports; off without it"
    )
    idle_minutes: int = Field(20, ge=1, le=120, description="A session ends after so many minutes without a request")
    session_hours: int = Field(10, ge=1, le=24, description="A session ends after so many hours in any case")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        require_private_file(self.key, "LIENTHONG_CONSOLE_KEY")
        if self.reveal_key is not None:
            require_private_file(self.reveal_key, "LIENTHONG_CONSOLE_REVEAL_KEY")
        if self.citizen_key is not None:
            require_private_file(self.citizen_key, "LIENTHONG_CONSOLE_CITIZEN_KEY")
        parts = urlsplit(self.public_url)
        if not self.cookie_secure and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("LIENTHONG_CONSOLE_COOKIE_SECURE may be false on the loopback alone")
        if self.cookie_secure and parts.scheme != "https":
            raise ValueError("LIENTHONG_CONSOLE_PUBLIC_URL must be https where cookies are secure")
        return self

    def keys(self, installation: LogSettings) -> WriterKeys:
        """Read what the log is read and written with. Raises `EvidenceKeyError`."""
        return WriterKeys.load(installation, self.log_vkey, "LIENTHONG_CONSOLE_LOG_VKEY")

    def key_bytes(self) -> bytes:
        """Read the key file. Raises `SettingsError`."""
        data = self.key.read_bytes()
        if len(data) != KEY_BYTES:
            raise SettingsError(f"LIENTHONG_CONSOLE_KEY must hold {KEY_BYTES} random bytes")
        return data


def load_console_settings() -> tuple[ConsoleSettings, LogSettings]:
    """Read the console's settings, and what it needs of the installation's, with the console's database role.

    Raises `SettingsError` with one line that names the first wrong setting.
    """
    file = settings_file()
    try:
        console = ConsoleSettings(_env_file=file)
    except ValidationError as error:
        raise SettingsError(first_wrong(error, "LIENTHONG_CONSOLE_")) from None
    try:
        return console, LogSettings(_env_file=file, database_url=console.database_url)
    except ValidationError as error:
        raise SettingsError(first_wrong(error)) from None
