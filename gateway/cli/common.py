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

from gateway.settings import Settings, SettingsError, load_settings


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
_OURS = ("adapters.", "gateway.", "schemas.", "signing.")

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def fail(sentence: str, code: Exit = Exit.FAILED) -> NoReturn:
    """End the command with one line on standard error."""
    err.print(f"lienthong: {sentence}", markup=False)
    raise typer.Exit(code)


def guarded(work: Callable[[], _T], *passed: type[Exception]) -> _T:
    """Run `work`; an error of ours ends the command with its sentence and the right exit code; `passed` pass.

    Every error class of our packages is a sentence for the operator: they are told by their module, so that
    this module need not import them all.
    """
    try:
        return work()
    except passed:
        raise
    except SettingsError as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(f"{error.filename or 'a file'}: {error.strerror or type(error).__name__}")
    except UnicodeDecodeError:
        fail("a file is binary where a text in UTF-8 is expected")
    except Exception as error:
        if not type(error).__module__.startswith(_OURS):
            raise
        fail(str(error) or type(error).__name__)


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
