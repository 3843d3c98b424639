"""Which path means what. Matching is on the raw path; a segment holds unreserved characters, a dossier code more.

A route of `/v1` is signed. `free` routes are successful reads that spend a nonce and write no entry
(PROTOCOL section 6); every other signed route records in its handler.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.flow.exchange import Exchange, Reply
from gateway.refusals import Refusal
from schemas.frozen import valueclass

Handler = Callable[[Exchange, dict[str, str]], Awaitable[Reply]]
Exists = Callable[[dict[str, str]], bool]
_SEGMENT = r"[A-Za-z0-9._~-]+"
_SEGMENTS = {"dossier": r"(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+"}
"""Names in templates that stand for more: dossier codes are opaque (`schemas.dossier_codes` reads them)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path template, for example `/v1/lookups/{registry}/{service}`."""

    method: str
    template: str
    name: str
    handler: Handler
    free: bool = False
    exists: Exists | None = None
    """Whether the template's names stand for something; where not, the path is `not-found`."""

    @property
    def signed(self) -> bool:
        """Whether the caller must sign."""
        return self.template.startswith("/v1/")


@valueclass
class Match:
    """A path that exists: its methods, and what its template's names stand for."""

    methods: dict[str, Route]
    params: dict[str, str]

    def route(self, method: str) -> Route:
        """Return the route of a method. Raises `Refusal` `method-not-allowed`."""
        route = self.methods.get(method)
        if route is None:
            raise Refusal("method-not-allowed", "method", allow=", ".join(sorted(self.methods)))
        return route


class RouteTable:
    """Every route. Exact paths by dictionary, templates by one compiled pattern each."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes = tuple(routes)
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Route], list[Exists]]] = []
        templates: dict[str, dict[str, Route]] = {}
        for route in routes:
            templates.setdefault(route.template, {})[route.method] = route
        for template, methods in templates.items():
            if "{" in template:
                pattern = re.sub(r"\\{(\w+)\\}", _group, re.escape(template))
                checks = [route.exists for route in methods.values() if route.exists]
                self._patterns.append((re.compile(pattern + r"\Z"), methods, checks))
            else:
                self._exact[template] = methods

    def match(self, path: str) -> Match:
        """Return the routes of a raw path. Raises `Refusal` `not-found`."""
        methods = self._exact.get(path)
        if methods is not None:
            return Match(methods, {})
        for pattern, methods, checks in self._patterns:
            found = pattern.match(path)
            if found is not None:
                params = found.groupdict()
                if not checks or all(exists(params) for exists in checks):
                    return Match(methods, params)
        raise Refusal("not-found", "path")


def _group(name: re.Match[str]) -> str:
    return f"(?P<{name[1]}>{_SEGMENTS.get(name[1], _SEGMENT)})"
