"""A service of a registry of ordinary shape, as one TOML table says it: its question and how its reply is read.

The rules: found and not found are both told by the reply, and one that is neither, or both, is `registry-invalid`;
a reply must echo the subject's identifier or our request id; what the mapping does not know is drift (JSON) or was
judged by the schema (SOAP). docs/ADAPTERS.md describes every member.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.contract import Call, RegistryAnswer, RegistryFault, RegistryInvalid
from adapters.errors import MappingError
from adapters.fields import Reader, read_field
from adapters.toml_table import Table
from adapters.trees import Path, at, branches, check_known, parse_path, present
from adapters.values import check_identifier, check_person, moment
from schemas.dates import TIME_FORMATS, parse_partial
from schemas.grants import Grant, Subject
from schemas.services import ServiceSpec

Condition = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class ReplyMapping:
    """How a service's replies are judged and read."""

    spec: ServiceSpec
    faults: tuple[Condition, ...]
    found: tuple[Condition, ...]
    no_match: tuple[Condition, ...]
    record: Path | None
    subject_echo: Mapping[str, Path]
    request_echo: Path | None
    person_id: Path | None
    as_of: tuple[Path, tuple[str, ...]] | None
    fields: Mapping[str, Reader]
    known: dict[str, Any]

    def read(self, tree: Any, grant: Grant, call: Call) -> RegistryAnswer:
        """Read a reply's tree; `RegistryError` on anything but a sound answer to this question."""
        if any(told(tree) for told in self.faults):
            raise RegistryFault("fault-code")
        check_known(tree, self.known)
        if self.request_echo is not None and at(tree, self.request_echo) != call.request_id:
            raise RegistryInvalid("wrong-request")
        record = self._record(tree)
        if not self._decided(tree, record):
            return RegistryAnswer(found=False)
        self._check_subject(record, grant.subject)
        values = {name: read(record) for name, read in self.fields.items()}
        _check_named(grant.subject, values)
        return RegistryAnswer(
            found=True,
            record=values,
            source_as_of=moment(at(tree, self.as_of[0]), *self.as_of[1]) if self.as_of else None,
            person_id=_text(at(record, self.person_id)) if self.person_id else None,
        )

    def _record(self, tree: Any) -> Any:
        """Return the one record, or None where there is none; two are an error."""
        if self.record is None:
            return tree
        if not present(tree, self.record):
            return None
        record = at(tree, self.record)
        if type(record) is not list:
            return record
        if len(record) > 1:
            raise RegistryInvalid("two-results")
        return record[0]

    def _decided(self, tree: Any, record: Any) -> bool:
        """Say whether somebody was found; an answer that says both or neither broke the contract."""
        found = record is not None and all(told(tree) for told in self.found)
        missing = any(told(tree) for told in self.no_match)
        if self.record is not None and not self.no_match:
            missing = record is None
        if found == missing:
            raise RegistryInvalid("undecided")
        return found

    def _check_subject(self, record: Any, subject: Subject) -> None:
        path = self.subject_echo.get(subject.id_type)
        if path is not None:
            check_identifier(subject.id, _text(at(record, path)))


def read_reply(spec: ServiceSpec, reply: Table, fields: Table, *, strict: bool) -> ReplyMapping:
    """Read the tables `reply` and `fields` of a mapping; `strict` for JSON, which has no schema of its own."""
    record = _optional_path(reply, "record")
    readers = _fields(spec, fields)
    found, told_found = _conditions(reply, "found", strict=strict)
    no_match, told_no_match = _conditions(reply, "no_match", strict=strict)
    faults, told_faults = _conditions(reply, "fault", strict=strict)
    if record is None and not (found and no_match):
        raise MappingError(
            reply.pointer, "must tell by record, or by both found and no_match, whether somebody was found"
        )
    echo = _subject_echo(reply, spec)
    request_echo = _optional_path(reply, "request_echo")
    if request_echo is None and not echo:
        raise MappingError(reply.at("subject_echo"), "is missing: an answer must echo the subject's id or request_echo")
    as_of, person = _as_of(reply), _optional_path(reply, "person_id")
    ignored = tuple(parse_path(text, reply.at("known")) for text in reply.texts("known"))
    reply.done()
    outside = [path for path in (record, request_echo, as_of and as_of[0]) if path]
    places = [person or (), *echo.values(), *(place for _, read_there in readers.values() for place in read_there)]
    inside = [(record or ()) + place for place in places]
    known = branches([*outside, *inside, *told_found, *told_no_match, *told_faults, *ignored]) if strict else {}
    return ReplyMapping(
        spec,
        faults,
        found,
        no_match,
        record,
        echo,
        request_echo,
        person,
        as_of,
        {name: reader for name, (reader, _) in readers.items()},
        known,
    )


