"""`lienthong compat`: the passwords of accounts at the drop-in door."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.common import Exit, fail, guarded, out
from gateway.compat.accounts import password_hash

LEAST = 12
group = typer.Typer(no_args_is_help=True, help="The drop-in door for software that speaks the portal's dialect.")


@group.command()
def password(
    file: Annotated[Path, typer.Argument(help="The new password_file, in the secrets directory.")],
) -> None:
    """Ask for an account's password (or read it from standard input) and write its argon2id hash, mode 0600."""
    text = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(text) < LEAST:
        fail(f"a password has at least {LEAST} characters", Exit.USAGE)
    guarded(lambda: _write(file, password_hash(text)))
    out.print(f"made {file}", markup=False)


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(text + "\n")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(group, name="compat")
