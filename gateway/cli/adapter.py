"""`lienthong adapter`: a first configuration for a new registry, from its WSDL (DESIGN section 1)."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.scaffold import draft_toml
from gateway.cli.common import Exit, fail, guarded, out

group = typer.Typer(no_args_is_help=True, help="Connect a new registry by one TOML file.")


@group.callback()
def _about() -> None:
    """Keep this a group while it has one command."""


@group.command()
def new(
    wsdl: Annotated[Path, typer.Option("--wsdl", help="The registry's WSDL; put it beside the TOML file.")],
    name: Annotated[str | None, typer.Option(help="The registry's name; by default the WSDL's.")] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write here instead of printing; never overwrites.")
    ] = None,
) -> None:
    """Draft registries/NAME.toml: operations, request and reply paths, with placeholders to fill in."""
    text = guarded(lambda: draft_toml(wsdl.read_text(encoding="utf-8"), name or wsdl.stem))
    if write is None:
        out.out(text, end="")
        return
    if write.exists():
        fail(f"{write} exists — choose another file", Exit.USAGE)
    guarded(lambda: write.write_text(text, encoding="utf-8"))
    out.print(f"wrote {write}: fill in its placeholders, then run `lienthong check`", markup=False)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="adapter")
