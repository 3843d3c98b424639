"""From configuration to adapter: the four built in, their services and what is missing."""

import shutil
from datetime import UTC, datetime

import pytest

from adapters import insurance, population, rest, tax
from adapters.errors import MappingError
from adapters.factory import build_adapter, services_of
from schemas.configuration import Registry
from schemas.services import CATALOGUE

ADAPTERS = ("population", "insurance", "civil_status", "tax")
AUTH = {
    "population": {"credentials_file": "population.toml"},
    "insurance": {"credentials_file": "insurance.toml"},
    "civil_status": {"token_file": "civil_status.token"},
    "tax": {
        "key_file": "tax-gateway.key.pem",
        "certificate_file": "tax-gateway.crt.pem",
        "registry_certificate_file": "tax-registry.crt.pem",
    },
}


def registry(adapter: str, **changes) -> Registry:
    """Return a registry's configuration as an operator writes it."""
    name = adapter.replace("_", "-")
    return Registry(
        **({"registry": name, "adapter": adapter, "url": "https://r.example", "auth": AUTH[adapter]} | changes)
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_built_in_registries_offer_their_services(secrets, adapter):
    """Each built-in adapter is built without a connection and offers what the catalogue lists for its registry."""
    config = registry(adapter)
    built = build_adapter(config, {}, secrets)
    assert built.services == services_of(config)
    assert {spec.name for spec in built.services} == {
        name for name, spec in CATALOGUE.items() if spec.registry == config.registry
    }
    await built.close()


@pytest.mark.parametrize(("adapter", "member"), [(adapter, member) for adapter in ADAPTERS for member in AUTH[adapter]])
def test_missing_secret_is_named(secrets, tmp_path, adapter, member):
    """A registry whose secret file is missing is not built, and the error names the member."""
    shutil.copytree(secrets, tmp_path / "s")
    (tmp_path / "s" / AUTH[adapter][member]).unlink()
    with pytest.raises(MappingError) as caught:
        build_adapter(registry(adapter), {}, tmp_path / "s")
    assert caught.value.pointer == f"/auth/{member}"


@pytest.mark.parametrize("member", AUTH["tax"])
def test_unusable_key_is_named(secrets, tmp_path, member):
    """A key or certificate that cannot be used is found when the adapter is built."""
    shutil.copytree(secrets, tmp_path / "s")
    (tmp_path / "s" / AUTH["tax"][member]).write_text("no PEM")
    with pytest.raises(MappingError) as caught:
        build_adapter(registry("tax"), {}, tmp_path / "s")
    assert caught.value.pointer == f"/auth/{member}"


def test_missing_ca_file_is_named(secrets):
    """A CA file that is not there stops the build; the system's authorities never stand in for it."""
    with pytest.raises(MappingError) as caught:
        build_adapter(registry("insurance", tls={"ca_file": "absent.pem"}), {}, secrets)
    assert caught.value.pointer == "/tls/ca_file"


def test_credentials_do_not_show():
    """The values that hold secrets show none of them when they are printed."""
    shown = [
        population.Credentials("u", "s3cret", "s3cret", "x"),
        insurance.Credentials("u", "s3cret"),
        tax.Credentials(b"s3cret", b"", b""),
        rest.Token("?token=s3cret", datetime.now(UTC)),
    ]
    assert "s3cret" not in repr(shown)
