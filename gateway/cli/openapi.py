"""`lienthong openapi`: the OpenAPI 3.1 document of a running gateway."""

import orjson
import typer

from gateway.cli.call import UrlOption
from gateway.cli.caller import url_of
from gateway.cli.common import guarded, print_json, run
from gateway.client.client import fetch_public


def openapi(url: UrlOption = None) -> None:
    """Print the OpenAPI 3.1 document that a running gateway publishes: its routes, services and problems."""
    address = guarded(lambda: url_of(url))
    print_json(orjson.loads(run(fetch_public(address, "/openapi.json"))))


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(openapi)
