"""`lienthong check | diff | apply`: the configuration from files to force (DESIGN section 7)."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from gateway.administration import documents_in_force, put_in_force
from gateway.audit.staff import pseudonymised
from gateway.cli.common import err, fail, guarded, operator, out, print_json, run, settings
from gateway.configuration_files import check_documents, read_documents
from gateway.evidence.keys import load_pseudonym_keys
from gateway.evidence.pseudonyms import Pseudonyms
from schemas.configuration import ConfigurationError, diff

_T = TypeVar("_T")

Directory = Annotated[Path, typer.Argument(help="Directory with clients, agreements, registries and procedures.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def check(
    directory: Directory,
    secrets: Annotated[
        Path | None, typer.Option(help="Directory of the registries' secrets; checks that adapters can be built too.")
    ] = None,
) -> None:
    """Check a configuration directory; every fault is named. Needs no database."""
    snapshot = _checked(lambda: check_documents(read_documents(directory), secrets))
    configuration = snapshot.configuration
    out.print(
        f"sound: {len(configuration.clients)} clients, {len(configuration.agreements)} agreements, "
        f"{len(configuration.registries)} registries, {len(configuration.procedures)} procedures"
    )


def difference(directory: Directory, json: Json = False) -> None:
    """Compare a configuration directory with the version in force."""
    documents = _checked(lambda: read_documents(directory))
    chosen = settings()
    named = _checked(lambda: pseudonymised(documents, Pseudonyms(load_pseudonym_keys(chosen.pseudonym_keys))))
    changes = diff(run(documents_in_force(chosen)), named)
    if json:
        print_json([asdict(change) for change in changes])
        return
    for change in changes:
        out.print(str(change), markup=False)
    if not changes:
        out.print("no difference")


def apply(directory: Directory, json: Json = False) -> None:
    """Put a configuration directory in force, atomically, after checking it. The act is an entry of the log."""
    chosen = settings()
    documents = _checked(lambda: read_documents(directory))
    _checked(lambda: check_documents(documents, chosen.secrets_dir))
    applied = run(put_in_force(chosen, documents, operator()))
    if json:
        print_json(asdict(applied))
    else:
        out.print(f"version {applied.version} is in force" + ("" if applied.changed else " (nothing has changed)"))


def _checked(work: Callable[[], _T]) -> _T:
    """Run `work` as `guarded` does; a configuration's faults are printed one a line."""
    try:
        return guarded(work, ConfigurationError)
    except ConfigurationError as error:
        for problem in error.problems:
            err.print(f"{problem.file} {problem.pointer or '/'}: {problem.sentence}", markup=False)
        fail(f"the configuration has {len(error.problems)} fault(s); nothing was changed")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(check)
    app.command("diff")(difference)
    app.command()(apply)
