"""`lienthong serve`: run the gateway."""

from typing import Annotated

import typer

from gateway.cli.common import guarded, settings
from gateway.serve import serve as serve_gateway


def serve(
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    pin: Annotated[bool, typer.Option("--pin", help="Keep each worker on a processor of its own.")] = False,
) -> None:
    """Run the gateway until SIGTERM: workers, operations port and the log's housekeeping."""
    chosen = settings()
    raise typer.Exit(guarded(lambda: serve_gateway(chosen, workers, pin=pin)))


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(serve)
