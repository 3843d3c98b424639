"""Named SQL: blocks that begin with `-- name: word` in the `.sql` files of `queries/`.

The rule: SQL lives in `.sql` files, and Python asks for it by file and name.
"""

import re
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def named(file: str) -> dict[str, str]:
    """Return the blocks of `queries/<file>.sql` by name. Raises `OSError` where the file is missing."""
    text = Path(__file__).with_name("queries").joinpath(f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return {name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def query(name: str) -> str:
    """Return one block, named `file.block`. Raises `KeyError` where there is none."""
    file, block = name.split(".")
    return named(file)[block]
