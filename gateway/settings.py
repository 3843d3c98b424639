"""Settings of an installation: from the environment or the file that `LIENTHONG_ENV_FILE` names.

Secrets are never values, only paths of files (mode 0600). A wrong setting stops the start with one
clear line. What callers, agreements, registries and procedures are is configuration, not settings:
see `gateway.store.configuration`.
"""

import os
import stat
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_POSTGRESQL = r"^postgres(ql)?://"
_ADDRESS = r"^([A-Za-z0-9.\-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$"


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


_Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list in one environment variable, by comma."""


class SettingsError(Exception):
    """A setting is missing or wrong; the text names it and says what to do."""


class LogSettings(BaseSettings):
    """What a process needs that reads and writes the log and signs nothing."""

    model_config = SettingsConfigDict(env_prefix="LIENTHONG_", extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: str = Field(pattern=_POSTGRESQL, description="PostgreSQL URL of the application role (append-only)")
    origin: str = Field(
        pattern=r"^[a-z0-9.\-]+(/[a-z0-9.\-]+)*$", description="Origin name under which the logs are known"
    )
    reveal_public_key: Path = Field(description="PEM X25519 public key that sealed fields are encrypted to")
    pseudonym_keys: Path = Field(description="Directory of pseudonym keys, one file `YYYY.key` of 32 bytes a year")
    checkpoint_pin: Path = Field(description="Directory where the newest checkpoint of each log is pinned")
    proxies: _Listed = Field(
        (), description="Networks of your own reverse proxies (CIDR, comma-separated): their `X-Forwarded-For` is noted"
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Level of the technical log")

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for network in value:
                ip_network(network)
        except ValueError:
            raise ValueError("name networks as CIDR without host bits, for example 10.0.0.0/8") from None
        return value


class Settings(LogSettings):
    """Every setting, each as `LIENTHONG_<NAME>`."""

    migration_url: str | None = Field(
        None, pattern=_POSTGRESQL, description="PostgreSQL URL of the owner role, for `lienthong migrate`"
    )
    public_urls: _Listed = Field(
        description="Public URLs of this installation, comma-separated; `Host` must equal one of them"
    )
    listen: str = Field("127.0.0.1:8080", pattern=_ADDRESS, description="Address of the public port")
    operations_listen: str = Field(
        "127.0.0.1:8081", pattern=_ADDRESS, description="Address of the operations port; never public"
    )
    http_key: Path = Field(description="PEM private key (PKCS#8) that signs answers")
    http_keyid: str = Field(min_length=1, description="keyid of the answer key, as in the JWKS")
    http_old_keys: Path | None = Field(None, description="JWKS file of former answer keys, still published")
    log_key: Path = Field(description="PEM Ed25519 private key that signs checkpoints")
    secrets_dir: Path = Field(description="Directory of the registries' secrets that the configuration names")
    enumeration_limit: int = Field(
        150, ge=4, description="Look-ups of neighbouring numbers an officer may make in 10 minutes"
    )
    guess_limit: int = Field(10, ge=1, description="Failed calls about one person per client and day")
    max_waiting: int = Field(512, ge=8, description="Requests a worker holds at once before it refuses more with 429")

    @field_validator("public_urls")
    @classmethod
    def _bare_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one public URL, for example https://lienthong.example.gov.vn")
        for url in value:
            parts = urlsplit(url)
            odd = parts.path or parts.query or parts.fragment or "@" in parts.netloc
            if parts.scheme not in {"http", "https"} or not parts.netloc or odd:
                raise ValueError("a public URL is a scheme and a host only, without a path or a trailing slash")
            if url != url.lower():
                raise ValueError("write public URLs in lower case")
        return value

    @model_validator(mode="after")
    def _key_files_are_private(self) -> Self:
        for name in ("http_key", "log_key"):
            require_private_file(getattr(self, name), f"LIENTHONG_{name.upper()}")
        return self

    @property
    def public_url(self) -> str:
        """The first public URL, used in links."""
        return self.public_urls[0]


def require_private_file(path: Path, name: str) -> None:
    """Raise `ValueError` unless `path` is a readable regular file that only its owner can read."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror} — create it with `lienthong keys new`") from None
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name} is not a regular file")
    if mode & 0o077:
        raise ValueError(f"{name} can be read by others (mode {stat.S_IMODE(mode):04o}) — run chmod 600 on it")


def settings_file() -> str | None:
    """Return the file of settings that `LIENTHONG_ENV_FILE` names, if any. Raises `SettingsError` where it is none."""
    name = os.environ.get("LIENTHONG_ENV_FILE")
    if not name:
        return None
    try:
        Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"LIENTHONG_ENV_FILE: {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"LIENTHONG_ENV_FILE: {name}: this is no text in UTF-8") from None
    return name


def load_settings() -> Settings:
    """Read the settings. Raises `SettingsError` with one line that names the first wrong setting."""
    try:
        return Settings(_env_file=settings_file())
    except ValidationError as error:
        raise SettingsError(first_wrong(error)) from None


def first_wrong(error: ValidationError, prefix: str = "LIENTHONG_") -> str:
    """Return one line that names the first wrong setting."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = "_".join(str(part) for part in first["loc"]).upper()
    name = f"{prefix}{where}: " if where else ""
    if first["type"] == "missing":
        return f"{name}not set — set it, or name a file of settings with LIENTHONG_ENV_FILE"
    return name + first["msg"].removeprefix("Value error, ")
