"""Named SQL: blocks that begin with `-- name: word` in the `.sql` files of `queries/`.

The rule: SQL lives in `.sql` files, and Python asks for it by file and name. What several queries of a file share is a
block `-- part: word`, and stands in them where they say `{{word}}`.
"""

import re
from functools import cache
from pathlib import Path

_HEAD = re.compile(r"^-- (name|part): (\w+)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n?", re.MULTILINE)
_PART = re.compile(r"\{\{(\w+)\}\}")


@cache
def named(file: str) -> dict[str, str]:
    """Return the blocks of `queries/<file>.sql` by name.

    Raises `OSError` where the file is missing, `KeyError` where it lacks a part.
    """
    text = Path(__file__).with_name("queries").joinpath(f"{file}.sql").read_text(encoding="utf-8")
    words = _HEAD.split(text)
    blocks = list(zip(words[1::3], words[2::3], (_bare(body) for body in words[3::3]), strict=True))
    parts = {name: body for kind, name, body in blocks if kind == "part"}
    return {name: _whole(body, parts) for kind, name, body in blocks if kind == "name"}


def _bare(body: str) -> str:
    """Return a block without lines of comment: those at its end belong to the next."""
    return _COMMENT.sub("", body).strip().rstrip(";")


def _whole(body: str, parts: dict[str, str]) -> str:
    while _PART.search(body):
        body = _PART.sub(lambda found: parts[found[1]], body)
    return body


@cache
def query(name: str) -> str:
    """Return one block, named `file.block`. Raises `KeyError` where there is none."""
    file, block = name.split(".")
    return named(file)[block]
