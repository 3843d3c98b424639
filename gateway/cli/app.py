"""The command line: every command and group under `lienthong`.

Only the module of the command that was asked for is imported (0.4 s instead of 1.1 s a call); help imports all.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

from gateway.cli.common import EXIT_CODES, out

COMMANDS = {
    "serve": "serving",
    "migrate": "migration",
    "openapi": "openapi",
    "check": "configuration",
    "diff": "configuration",
    "apply": "configuration",
    "keys": "keys",
    "call": "call",
    "verify": "call",
    "receipt": "receipt",
    "audit": "audit",
    "log": "log",
    "dossiers": "dossiers",
    "deliveries": "deliveries",
    "compat": "compat",
    "reuse": "reuse",
    "console": "console",
    "citizen": "citizen",
    "adapter": "adapter",
    "sandbox": "sandbox",
    "demo": "demo",
}
"""Which module of this package defines which command; each has a `register`."""


def build(word: str | None = None) -> typer.Typer:
    """Build the application with the module of one command, or with all where `word` is none of them."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Liên Thông: registries answer each other, signed, agreed and on the record. "
        f"Settings come from LIENTHONG_* or the file that LIENTHONG_ENV_FILE names. {EXIT_CODES}",
    )
    app.callback()(_root)  # a group even where only one command is loaded
    wanted = [COMMANDS[word]] if word in COMMANDS else dict.fromkeys(COMMANDS.values())
    for name in wanted:
        import_module(f"gateway.cli.{name}").register(app)
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        out.print(version("lienthong"))
        raise typer.Exit


def _root(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Take what stands before a command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        build(words[0] if words else None)(words, prog_name="lienthong")
    except KeyboardInterrupt:
        sys.exit(130)
