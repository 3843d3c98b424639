"""`lienthong console`: run the audit console, and keep its users (docs/CONSOLE.md)."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.administration import database_of, log_under
from gateway.cli.common import Exit, fail, guarded, operator, out, print_json, run
from gateway.console.accounts import Accounts, NewSecrets
from gateway.console.roles import Role
from gateway.console.settings import ConsoleSettings, load_console_settings
from gateway.evidence.log import utc_now
from gateway.settings import LogSettings
from gateway.telemetry import configure_logging

group = typer.Typer(help="The audit console, and its users.")
users = typer.Typer(no_args_is_help=True, help="Who may log in to the console.")
group.add_typer(users, name="user")
Login = Annotated[str, typer.Argument(help="Small letters, digits, dots and dashes.")]
Scopes = Annotated[list[str], typer.Option("--scope", help="Agencies this user may see, as H99*; * for all.")]
_NICENESS = 5
"""Where processors are short, nobody's look-up waits for a page."""
Out = Annotated[Path | None, typer.Option("--out", help="Write the login and its secrets to this new file (0600).")]


@group.callback(invoke_without_command=True)
def console(context: typer.Context) -> None:
    """Run the console until SIGTERM; prints READY and its URL (LIENTHONG_CONSOLE_* and the installation's settings)."""
    if context.invoked_subcommand is not None:
        return
    chosen, settings = _settings()
    configure_logging(settings.log_level)
    os.nice(_NICENESS)
    # pages and charts cost a second to import, which commands about users need not wait for
    serve = import_module("gateway.console.process").serve
    run(serve(chosen, settings, lambda url: print(f"READY {url}", flush=True)))  # noqa: T201 — what a supervisor waits for


@users.command()
def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the user may do (docs/CONSOLE.md).")],
    scope: Scopes,
    name: Annotated[str, typer.Option(help="The person's name, as colleagues see it.")],
    output: Out = None,
) -> None:
    """Add a user with a new password and TOTP secret, shown once."""
    made = run(_added(login, name, role, scope))
    if made is None:
        fail(f"there is a user {login} already")
    _show(made, output)


@users.command("list")
def list_users(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the users: login, role, scope."""
    rows = run(_listed())
    if json:
        print_json(rows)
        return
    for row in rows:
        state = "disabled" if row["disabled"] else "enabled"
        out.print(f"{row['login']}: {row['role']}, {' '.join(row['scope'])}, {state}, {row['name']}", markup=False)


@users.command()
def disable(
    login: Login, enable: Annotated[bool, typer.Option("--enable", help="Let the user in again.")] = False
) -> None:
    """Keep a user out and end the user's sessions."""
    if not run(_disabled(login, disabled=not enable)):
        fail(f"there is no user {login}")


@users.command()
def role(login: Login, role: Annotated[Role, typer.Argument(help="The new role.")], scope: Scopes) -> None:
    """Change a user's role and scope, and end the user's sessions."""
    if not run(_changed(login, role, scope)):
        fail(f"there is no user {login}")


@users.command()
def reset(login: Login, output: Out = None) -> None:
    """Give a user a new password and TOTP secret, shown once, and end the user's sessions."""
    made = run(_reset(login))
    if made is None:
        fail(f"there is no user {login}")
    _show(made, output)


def _settings() -> tuple[ConsoleSettings, LogSettings]:
    return guarded(load_console_settings)


@asynccontextmanager
async def _accounts() -> AsyncIterator[Accounts]:
    chosen, settings = load_console_settings()
    async with database_of(settings) as database, log_under(settings, database, chosen.keys(settings)) as log:
        yield Accounts(database, log, chosen.key_bytes(), by=operator(), clock=utc_now)


async def _added(login: str, name: str, role: Role, scope: Sequence[str]) -> NewSecrets | None:
    async with _accounts() as accounts:
        return await accounts.add(login, name, role, scope)


async def _listed() -> list[dict[str, Any]]:
    async with _accounts() as accounts:
        return await accounts.listed()


async def _disabled(login: str, *, disabled: bool) -> bool:
    async with _accounts() as accounts:
        return await accounts.disable(login, disabled=disabled)


async def _changed(login: str, role: Role, scope: Sequence[str]) -> bool:
    async with _accounts() as accounts:
        return await accounts.change(login, role, scope)


async def _reset(login: str) -> NewSecrets | None:
    async with _accounts() as accounts:
        return await accounts.reset(login)


def _show(made: NewSecrets, output: Path | None) -> None:
    if output is None:
        out.print(made.document(), markup=False, end="")
    elif not guarded(lambda: made.write(output)):
        fail(f"{output} exists: the user was given secrets that are lost now — use `user reset`", Exit.FAILED)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="console")
