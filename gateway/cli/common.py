"""What every command shares: exit codes, one line per error, settings, output.

The rule: an error is one clear line on standard error that says what to do, never a traceback; data
goes to standard output, as JSON where `--json` is given.
"""

import asyncio
import getpass
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console

from adapters.errors import MappingError
from gateway.client import ClientError, ExchangeFileError
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.keys import EvidenceKeyError
from gateway.evidence.lease import NoFreeSlot
from gateway.evidence.pins import LogBehindPin
from gateway.settings import Settings, SettingsError, load_settings
from gateway.store.configuration import ConfigurationConflict
from gateway.store.database import StoreError
from gateway.store.embedded import EmbeddedPostgresError
from schemas.configuration import ConfigurationError
from signing.errors import KeyFormatError, SignatureError


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    FAILED = 1
    USAGE = 2
    NO_ANCHOR = 3


EXIT_CODES = (
    "Exit codes: 0 fine; 1 refused, or a check failed; 2 wrong usage or settings; 3 no anchor to check against."
)

_T = TypeVar("_T")
_USAGE_ERRORS = (SettingsError, EvidenceKeyError)
_FAILURES = (
    ClientError,
    ConfigurationConflict,
    EmbeddedPostgresError,
    EvidenceUnavailable,
    ExchangeFileError,
    KeyFormatError,
    LogBehindPin,
    MappingError,
    NoFreeSlot,
    SignatureError,
    StoreError,
)

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def fail(sentence: str, code: Exit = Exit.FAILED) -> NoReturn:
    """End the command with one line on standard error."""
    err.print(f"lienthong: {sentence}", markup=False)
    raise typer.Exit(code)


def guarded(work: Callable[[], _T]) -> _T:
    """Run `work`; an error of ours ends the command with its sentence and the right exit code."""
    try:
        return work()
    except _USAGE_ERRORS as error:
        fail(str(error), Exit.USAGE)
    except ConfigurationError as error:
        for problem in error.problems:
            err.print(f"{problem.file} {problem.pointer or '/'}: {problem.sentence}", markup=False)
        fail(f"the configuration has {len(error.problems)} fault(s); nothing was changed")
    except _FAILURES as error:
        fail(str(error) or type(error).__name__)
    except OSError as error:
        fail(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine as `guarded` does."""
    return guarded(lambda: asyncio.run(work))


def settings() -> Settings:
    """Read the installation's settings, or end the command with exit code 2."""
    return guarded(load_settings)


def operator() -> str:
    """Return the login under which administrative acts are recorded."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def print_json(value: Any) -> None:
    """Print a value as indented JSON, exactly."""
    out.out(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(), highlight=False)
