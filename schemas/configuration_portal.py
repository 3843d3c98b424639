"""The National Portal and the drop-in door in the configuration: `portal.toml` and `compat.toml` (DESIGN 6).

The rule: neither exists unless its file does. Passwords are files of the secrets directory; the door's hold an
argon2 hash. An account is bound to where it calls from: networks, a client certificate, or both.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.configuration_models import Tls, safe_url
from schemas.configuration_terms import Distinct, Frozen, Identifier, SecretFile, ServiceWord, Some, Word
from schemas.identifiers import canonical_agency

_CERTIFICATE = r"^[0-9a-f]{64}$"


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("a network is written as 10.1.0.0/16, its host bits zero") from None
    return text


Network = Annotated[str, AfterValidator(_network)]


class Portal(Frozen):
    """Where dossiers are delivered: `portal.toml`. Times in seconds."""

    url: Annotated[str, AfterValidator(safe_url)]
    unit: Annotated[str, AfterValidator(canonical_agency)]
    """The portal's `madonvi` of this installation."""
    credentials_file: SecretFile
    deadline_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    batch: Annotated[int, Field(ge=1, le=200)] = 100
    """Dossiers in one call."""
    concurrency: Annotated[int, Field(ge=1, le=8)] = 2
    """Batches under way at once; no two hold the same dossier."""
    databases: dict[ServiceWord, Word] = Field(default_factory=dict)
    """The portal's code (`MaCSDL`) of each registry."""
    tls: Tls | None = None


class CompatAccount(Frozen):
    """Who may use the drop-in door, as which client, and from where."""

    username: Identifier
    client: Identifier
    password_file: SecretFile
    sources: Distinct[Network] = ()
    certificate_sha256: Annotated[str, Field(pattern=_CERTIFICATE)] | None = None
    """SHA-256 of the client certificate's DER; the TLS proxy shows it as RFC 9440 `Client-Cert`."""
    binds_lookups: bool = False
    """Whether what it reports counts for `open_dossier` and `party`."""

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if not self.sources and self.certificate_sha256 is None:
            raise ValueError("name the sources or the certificate_sha256 that the account calls from")
        return self

    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the sources as networks."""
        return tuple(map(ip_network, self.sources))


class Compat(Frozen):
    """The drop-in door for software that speaks the portal's dialect: `compat.toml`."""

    accounts: Some[CompatAccount]
    proxies: Distinct[Network] = ()
    """Networks of the TLS proxies whose `Client-Cert` header is believed."""

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        if len({account.username for account in self.accounts}) != len(self.accounts):
            raise ValueError("a username is used twice")
        if not self.proxies and any(account.certificate_sha256 for account in self.accounts):
            raise ValueError("certificates are shown by a TLS proxy: name the proxies")
        return self
