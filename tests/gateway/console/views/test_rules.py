"""Screen 7: the rules, what each did, setting one, and trying a setting out."""

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.audit.rules.table import BY_ID, RULES
from gateway.audit.streaming import Auditor
from gateway.console.roles import Role
from gateway.store.alerts import rule_settings
from gateway.store.findings import alerts
from gateway.store.scope import Scope

MISSES = {"many-misses.count": "3", "weight": "0.8", "enabled": "yes"}


async def test_every_rule_shows_its_record(visitor):
    """All rules are listed with their precision; no placeholder of a sentence is left."""
    auditor = await visitor(Role.AUDITOR)
    await auditor.get("/rules")
    assert all(f"/rules/{rule.id}" in auditor.text for rule in RULES)
    assert "{" not in auditor.text


@pytest.mark.parametrize("rule", BY_ID)
async def test_every_rule_has_a_page(visitor, rule):
    """With its limits and their bounds; whoever may not set it sees no form."""
    lead, auditor = await visitor(Role.LEAD_AUDITOR), await visitor(Role.AUDITOR)
    assert (await lead.get(f"/rules/{rule}")).status == 200
    assert all(limit.vi in lead.text and f'name="{limit.name}"' in lead.text for limit in BY_ID[rule].limits)
    await auditor.get(f"/rules/{rule}")
    assert 'name="weight"' not in auditor.text


async def test_a_setting_is_kept_with_who_when_and_why(visitor, desk, acts):
    """It is an entry of the log first, stands in the history, and the newest is in force."""
    lead = await visitor(Role.LEAD_AUDITOR)
    assert (await lead.post("/rules/many-misses", **MISSES, reason="Dò tìm tăng")).status == 303
    assert (await lead.post("/rules/many-misses", **{**MISSES, "weight": "0.6"}, reason="Bớt nhiễu")).status == 303
    found = (await rule_settings(desk.database))["many-misses"]
    assert (found.step, found.weight, found.by) == (1, 0.6, lead.login)
    assert found.limits == {"many-misses.count": 3.0}
    await lead.get("/rules/many-misses")
    for shown in ("Dò tìm tăng", "Bớt nhiễu", lead.login, str(found.entry_id)):
        assert shown in lead.text
    assert sum(b'"console.rule"' in row.leaf and b'"enabled":true' in row.leaf for row in await acts()) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"weight": "1.5"},
        {"weight": "nan"},
        {"many-misses.count": "0"},
        {"many-misses.count": "1e9"},
        {"many-misses.count": ""},
        {"reason": ""},
        {"reason": "x" * 301},
    ],
)
async def test_a_setting_out_of_bounds_is_refused(visitor, desk, change):
    """Weights and limits have bounds, and a change has a reason; nothing of it is kept."""
    lead = await visitor(Role.LEAD_AUDITOR)
    before = (await rule_settings(desk.database)).get("many-misses")
    assert (await lead.post("/rules/many-misses", **{**MISSES, "reason": "Vì", **change})).status == 400
    assert (await rule_settings(desk.database)).get("many-misses") == before
    assert (await lead.post("/rules/no-such-rule", **MISSES, reason="Vì")).status == 404


async def test_a_rule_that_is_switched_off_raises_nothing(visitor, looked_up, database):
    """Until it is switched on again, and its entries are judged anew."""
    lead = await visitor(Role.LEAD_AUDITOR)
    setting = {"no-dossier.persons": "3", "weight": "0.75"}
    assert (await lead.post("/rules/no-dossier", **setting, enabled="no", reason="Thử")).status == 303
    _, answered = await looked_up(subject=("personal_id", "099191000771"), dossier=None)
    auditor = Auditor(database, clock=lambda: datetime.now(UTC))
    await auditor.catch_up()

    async def raised():
        rows = await alerts(database, Scope.everything(), "", "no-dossier", (1e9, 2**62), 500)
        return answered.entry_id in {str(row["entry_id"]) for row in rows}

    assert not await raised()
    assert (await lead.post("/rules/no-dossier", **setting, enabled="yes", reason="Bật lại")).status == 303
    await auditor.recompute(datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
    assert await raised()


async def test_trying_out_says_how_often_it_would_have_fired(visitor, desk, looked_up, database):
    """A stricter limit fires where the one in force does not; nothing is raised by trying."""
    lead = await visitor(Role.LEAD_AUDITOR)
    for number in range(4):
        subject = ("personal_id", f"09919100078{number}")
        await looked_up(officer="099085000111", subject=subject, outcome="no_match")
    await Auditor(database, clock=lambda: datetime.now(UTC)).catch_up()
    before = len(await alerts(database, Scope.everything(), "", "many-misses", (1e9, 2**62), 500))
    for count, sentence in (("3", "Lẽ ra đã báo 1 lần trong 30 ngày"), ("50", "Lẽ ra đã báo 0 lần trong 30 ngày")):
        assert (await lead.post("/rules/many-misses/try", **{**MISSES, "many-misses.count": count})).status == 303
        await asyncio.gather(*desk.jobs)
        await lead.get("/rules/many-misses")
        assert sentence in lead.text
    assert len(await alerts(database, Scope.everything(), "", "many-misses", (1e9, 2**62), 500)) == before
    assert (await lead.post("/rules/many-misses/try", weight="x")).status == 400
