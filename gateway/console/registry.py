"""Every screen of the console, in the order of the navigation. A new screen is one import and one line here."""

from gateway.console.screens import Screen
from gateway.console.views import log, lookup, lookups, watchers

SCREENS: tuple[Screen, ...] = (
    lookups.SCREEN,
    lookup.SCREEN,
    log.SCREEN,
    watchers.SCREEN,
)
