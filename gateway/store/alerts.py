"""Alerts one by one, the steps people take with them, and the settings of rules (0030_alerts_and_rules.sql).

The rule: a step or a setting holds the number of those it follows, so of two at once one is refused; every read of an
alert takes the scope of whoever reads.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from gateway.store.database import Database
from gateway.store.scope import Scope


class AlertRow(NamedTuple):
    """An alert with how it stands. `withdrawn` is since when it no longer holds."""

    alert_id: int
    rule: str
    version: int
    entry_id: UUID
    officer: bytes | None
    subject: bytes | None
    agency: str | None
    client: str | None
    score: float
    vi: str
    en: str
    withdrawn: str | None
    happened_at: datetime
    at: datetime
    state: str
    assigned_to: str | None
    case_id: int | None
    verdict: str | None
    closed_by: str | None
    closed_at: datetime | None


class AlertStep(NamedTuple):
    """A step somebody took; `entry_id` is the log's entry of it."""

    step: int
    at: datetime
    by: str
    action: str
    assigned: str | None
    verdict: str | None
    note: str | None
    entry_id: UUID


class RuleSetting(NamedTuple):
    """A setting of a rule: who set it when, and why."""

    rule: str
    step: int
    at: datetime
    by: str
    enabled: bool
    weight: float
    limits: Mapping[str, float]
    reason: str
    entry_id: UUID


async def one_alert(database: Database, scope: Scope, alert_id: int) -> AlertRow | None:
    """Return an alert; None where there is none in scope. Raises `StoreError`."""
    likes = None if scope.is_everything else scope.likes()
    row = await database.fetchrow("alerts.one", likes, alert_id)
    return AlertRow(*row) if row else None


async def alert_steps(database: Database, alert_id: int) -> list[AlertStep]:
    """Return an alert's steps in order. The caller has read the alert in scope."""
    return [AlertStep(*row) for row in await database.fetch("alerts.events", alert_id)]


async def take_alert_step(database: Database, alert_id: int, step: AlertStep) -> bool:
    """Take a step; whether it was taken: not if another was taken first. Raises `StoreError`."""
    number, at, by, action, assigned, verdict, note, entry_id = step
    arguments = number, at, by, action, assigned, verdict, note, entry_id
    return bool(await database.fetchval("alerts.step", alert_id, *arguments))


async def rule_settings(database: Database) -> dict[str, RuleSetting]:
    """Return the setting in force of every rule that was ever set. Raises `StoreError`."""
    return {row["rule"]: _setting(row) for row in await database.fetch("alerts.settings")}


async def settings_of(database: Database, rule: str, limit: int = 20) -> list[RuleSetting]:
    """Return a rule's settings, the newest first."""
    return [_setting(row) for row in await database.fetch("alerts.settings_of", rule, limit)]


async def set_rule(database: Database, new: RuleSetting) -> bool:
    """Set a rule; whether it was set: not if somebody set it first. Raises `StoreError`."""
    rule, step, at, by, enabled, weight, limits, reason, entry_id = new
    written = orjson.dumps(dict(limits)).decode()
    return bool(
        await database.fetchval("alerts.set_rule", rule, step, at, by, enabled, weight, written, reason, entry_id)
    )


def _setting(row: Any) -> RuleSetting:
    rule, step, at, by, enabled, weight, limits, reason, entry_id = row
    return RuleSetting(rule, step, at, by, enabled, weight, orjson.loads(limits), reason, entry_id)
