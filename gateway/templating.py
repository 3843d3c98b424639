"""Templates of pages: jinja2 with one set of rules.

The rule: values are escaped, and a name that nobody gave ends the page with an error instead of a gap.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def templates(folder: Path, filters: Mapping[str, Any]) -> Environment:
    """Open a folder's templates; each is compiled at its first use, so keep what this returns."""
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment
