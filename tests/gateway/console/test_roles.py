"""The table of roles and routes."""

from pathlib import Path

import pytest

from gateway.console.roles import ROUTES, Role, may

DOCUMENT = Path(__file__).parents[3] / "docs" / "CONSOLE.md"


def test_what_is_not_in_the_table_serves_nobody():
    """Deny by default, for every role."""
    assert not any(may(role, "nothing.like.this") for role in Role)


def test_whoever_runs_the_machines_sees_no_look_ups():
    """Operators and administrators have no way to look-ups, subjects, cases or exports."""
    watched = ("lookup", "subject", "case", "alert", "officer", "watchers")
    for route in (name for name in ROUTES if name.startswith(watched)):
        assert not may(Role.OPERATOR, route), route
        assert not may(Role.ADMINISTRATOR, route), route


def test_no_route_serves_an_empty_set():
    """Every line of the table serves somebody."""
    assert all(ROUTES.values())


@pytest.mark.parametrize("route", ROUTES)
def test_the_document_shows_the_table(route):
    """docs/CONSOLE.md has the table as it is."""
    marks = " | ".join("✓" if may(role, route) else "" for role in Role)
    assert f"| `{route}` | {marks} |" in DOCUMENT.read_text(encoding="utf-8")
