"""Single tables of the configuration (DESIGN sections 5 to 7)."""

import pytest
from pydantic import ValidationError

from schemas.configuration_models import BUILT_IN, Key, Procedure, Registry
from schemas.services import CATALOGUE

PEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"
SERVICE = {"service": "check", "id_types": ["tax_code"], "fields": ["valid"], "mapping": {}}


@pytest.mark.parametrize("adapter", BUILT_IN)
def test_a_built_in_adapter_serves_its_registry(adapter):
    """Each built-in adapter brings the catalogue's services of its registry, and declares none itself."""
    table = {"registry": BUILT_IN[adapter], "adapter": adapter, "url": "https://registry.example"}
    specs = Registry.model_validate(table).specs
    assert specs
    assert {spec.name for spec in specs} <= set(CATALOGUE)
    with pytest.raises(ValidationError):
        Registry.model_validate(table | {"services": [SERVICE]})


def test_the_built_in_adapters_cover_the_catalogue():
    """Every registry of the catalogue has a built-in adapter."""
    assert set(BUILT_IN.values()) == {spec.registry for spec in CATALOGUE.values()}


def test_a_declared_registry_declares_distinct_services():
    """A soap or rest registry has services, each once."""
    table = {"registry": "vat", "adapter": "rest", "url": "https://registry.example", "services": [SERVICE]}
    assert Registry.model_validate(table).specs[0].name == "vat/check"
    for services in ([], [SERVICE, SERVICE]):
        with pytest.raises(ValidationError):
            Registry.model_validate(table | {"services": services})


def test_equal_tables_are_equal_values():
    """The same table twice is one value, so that unchanged registries can be kept running."""
    table = {"registry": "tax", "adapter": "tax", "url": "https://registry.example", "auth": {"key_file": "k.pem"}}
    assert Registry.model_validate(table) == Registry.model_validate(dict(table))
    assert Registry.model_validate(table) != Registry.model_validate(table | {"deadline_s": 1.0})


def test_a_private_key_is_never_accepted():
    """A PEM private key in a client's table is refused, and the refusal does not show it."""
    private = PEM.replace("PUBLIC", "PRIVATE")
    with pytest.raises(ValidationError) as caught:
        Key.model_validate({"keyid": "k", "algorithm": "ed25519", "public_key": private})
    assert "MCowBQYDK2VwAyEA" not in str(caught.value)


def test_components_have_distinct_codes():
    """One procedure names a component once."""
    component = {"code": "TP01", "name": "Giấy khai sinh"}
    table = {"procedure": "9.999901", "name": "Thủ tục thử nghiệm", "components": [component]}
    assert Procedure.model_validate(table).components[0].mandatory
    with pytest.raises(ValidationError):
        Procedure.model_validate(table | {"components": [component, component]})
