"""`lienthong serve | migrate`: run the gateway, and bring its database to this version."""

from typing import Annotated

import typer

from gateway.administration import migrate_database
from gateway.cli.common import guarded, out, run, settings
from gateway.serve import serve as serve_gateway


def serve(workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1) -> None:
    """Run the gateway until SIGTERM: workers, operations port and the log's housekeeping."""
    chosen = settings()
    raise typer.Exit(guarded(lambda: serve_gateway(chosen, workers)))


def migrate() -> None:
    """Bring the database's schema to this version, as the owner role (LIENTHONG_MIGRATION_URL)."""
    applied = run(migrate_database(settings()))
    for step in applied:
        out.print(f"applied {step.number:04} {step.name.replace('_', ' ')}", markup=False)
    if not applied:
        out.print("the schema is up to date")
