"""The keeper's delivery task: begins with the configuration in force and follows it."""

import asyncio
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from gateway.delivery.metrics import DeliveryMetrics
from gateway.delivery.running import Delivering, databases_of
from gateway.dossiers.carrying import Carrier
from gateway.store.configuration import ConfigurationStore
from schemas.configuration import load_configuration

PROCEDURE = (
    'procedure = "9.999901"\nname = "Đăng ký thường trú"\n[[components]]\ncode = "TP01"\nname = "Giấy khai sinh"\n'
    '[[components.replaced_by]]\nservice = "civil-status/birth"\nfields = ["full_name"]\nrole = "applicant"\n'
)


@pytest.fixture
def portal_toml(portal):
    """Write `portal.toml` for the portal."""
    return (
        f'url = "{portal.url}"\nunit = "H99"\ncredentials_file = "portal.toml"\ndeadline_s = 2.0\n'
        '[databases]\ncivil-status = "HT"\n'
    )


async def test_deliveries_follow_the_configuration(office, portal, event, code, database, pseudonyms, portal_toml):
    """Without `portal.toml` events wait; once it is applied they go out, without a restart."""
    metrics = DeliveryMetrics(CollectorRegistry())
    delivering = Delivering(
        database, Carrier(pseudonyms), portal.folder, metrics=metrics, now=lambda: datetime.now(UTC)
    )
    running = asyncio.create_task(delivering.run())
    try:
        await office.push(event(code, 1, 0))
        await asyncio.sleep(0.3)
        assert portal.held(code) is None
        await ConfigurationStore(database).apply({"portal.toml": portal_toml}, by="test")
        for _ in range(100):
            if portal.held(code) is not None and not await office.waiting():
                break
            await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert portal.effects(code) == [("DongBoHoSoMC", "1"), ("CapNhatTienDoHoSoMC", "1")]


def test_components_name_the_registries_that_were_asked(portal_toml):
    """A component from a registry stands for the one its procedure names; others stand for none."""
    configuration = load_configuration({"portal.toml": portal_toml, "procedures/9.999901.toml": PROCEDURE})
    found = databases_of(configuration)
    assert found("9.999901", [{"code": "TP01", "obtained": "registry"}]) == ("HT",)
    assert found("9.999901", [{"code": "TP01", "obtained": "paper"}, {"code": "TP02", "obtained": "registry"}]) == ()
