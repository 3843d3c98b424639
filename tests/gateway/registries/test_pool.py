"""The pool rebuilds what changed and leaves alone what did not."""

import asyncio

import pytest

from adapters.contract import RegistryTimeout
from gateway.registries import pool as pool_module
from gateway.registries.pool import RegistryPool

INSURANCE = 'registry = "insurance"\nadapter = "insurance"\nurl = "http://127.0.0.1:9"\n'
DECLARED = """registry = "vat"
adapter = "rest"
url = "http://127.0.0.1:9"
[[services]]
service = "payer"
id_types = ["tax_code"]
fields = ["name"]
mapping = { path = "/x" }
"""


class Workshop:
    """Builds adapters that can be inspected."""

    def __init__(self, scripted):
        self.scripted, self.built, self.broken = scripted, [], set()

    def __call__(self, configuration, _files, _secrets_dir):
        """Build one."""
        if configuration.registry in self.broken:
            raise ValueError("/auth/credentials_file: is missing")
        adapter = self.scripted(RegistryTimeout("deadline"))
        self.built.append((configuration.registry, adapter))
        return adapter


@pytest.fixture
def workshop(scripted):
    """Build adapters that can be inspected."""
    return Workshop(scripted)


@pytest.fixture
def pool(workshop, tmp_path, monkeypatch):
    """Make a pool over that workshop that does not wait before it closes what is gone."""
    monkeypatch.setattr(pool_module, "_QUESTION_S", -2.99)
    return RegistryPool(tmp_path, lambda *_: None, workshop)


async def test_builds_what_is_configured(pool, kit):
    """Every configured registry is there, by name, in order."""
    await pool.load(kit.snapshot(**{"registries/insurance.toml": INSURANCE}))
    assert [registry.name for registry in pool.all()] == ["insurance", "population"]
    assert pool.get("population").name == "population"
    with pytest.raises(KeyError):
        pool.get("tax")


async def test_a_reload_keeps_what_is_unchanged(pool, kit):
    """An unchanged registry keeps its connections, its breaker and its history."""
    await pool.load(kit.snapshot())
    before = pool.get("population")
    await pool.load(kit.snapshot(version=2, **{"registries/insurance.toml": INSURANCE}))
    assert pool.get("population") is before


async def test_a_changed_registry_is_rebuilt_and_the_old_one_closed_later(pool, kit):
    """The new address counts at once; the old one ends its calls and is then closed."""
    await pool.load(kit.snapshot())
    before = pool.get("population")
    changed = 'registry = "population"\nadapter = "population"\nurl = "http://127.0.0.1:10"\n'
    await pool.load(kit.snapshot(version=2, **{"registries/population.toml": changed}))
    assert pool.get("population") is not before
    assert before.adapter.closed == 0
    await asyncio.sleep(0.05)
    assert before.adapter.closed == 1
    assert pool.get("population").adapter.closed == 0


async def test_a_changed_text_rebuilds_declared_registries_alone(pool, kit):
    """A new WSDL beside a declared registry rebuilds it; built-in ones bring their own."""
    files = {"registries/vat.toml": DECLARED, "registries/vat.wsdl": "<a/>"}
    await pool.load(kit.snapshot(**files))
    before = {registry.name: registry for registry in pool.all()}
    await pool.load(kit.snapshot(version=2, **{**files, "registries/vat.wsdl": "<b/>"}))
    assert pool.get("population") is before["population"]
    assert pool.get("vat") is not before["vat"]


async def test_a_registry_that_cannot_be_built_changes_nothing(pool, workshop, kit):
    """A missing secret leaves the pool as it was, and closes what had been built for it."""
    await pool.load(kit.snapshot())
    before = pool.get("population")
    workshop.broken.add("tax")
    tax = INSURANCE.replace("insurance", "tax")
    with pytest.raises(ValueError, match="credentials_file"):
        await pool.load(kit.snapshot(version=2, **{"registries/insurance.toml": INSURANCE, "registries/tax.toml": tax}))
    assert [registry.name for registry in pool.all()] == ["population"]
    assert pool.get("population") is before
    assert before.adapter.closed == 0
    assert workshop.built[-1][0] == "insurance"
    assert workshop.built[-1][1].closed == 1


async def test_closing_closes_everything_also_what_is_retiring(pool, workshop, kit, monkeypatch):
    """At the end no connection is left, not even those of registries that were replaced a moment ago."""
    monkeypatch.setattr(pool_module, "_QUESTION_S", 60.0)
    await pool.load(kit.snapshot(**{"registries/insurance.toml": INSURANCE}))
    await pool.load(kit.snapshot(version=2))
    await asyncio.sleep(0)
    await pool.close()
    assert [adapter.closed for _, adapter in workshop.built] == [1, 1]
    assert pool.all() == []
