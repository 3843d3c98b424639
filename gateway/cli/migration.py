"""`lienthong migrate`: bring the database to this version's schema."""

import typer

from gateway.administration import migrate_database
from gateway.cli.common import out, run, settings


def migrate() -> None:
    """Bring the database's schema to this version, as the owner role (LIENTHONG_MIGRATION_URL)."""
    applied = run(migrate_database(settings()))
    for step in applied:
        out.print(f"applied {step.number:04} {step.name.replace('_', ' ')}", markup=False)
    if not applied:
        out.print("the schema is up to date")


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command()(migrate)
