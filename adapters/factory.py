"""From one registry's configuration to its adapter: which class, which contract, which secrets (DESIGN section 7)."""

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from adapters import civil_status, insurance, population, portal, tax
from adapters.auth import read_authentication
from adapters.contract import Adapter
from adapters.errors import MappingError
from adapters.generic import Exchange, GenericAdapter, rest_exchange, soap_exchange
from adapters.http import HttpTransport, tls_context
from adapters.secrets import Secrets
from adapters.soap import Contract
from adapters.toml_table import Table
from schemas.configuration import Portal, Registry, Tls
from schemas.services import ServiceSpec
from signing.errors import KeyFormatError
from signing.xml import load_certificate, load_signing_key

_FOLDER = "registries/"


def services_of(config: Registry) -> tuple[ServiceSpec, ...]:
    """Return the services a configured registry offers. Pure: neither files nor secrets are read."""
    return config.specs


def build_adapter(config: Registry, files: Mapping[str, str], secrets_dir: Path) -> Adapter:
    """Build the adapter of one configured registry; its connections are opened by the first call.

    `files` holds the configuration's further texts by relative path (`registries/vat.wsdl`). Secrets are read here,
    once. Raises `MappingError` (a `ValueError`) with the pointer of the member that is wrong.
    """
    transport = _transport(config.url, config.tls, config.max_concurrent, secrets_dir)
    secrets = Secrets(config.auth, secrets_dir)
    build = _BUILDERS.get(config.adapter)
    return build(transport, secrets) if build else _generic(config, files, transport, secrets)


def build_portal(config: Portal, secrets_dir: Path) -> portal.PortalClient:
    """Build the client of the National Portal. Raises `MappingError` as `build_adapter` does."""
    transport = _transport(config.url, config.tls, config.concurrency, secrets_dir)
    secrets = Secrets({"credentials_file": config.credentials_file}, secrets_dir)
    texts = secrets.table("credentials_file", "username", "password")
    return portal.PortalClient(transport, portal.Credentials(*texts), config.unit)


def _transport(url: str, tls: Tls | None, limit: int, secrets_dir: Path) -> HttpTransport:
    context = None
    if tls is not None:
        names = (tls.ca_file, tls.client_certificate_file, tls.client_key_file)
        context = tls_context(*(str(secrets_dir / name) if name else None for name in names))
    return HttpTransport(url, limit=limit, tls=context)


def _shipped(wsdl: str) -> Contract:
    """Read a WSDL that is shipped with the adapters."""
    return Contract(wsdl, {wsdl: (resources.files("adapters") / "wsdl" / wsdl).read_text("utf-8")})


def _population(transport: HttpTransport, secrets: Secrets) -> Adapter:
    texts = secrets.table("credentials_file", "user", "secret", "api_key", "xroad_client")
    return population.PopulationAdapter(transport, _shipped(population.WSDL), population.Credentials(*texts))


def _insurance(transport: HttpTransport, secrets: Secrets) -> Adapter:
    texts = secrets.table("credentials_file", "username", "password")
    return insurance.InsuranceAdapter(transport, insurance.Credentials(*texts))


def _civil_status(transport: HttpTransport, secrets: Secrets) -> Adapter:
    return civil_status.CivilStatusAdapter(transport, secrets.line("token_file"))


def _tax(transport: HttpTransport, secrets: Secrets) -> Adapter:
    checks: dict[str, Callable[[bytes], object]] = {
        "key_file": load_signing_key,
        "certificate_file": load_certificate,
        "registry_certificate_file": load_certificate,
    }
    for member, check in checks.items():
        try:
            check(secrets.data(member))
        except KeyFormatError:
            raise MappingError(f"/auth/{member}", "must name a PEM file with a usable key or certificate") from None
    return tax.TaxAdapter(transport, _shipped(tax.WSDL), tax.Credentials(*(secrets.data(member) for member in checks)))


def _generic(config: Registry, files: Mapping[str, str], transport: HttpTransport, secrets: Secrets) -> Adapter:
    texts = {path.removeprefix(_FOLDER): text for path, text in files.items()}
    authentication = read_authentication(secrets)
    exchanges: dict[str, Exchange] = {}
    for index, (spec, service) in enumerate(zip(config.specs, config.services, strict=True)):
        mapping = Table(service.mapping, f"/services/{index}/mapping")
        if config.adapter == "soap":
            exchanges[spec.name] = soap_exchange(spec, mapping, texts, transport, authentication)
        else:
            exchanges[spec.name] = rest_exchange(spec, mapping, transport, authentication)
    return GenericAdapter(config.specs, exchanges, transport)


_BUILDERS: dict[str, Callable[[HttpTransport, Secrets], Adapter]] = {
    "population": _population,
    "insurance": _insurance,
    "civil_status": _civil_status,
    "tax": _tax,
}
