"""Who calls, and whom: options first, then the environment or the file that `LIENTHONG_ENV_FILE` names."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.client.identity import Identity, load_identity
from gateway.settings import SettingsError, settings_file


class CallerSettings(BaseSettings):
    """The two settings of a caller, beside an installation's own."""

    model_config = SettingsConfigDict(env_prefix="LIENTHONG_", extra="ignore", frozen=True, hide_input_in_errors=True)

    client: Path | None = None
    public_urls: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity and the gateway it calls."""

    url: str
    identity: Identity


def known_identity() -> Identity | None:
    """Return the identity that LIENTHONG_CLIENT names, if any. Raises `SettingsError` or `IdentityError`."""
    file = _known().client
    return None if file is None else load_identity(file)


def caller_of(client: Path | None, url: str | None) -> Caller:
    """Complete the options from the environment. Raises `SettingsError` or `IdentityError`."""
    file = client or _known().client
    if file is None:
        raise SettingsError("who calls? — name a client.toml with --client, or set LIENTHONG_CLIENT")
    return Caller(url_of(url), load_identity(file))


def url_of(url: str | None) -> str:
    """Return the gateway's URL: the option's, else the first of LIENTHONG_PUBLIC_URLS. Raises `SettingsError`."""
    address = url or (_known().public_urls or "").split(",")[0].strip()
    if not address:
        raise SettingsError("which gateway? — name its public URL with --url, or set LIENTHONG_PUBLIC_URLS")
    return address


def _known() -> CallerSettings:
    try:
        return CallerSettings(_env_file=settings_file())
    except ValidationError:
        raise SettingsError("LIENTHONG_CLIENT or LIENTHONG_PUBLIC_URLS is wrong") from None
