"""Every screen of the console, in the order of the navigation. A new screen is one import and one line here."""

from gateway.console.screens import Screen
from gateway.console.views import (
    agencies,
    alerts,
    cases,
    citizen,
    deliveries,
    log,
    lookup,
    lookups,
    officer,
    reuse,
    rules,
    sample,
    subject,
    today,
    watchers,
)

SCREENS: tuple[Screen, ...] = (
    today.SCREEN,
    lookups.SCREEN,
    lookup.SCREEN,
    subject.SCREEN,
    officer.SCREEN,
    agencies.SCREEN,
    alerts.SCREEN,
    rules.SCREEN,
    cases.SCREEN,
    sample.SCREEN,
    log.SCREEN,
    reuse.SCREEN,
    deliveries.SCREEN,
    watchers.SCREEN,
    citizen.SCREEN,
)
