"""`lienthong sandbox` and `demo`: a whole installation on this machine (PROTOCOL section 9)."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.common import Exit, fail, guarded, out
from gateway.sandbox.installation import Sandbox
from gateway.sandbox.processes import StopSignals

group = typer.Typer(help="A whole installation on this machine, with synthetic people and registries.")


@group.callback(invoke_without_command=True)
def sandbox(
    context: typer.Context,
    directory: Annotated[
        str, typer.Option("--dir", help="Where it lives; given again, it continues where it stopped.")
    ] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Public port; 0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="The gateway's worker processes.")] = 2,
    pin: Annotated[bool, typer.Option("--pin", help="Keep each worker on a processor of its own.")] = False,
) -> None:
    """Start PostgreSQL, four registries and the gateway; print READY and the public URL; end on SIGTERM.

    The directory then holds clients/, config/, log/, urls.toml and env (LIENTHONG_ENV_FILE for other commands).
    """
    if context.invoked_subcommand is not None:
        return
    if not directory:
        fail("name a directory: lienthong sandbox --dir DIR", Exit.USAGE)
    guarded(lambda: _keep_running(Sandbox(Path(directory), port, workers, pin=pin)))


def _keep_running(sandbox: Sandbox) -> None:
    with StopSignals() as signals:
        try:
            out.out(f"READY {sandbox.start()}")
            while not signals.wait():
                sandbox.check()
        finally:
            sandbox.stop()


@group.command()
def people(
    n: Annotated[int, typer.Option("--n", min=1, help="How many.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 0,
) -> None:
    """Print synthetic people as JSON lines, with what each registry will say about them."""
    command = [sys.executable, "-m", "mocks", "people", "--n", str(n), "--seed", str(seed)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 — our own program


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="sandbox")