def _fields(spec: ServiceSpec, table: Table) -> dict[str, tuple[Reader, tuple[Path, ...]]]:
    for name in table.names():
        if name not in spec.fields:
            raise MappingError(table.at(name), "is no field of the service; its fields are: " + ", ".join(spec.fields))
    for name in spec.fields:
        if name not in table:
            raise MappingError(table.at(name), "is missing: say where the reply holds this field")
    return {name: read_field(table.raw(name), table.at(name)) for name in spec.fields}


def _conditions(reply: Table, name: str, *, strict: bool) -> tuple[tuple[Condition, ...], list[Path]]:
    pairs = [_condition(table, _same if strict else _same_text) for table in reply.tables(name)]
    return tuple(told for told, _ in pairs), [path for _, path in pairs]


def _condition(table: Table, same: Callable[[Any, str | int], bool]) -> tuple[Condition, Path]:
    path = parse_path(table.text("path"), table.at("path"))
    wanted, by_presence = table.raw("equals"), table.raw("present")
    table.done()
    if (wanted is None) == (by_presence is None) or not isinstance(by_presence, bool | None):
        raise MappingError(table.pointer, "must have either equals (values) or present (true or false)")
    if by_presence is not None:
        return (lambda tree: present(tree, path) is by_presence), path
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values or not all(isinstance(value, str | int) for value in values):
        raise MappingError(table.at("equals"), "must be one or more texts, integers or truth values")
    return (lambda tree: present(tree, path) and any(same(at(tree, path), value) for value in values)), path


def _same(leaf: Any, wanted: str | int) -> bool:
    """Compare a JSON leaf with a value of the TOML: by type and value."""
    return type(leaf) is type(wanted) and bool(leaf == wanted)


def _same_text(leaf: Any, wanted: str | int) -> bool:
    """Compare an XML leaf with a value of the TOML: a truth value has two spellings, a number its digits."""
    if type(wanted) is bool:
        return leaf in (("true", "1") if wanted else ("false", "0"))
    return bool(leaf == str(wanted))


def _subject_echo(reply: Table, spec: ServiceSpec) -> dict[str, Path]:
    value = reply.raw("subject_echo")
    if value is None:
        return {}
    if isinstance(value, str):
        return dict.fromkeys(spec.id_types, parse_path(value, reply.at("subject_echo")))
    table = Table(value, reply.at("subject_echo"))
    if set(table.names()) != set(spec.id_types):
        raise MappingError(table.pointer, "must be a path, or a table with one path for each of the service's id_types")
    return {name: parse_path(table.text(name), table.at(name)) for name in spec.id_types}


def _as_of(reply: Table) -> tuple[Path, tuple[str, ...]] | None:
    if "source_as_of" not in reply:
        return None
    table = reply.table("source_as_of")
    path, formats = parse_path(table.text("path"), table.at("path")), table.texts("format")
    table.done()
    if not formats or not TIME_FORMATS.issuperset(formats):
        raise MappingError(table.at("format"), f"must be one or more of: {', '.join(sorted(TIME_FORMATS))}")
    return path, formats


def _optional_path(table: Table, name: str) -> Path | None:
    text = table.optional_text(name)
    return None if text is None else parse_path(text, table.at(name))


def _text(leaf: Any) -> str | None:
    if leaf is not None and type(leaf) is not str:
        raise RegistryInvalid("schema-drift")
    return leaf or None


def _check_named(subject: Subject, values: Mapping[str, Any]) -> None:
    """Hold a person's name and birth date against the subject's where the service has them."""
    name, birth = values.get("full_name"), values.get("birth_date")
    if "full_name" in values and "birth_date" in values:
        check_person(subject, name, parse_partial(birth) if birth else None)
    elif "full_name" in values:
        check_person(Subject(subject.id_type, subject.id, subject.full_name), name, None)
    elif "birth_date" in values and birth:
        check_person(Subject(subject.id_type, subject.id, None, subject.birth_date), None, parse_partial(birth))
