"""Canonical records: what the fields of a registry's answer hold, whatever the registry calls them.

The words are PROTOCOL section 3: dates are partial-date strings, `sex` is one of three words, an address
has five members, a relative two. `None` means that the registry has no value.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypedDict

from schemas.dates import parse_partial
from schemas.identifiers import canonical
from schemas.names import name_key
from schemas.services import CATALOGUE, ServiceSpec
from schemas.texts import as_text, checked_text

Kind = Literal["date", "name", "sex", "address", "relative", "text", "amount", "obligations", "history"]

SEXES = ("male", "female", "undetermined")
TEXT_LIMIT = 1000
"""Characters one text of a record may have."""
LIST_LIMIT = 1000
"""Members one list of a record may have."""


class Address(TypedDict):
    """Where somebody lives, was born or comes from; codes of the time of registration."""

    province: str | None
    district: str | None
    ward: str | None
    detail: str | None
    country: str | None


class Relative(TypedDict):
    """Somebody else in a person's record."""

    full_name: str | None
    personal_id: str | None


class Obligation(TypedDict):
    """One unpaid tax obligation; `amount` in đồng."""

    dossier: str | None
    decision: str | None
    decided_on: str | None
    item: str | None
    amount: int


ADDRESS_MEMBERS = tuple(Address.__annotations__)
RELATIVE_MEMBERS = tuple(Relative.__annotations__)
OBLIGATION_MEMBERS = tuple(Obligation.__annotations__)

_KINDS: dict[Kind, str] = {
    "date": "birth_date valid_from valid_to five_years_on registered_on died_on issued_on",
    "name": "full_name name",
    "sex": "sex",
    "address": "birth_place home_town permanent_address current_address address",
    "relative": "father mother spouse household_head husband wife",
    "amount": "total_amount",
    "obligations": "obligations",
    "history": "treatment_history",
}
FIELD_KINDS: Mapping[str, Kind] = {field: kind for kind, fields in _KINDS.items() for field in fields.split()}
"""Kind of each field of the catalogue that is not plain text."""


def kind_of(spec: ServiceSpec, field: str) -> Kind | None:
    """Kind of a field of a built-in service; None for fields that only a configuration knows."""
    if spec.name in CATALOGUE and field in spec.fields:
        return FIELD_KINDS.get(field, "text")
    return None


def validate_record(spec: ServiceSpec, record: Mapping[str, Any]) -> None:
    """Hold a found record against its service: exactly its fields, each a value of its kind or None.

    `ValueError` names the first field that is wrong, never its value. Fields of configured services,
    which the catalogue does not know, may be any JSON value.
    """
    if set(record) != set(spec.fields):
        raise ValueError(f"the record of {spec.name} does not have exactly the service's fields")
    for field in spec.fields:
        value = record[field]
        kind = kind_of(spec, field)
        if value is None or kind is None:
            continue
        try:
            CHECKS[kind](value)
        except ValueError as error:
            raise ValueError(f"{field}: {error}") from None


def check_date(value: Any) -> None:
    """`ValueError` unless the value is a partial-date string."""
    parse_partial(as_text(value))


def check_name(value: Any) -> None:
    """`ValueError` unless the value is a name a registry may hold."""
    name_key(as_text(value))


def check_address(value: Any) -> None:
    """`ValueError` unless the value is a whole address of texts and nulls."""
    for text in _members(value, ADDRESS_MEMBERS):
        if text is not None:
            checked_text(as_text(text), TEXT_LIMIT)


def check_relative(value: Any) -> None:
    """`ValueError` unless the value is a relative: a name and a personal number, each maybe null."""
    full_name, personal_id = _members(value, RELATIVE_MEMBERS)
    if full_name is not None:
        check_name(full_name)
    if personal_id is not None:
        canonical("personal_id", as_text(personal_id))


def check_text(value: Any) -> None:
    """`ValueError` unless the value is text that XML can hold."""
    checked_text(as_text(value), TEXT_LIMIT)


def check_sex(value: Any) -> None:
    """`ValueError` unless the value is one of `SEXES`."""
    if as_text(value) not in SEXES:
        raise ValueError("this must be male, female or undetermined")


def check_amount(value: Any) -> None:
    """`ValueError` unless the value is a whole number of đồng, zero or more."""
    if type(value) is not int or value < 0:
        raise ValueError("this must be a whole number, zero or more")


def check_obligations(value: Any) -> None:
    """`ValueError` unless the value is a list of whole obligations."""
    for item in _list(value):
        *texts, amount = _members(item, OBLIGATION_MEMBERS)
        for text in texts:
            if text is not None:
                check_text(text)
        if item["decided_on"] is not None:
            check_date(item["decided_on"])
        check_amount(amount)


def check_history(value: Any) -> None:
    """`ValueError` unless the value is a list of objects of texts and nulls."""
    for item in _list(value):
        if type(item) is not dict:
            raise ValueError("this must be a list of objects")
        for text in item.values():
            if text is not None:
                check_text(text)


CHECKS: Mapping[Kind, Callable[[Any], None]] = {
    "date": check_date,
    "name": check_name,
    "sex": check_sex,
    "address": check_address,
    "relative": check_relative,
    "text": check_text,
    "amount": check_amount,
    "obligations": check_obligations,
    "history": check_history,
}
"""The check of each kind."""


def _list(value: Any) -> list[Any]:
    if type(value) is not list or len(value) > LIST_LIMIT:
        raise ValueError(f"this must be a list of at most {LIST_LIMIT}")
    return value


def _members(value: Any, names: tuple[str, ...]) -> list[Any]:
    if type(value) is not dict or set(value) != set(names):
        raise ValueError("this must be an object with the members " + ", ".join(names))
    return [value[name] for name in names]
