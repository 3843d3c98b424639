"""What changes between two configurations, object by object and member by member, for a human to read.

Works on the files' TOML alone, so that a configuration that is not valid (yet) can be compared too.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_KINDS = {
    "clients": "client",
    "agreements": "agreement",
    "registries": "registry",
    "procedures": "procedure",
    "staff": "staff list",
}
_NAMED_BY = ("keyid", "code", "service")
_SHOWN = 60
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `object` is for example `client H99.igate`; `member` is empty for a whole object.

    `before` and `after` are TOML-like texts, empty where there was or is nothing; long ones are cut.
    """

    object: str
    member: str
    action: Literal["added", "removed", "changed"]
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        place = f"{self.object}: {self.member}" if self.member else self.object
        if not self.member or not (self.before or self.after):
            return f"{place} {self.action}"
        if self.action == "changed":
            return f"{place} changed: {self.before} → {self.after}"
        return f"{place} {self.action}: {self.before or self.after}"


def diff(old_documents: Mapping[str, str], new_documents: Mapping[str, str]) -> list[Change]:
    """Compare two configurations given as files by relative path."""
    changes: list[Change] = []
    for path in sorted({*old_documents, *new_documents}):
        old, new = old_documents.get(path), new_documents.get(path)
        if old == new:
            continue
        if old is None or new is None:
            changes.append(Change(_title(path), "", "added" if old is None else "removed"))
            continue
        before, after = _table(path, old), _table(path, new)
        if before is None or after is None:
            changes.append(Change(_title(path), "", "changed"))
        else:
            changes.extend(_members(_title(path), "", before, after))
    return changes


def _title(path: str) -> str:
    folder, _, name = path.partition("/")
    if folder in _KINDS and name.endswith(".toml"):
        return f"{_KINDS[folder]} {name.removesuffix('.toml')}"
    return f"file {path}"


def _table(path: str, text: str) -> dict[str, Any] | None:
    if not path.endswith(".toml"):
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _members(title: str, prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in (*before, *(name for name in after if name not in before)):
        member = f"{prefix}{name}"
        yield from _values(title, member, before.get(name, _MISSING), after.get(name, _MISSING))


def _values(title: str, member: str, old: Any, new: Any) -> Iterator[Change]:
    if type(old) is type(new) and old == new:
        return
    if old is _MISSING:
        yield Change(title, member, "added", after=_shown(new))
    elif new is _MISSING:
        yield Change(title, member, "removed", before=_shown(old))
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _members(title, f"{member}.", old, new)
    elif _tables(old) and _tables(new):
        yield from _rows(title, member, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(title, member, old, new)
    else:
        yield Change(title, member, "changed", _shown(old), _shown(new))


def _rows(title: str, member: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    for name in (*before, *(name for name in after if name not in before)):
        yield from _values(title, f"{member}[{name}]", before.get(name, _MISSING), after.get(name, _MISSING))


def _named(rows: list[Any]) -> dict[str, Any]:
    """Name rows by what identifies them; the second of the same name gets `#2`."""
    named: dict[str, Any] = {}
    for position, row in enumerate(rows):
        name = next((str(row[key]) for key in _NAMED_BY if key in row), str(position))
        number, unique = 1, name
        while unique in named:
            number += 1
            unique = f"{name} #{number}"
        named[unique] = row
    return named


def _lists(title: str, member: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
    gone, come = [item for item in old if item not in new], [item for item in new if item not in old]
    if gone:
        yield Change(title, member, "removed", before=_shown(gone))
    if come:
        yield Change(title, member, "added", after=_shown(come))
    if not gone and not come:
        yield Change(title, member, "changed", _shown(old), _shown(new))


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _shown(value: Any) -> str:
    """Write a value on one line; tables and long texts are not spelled out."""
    if isinstance(value, dict) or _tables(value):
        return ""
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    text = {True: "true", False: "false"}.get(value, "") if isinstance(value, bool) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
