"""What each rule did lately and how right it was: the list of rules, and "would have fired 14 times in 30 days".

An alert is raised for every finding, so what a rule would have fired is what it fired, once `lienthong audit explain
--recompute` has judged the period with today's rules.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from gateway.audit.rules.table import RULES
from gateway.audit.scoring import measured, precisions
from gateway.audit.tuning import tuning_of
from gateway.store.alerts import rule_settings
from gateway.store.database import Database
from gateway.store.findings import fired, outcomes

_PLACE = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule's record. `precision` is expected from its weight and its closed cases."""

    rule: str
    version: int
    sentence_vi: str
    sentence_en: str
    weight: float
    precision: float
    closed: int
    fired: int
    open: int
    enabled: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


async def figures(database: Database, since: datetime) -> list[RuleFigures]:
    """Return every rule's record since a moment, in the order of the table. Raises `StoreError`."""
    told, counted, settings = await outcomes(database), await fired(database, since), await rule_settings(database)
    tuning = tuning_of(settings)
    believed = precisions(told, tuning)
    found = []
    for rule in RULES:
        total, still_open = counted.get(rule.id, (0, 0))
        found.append(
            RuleFigures(
                rule.id,
                rule.version,
                _shape(rule.vi),
                _shape(rule.en),
                tuning.weights.get(rule.id, rule.weight),
                believed[rule.id],
                sum(measured(told.get(rule.id, {}))),
                total,
                still_open,
                rule.id not in tuning.disabled,
            )
        )
    return found


def _shape(sentence: str) -> str:
    """Return a rule's sentence with its numbers left open."""
    return _PLACE.sub("…", sentence)
