"""Screen 7: what the rules found in the log, and each rule's record."""

from datetime import UTC, datetime

import pytest

from gateway.audit.rules.table import RULES
from gateway.audit.streaming import Auditor
from gateway.console.roles import Role


@pytest.fixture
async def judged(looked_up, database):
    """Append a look-up without a known dossier, and let the auditor judge what is there."""
    await looked_up(subject=("personal_id", "099191000888"), dossier=None)
    await Auditor(database, clock=lambda: datetime.now(UTC)).catch_up()


@pytest.mark.usefixtures("judged")
async def test_an_alert_explains_itself(visitor):
    """The list shows the sentence of the alert; a filter by another rule shows none."""
    auditor = await visitor(Role.LEAD_AUDITOR)
    await auditor.get("/alerts?rule=no-dossier")
    assert "không nêu hồ sơ nào" in auditor.text
    await auditor.get("/alerts?rule=decoy&after=nonsense")
    assert "Không có cảnh báo nào" in auditor.text


@pytest.mark.usefixtures("judged")
async def test_every_rule_shows_its_record(visitor):
    """All rules are listed with their precision; no placeholder of a sentence is left."""
    auditor = await visitor(Role.AUDITOR)
    await auditor.get("/rules")
    assert all(rule.id in auditor.text for rule in RULES)
    assert "{" not in auditor.text
