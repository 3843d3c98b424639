"""Where a request's values come from, as a registry's TOML says it: `subject.id`, `const:VN`, `subject.id|upper`.

A source is a name, and after a bar one filter: `upper`, or for `subject.birth_date` date formats in order of
preference; the first one that the date's precision allows is written. Nothing else is computed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.contract import Call, RegistryFault
from adapters.errors import MappingError
from adapters.toml_table import Table
from schemas.dates import DATE_FORMATS, TIME_FORMATS, format_registry_date
from schemas.grants import Grant
from schemas.identifiers import ID_TYPES

Source = Callable[[Grant, Call], str]

_CONSTANT = "const:"
_BIRTH = "subject.birth_date"
_WRITABLE = DATE_FORMATS - TIME_FORMATS
_PLAIN: Mapping[str, Callable[[Grant, Call], str | None]] = {
    "subject.id": lambda grant, _: grant.subject.id,
    "subject.id_type": lambda grant, _: grant.subject.id_type,
    "subject.full_name": lambda grant, _: grant.subject.full_name,
    "purpose.procedure": lambda grant, _: grant.purpose.procedure,
    "purpose.dossier": lambda grant, _: grant.purpose.dossier,
    "purpose.legal_basis": lambda grant, _: grant.purpose.legal_basis,
    "purpose.officer.id": lambda grant, _: grant.purpose.officer.id,
    "purpose.officer.name": lambda grant, _: grant.purpose.officer.name,
    "purpose.officer.unit": lambda grant, _: grant.purpose.officer.unit,
    "request_id": lambda _, call: call.request_id,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the request and what goes there; only for subjects of the `id_types`."""

    path: str
    id_types: frozenset[str]
    source: Source | None
    constant: str = ""


def read_slots(table: Table) -> tuple[Slot, ...]:
    """Read a table of request paths, in its order."""
    return tuple(_slot(table, name) for name in table.names())


def parse_source(text: str, pointer: str) -> Source:
    """Read a source that is not a constant; `MappingError` lists the ones there are."""
    name, _, filtered = text.partition("|")
    if name == _BIRTH:
        return _birth_date(filtered, pointer)
    read = _PLAIN.get(name)
    if read is None:
        known = ", ".join([*_PLAIN, _BIRTH, _CONSTANT + "…"])
        raise MappingError(pointer, f"names the source {name!r}; known are: {known}")
    if filtered not in {"", "upper"}:
        raise MappingError(pointer, f"uses the filter {filtered!r}; known is: upper")
    return _plain(read, upper=bool(filtered))


def _slot(table: Table, name: str) -> Slot:
    pointer = table.at(name)
    value = table.raw(name)
    id_types = frozenset(ID_TYPES)
    if isinstance(value, Mapping):
        inner = Table(value, pointer)
        id_types = frozenset(inner.texts("id_types")) or id_types
        value = inner.text("source")
        inner.done()
    if not isinstance(value, str) or not id_types <= frozenset(ID_TYPES):
        raise MappingError(pointer, 'must be a source such as "subject.id", or a table of source and id_types')
    if value.startswith(_CONSTANT):
        return Slot(name, id_types, None, value.removeprefix(_CONSTANT))
    return Slot(name, id_types, parse_source(value, pointer))


def _plain(read: Callable[[Grant, Call], str | None], *, upper: bool) -> Source:
    def source(grant: Grant, call: Call) -> str:
        value = read(grant, call)
        if not value:
            raise RegistryFault("unsendable")
        return value.upper() if upper else value

    return source


def _birth_date(filtered: str, pointer: str) -> Source:
    formats = tuple(filtered.split(",")) if filtered else ("yyyy-MM-dd", "yyyy-MM", "yyyy")
    for style in formats:
        if style not in _WRITABLE:
            raise MappingError(pointer, f"uses the date format {style!r}; known are: {', '.join(sorted(_WRITABLE))}")
    if formats[-1] != "yyyy":
        raise MappingError(pointer, "must end with the date format yyyy, since a year may be all that is known")

    def source(grant: Grant, _: Call) -> str:
        birth = grant.subject.birth_date
        if birth is None:
            raise RegistryFault("unsendable")
        for style in formats:
            try:
                return format_registry_date(birth, style)
            except ValueError:
                continue
        raise RegistryFault("unsendable")

    return source
