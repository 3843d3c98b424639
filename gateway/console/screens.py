"""What a screen is: a name, its routes, and what each of them writes into the log before anything is shown.

The rule: a page is entered in the log before it is shown. The frame does it for a GET (`act`); a POST handler calls
`Visit.record` itself, because what it does is its own, and its response is withheld where it did not.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.console.visit import Visit

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One address of a screen.

    `name` is the line in `roles.ROUTES`. `act` is the word of a GET's entry (`console.<act>`), with the query's
    members; None where showing it tells nothing beyond a page that was entered (pictures of a page, for one).
    """

    name: str
    method: str
    path: str
    handler: Handler
    act: str | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen. `name` is that of its first route; `number` its place in the navigation (None: not in it).

    Its title is the text `<name>.title` of `texts/<name>.toml`; its templates are `templates/<name>*.html`.
    """

    name: str
    number: int | None
    routes: tuple[Route, ...]

    @property
    def path(self) -> str:
        """Where the navigation leads."""
        return self.routes[0].path
