"""Every screen of the console, in the order of the navigation. A new screen is one import and one line here."""

from gateway.console.screens import Screen
from gateway.console.views import cases, citizen, log, lookup, lookups, subject, watchers

SCREENS: tuple[Screen, ...] = (
    lookups.SCREEN,
    lookup.SCREEN,
    subject.SCREEN,
    cases.SCREEN,
    log.SCREEN,
    watchers.SCREEN,
    citizen.SCREEN,
)
