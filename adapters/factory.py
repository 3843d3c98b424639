"""From one registry's configuration to its adapter: which class, which contract, which secrets (DESIGN section 7).

Secrets are read once, here; a missing or unreadable one is a `MappingError` that names the member of the
configuration, and never its content.
"""

import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from adapters import insurance, population
from adapters.contract import Adapter
from adapters.errors import MappingError
from adapters.http import HttpTransport, tls_context
from adapters.soap import Contract
from schemas.configuration import Registry
from schemas.services import ServiceSpec


class Secrets:
    """The secret files that a registry's `[auth]` names, relative to the secrets directory."""

    def __init__(self, auth: Mapping[str, str], directory: Path) -> None:
        self._auth = auth
        self._directory = directory

    def path(self, member: str) -> Path:
        """Return the path of the file that `member` names."""
        name = self._auth.get(member)
        if not name:
            raise MappingError(f"/auth/{member}", "is missing: name a file of the secrets directory")
        return self._directory / name

    def data(self, member: str) -> bytes:
        """Return the bytes of the file that `member` names."""
        try:
            return self.path(member).read_bytes()
        except OSError:
            raise MappingError(f"/auth/{member}", "names a file that cannot be read in the secrets directory") from None

    def line(self, member: str) -> str:
        """Return the one line of text in the file that `member` names."""
        try:
            text = self.data(member).decode().strip()
        except UnicodeDecodeError:
            text = ""
        if not text or len(text.splitlines()) != 1:
            raise MappingError(f"/auth/{member}", "must name a file that holds exactly one line")
        return text

    def table(self, member: str, *names: str) -> tuple[str, ...]:
        """Return the texts called `names` in the TOML file that `member` names, in that order."""
        try:
            table = tomllib.loads(self.data(member).decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise MappingError(f"/auth/{member}", "must name a TOML file") from None
        for name in names:
            if not isinstance(table.get(name), str) or not table[name]:
                raise MappingError(f"/auth/{member}", f"names a TOML file without the text {name!r}")
        return tuple(table[name] for name in names)


def services_of(config: Registry) -> tuple[ServiceSpec, ...]:
    """Return the services a configured registry offers. Pure: neither files nor secrets are read."""
    return _SERVICES[config.adapter]


def build_adapter(config: Registry, files: Mapping[str, str], secrets_dir: Path) -> Adapter:
    """Build the adapter of one configured registry.

    `files` holds the configuration's texts by relative path (`registries/vat.wsdl`). Raises `MappingError`.
    """
    del files
    return _BUILDERS[config.adapter](_transport(config, secrets_dir), Secrets(config.auth, secrets_dir))


def _transport(config: Registry, secrets_dir: Path) -> HttpTransport:
    tls = config.tls
    names = (tls.ca_file, tls.client_certificate_file, tls.client_key_file) if tls else (None, None, None)
    context = tls_context(*(str(secrets_dir / name) if name else None for name in names))
    return HttpTransport(config.url, limit=config.max_concurrent, tls=context)


def _shipped(wsdl: str) -> Contract:
    """Read a WSDL that is shipped with the adapters."""
    return Contract(wsdl, {wsdl: (resources.files("adapters") / "wsdl" / wsdl).read_text("utf-8")})


def _population(transport: HttpTransport, secrets: Secrets) -> Adapter:
    texts = secrets.table("credentials_file", "user", "secret", "api_key", "xroad_client")
    return population.PopulationAdapter(transport, _shipped(population.WSDL), population.Credentials(*texts))


def _insurance(transport: HttpTransport, secrets: Secrets) -> Adapter:
    texts = secrets.table("credentials_file", "username", "password")
    return insurance.InsuranceAdapter(transport, insurance.Credentials(*texts))


_SERVICES = {
    "population": population.PopulationAdapter.services,
    "insurance": insurance.InsuranceAdapter.services,
}
_BUILDERS: dict[str, Callable[[HttpTransport, Secrets], Adapter]] = {
    "population": _population,
    "insurance": _insurance,
}
