"""Who may do what: the one table of roles and routes (THREATS F38).

The rule: a route that is not in this table serves nobody, and the console does not start while one of its routes is
missing here. Whoever may open a screen sees it in the navigation.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a user of the console is."""

    AUDITOR = "auditor"
    LEAD_AUDITOR = "lead_auditor"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    DPO = "dpo"
    """Data-protection officer."""


_AUDIT = frozenset({Role.AUDITOR, Role.LEAD_AUDITOR, Role.DPO})
_LEAD = frozenset({Role.LEAD_AUDITOR, Role.DPO})
_INVESTIGATE = frozenset({Role.AUDITOR, Role.LEAD_AUDITOR})
_RUN = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})
_SEE_LOG = _AUDIT | _RUN
EVERYBODY = frozenset(Role)

ROUTES: Mapping[str, frozenset[Role]] = MappingProxyType(
    {
        # the frame
        "home": EVERYBODY,
        "logout": EVERYBODY,
        "language": EVERYBODY,
        # 1 today
        "today": EVERYBODY,
        "today.chart": EVERYBODY,
        # 2, 3 look-ups
        "lookups": _AUDIT,
        "lookups.find": _INVESTIGATE,
        "lookups.export": _INVESTIGATE,
        "lookup": _AUDIT,
        "lookup.check": _AUDIT,
        "lookup.proof": _AUDIT,
        # 4 subject
        "subject": _INVESTIGATE,
        "subject.find": _INVESTIGATE,
        "subject.reveal": _INVESTIGATE,
        # 5 officer
        "officer": _AUDIT,
        "officer.find": _INVESTIGATE,
        "officer.chart": _AUDIT,
        # 6 agency and client
        "agencies": _SEE_LOG,
        "agency": _SEE_LOG,
        "client": _SEE_LOG,
        "agency.chart": _SEE_LOG,
        # 7 alerts and rules
        "alerts": _AUDIT,
        "alert": _AUDIT,
        "alert.assign": _INVESTIGATE,
        "alert.close": _INVESTIGATE,
        "rules": _AUDIT,
        "rule": _AUDIT,
        "rules.backtest": _LEAD,
        "rules.change": frozenset({Role.LEAD_AUDITOR}),
        # 8 cases
        "cases": _AUDIT,
        "case": _AUDIT,
        "case.open": _INVESTIGATE,
        "case.step": _INVESTIGATE,
        "case.close": frozenset({Role.LEAD_AUDITOR, Role.DPO}),
        "case.export": _LEAD,
        # 9 random check
        "sample": _AUDIT,
        "sample.judge": _INVESTIGATE,
        # 10 log
        "log": _SEE_LOG,
        "log.verify": _SEE_LOG,
        "log.checkpoint": _SEE_LOG,
        # 11 reuse
        "reuse": EVERYBODY,
        "reuse.chart": EVERYBODY,
        "reuse.evidence": _SEE_LOG,
        # 12 deliveries
        "deliveries": _RUN | {Role.LEAD_AUDITOR},
        "deliveries.replay": frozenset({Role.OPERATOR}),
        # 13 watching the watchers
        "watchers": _LEAD,
        # 14 citizen requests
        "citizen": frozenset({Role.DPO, Role.LEAD_AUDITOR}),
        "citizen.report": frozenset({Role.DPO}),
        "citizen.object": frozenset({Role.DPO}),
        "citizen.delay": frozenset({Role.DPO}),
    }
)
"""Route name → roles that may use it."""


def may(role: Role, route: str) -> bool:
    """Whether a role may use a route; one that is not in the table, nobody."""
    return role in ROUTES.get(route, frozenset())
