"""Screen 11, *Reuse*."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gateway.console.views import reuse
from gateway.console.views.reuse import span_of

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def asked(**query):
    """Make a visit that asks for a period."""
    return SimpleNamespace(now=NOW, query=query)


def test_without_a_period_the_last_ninety_days_are_shown():
    """Today is in it: the end is the day after."""
    span = span_of(asked())
    assert (span.past - span.first).days == 90
    assert span.past.isoformat() == "2026-11-23"


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "2026-11-01", "to": "2026-11-01"},
        {"from": "tomorrow"},
        {"from": "2020-01-01", "to": "2026-01-01"},
        {"by": "officer"},
    ],
)
def test_a_period_that_is_none_or_too_long_is_refused(query):
    """Backwards, empty, unreadable, beyond 800 days, or by something that is no group."""
    assert span_of(asked(**query)) is None


async def test_the_screen_opens_without_any_dossier(visitor):
    """A new installation has no rate, and says so instead of dividing by zero."""
    lead = await visitor()
    assert (await lead.get("/reuse")).status == 200


async def test_what_did_not_change_is_not_drawn_again(visitor, monkeypatch):
    """Pictures are drawn once for a reader's scope and period, as long as they would say the same."""
    drawn = []
    monkeypatch.setattr(reuse, "pictures", lambda report: drawn.append(report) or [])
    lead = await visitor()
    period = "/reuse?from=2025-01-01&to=2025-02-01"
    for _ in range(2):
        assert (await lead.get(period)).status == 200
    assert len(drawn) == 1
    assert (await lead.get(f"{period}&by=province")).status == 200
    assert len(drawn) == 2
