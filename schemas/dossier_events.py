"""The body of `POST /v1/dossiers/events`, from JSON values to events (PROTOCOL section 5).

The rule: a broken envelope refuses the call, a broken event itself alone; every fault has a pointer (RFC 6901)
into the body and a sentence that never repeats what was sent.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.dossiers import DossierEvent, Party, utc_text
from schemas.identifiers import canonical, canonical_agency, checked_dossier, procedure_national
from schemas.pointers import FieldError, SchemaError, validated
from schemas.texts import checked_text, checked_word

EVENTS_LIMIT = 500
AHEAD = timedelta(minutes=5)
"""How far an event may lie ahead of the gateway's clock, inclusive."""

_EVENT_ID_LIMIT, _TEXT_LIMIT, _NOTE_LIMIT, _LIST_LIMIT = 128, 200, 2000, 100
_FIRST_YEAR = 1900
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ROLE = re.compile(r"[a-z][a-z_]{0,39}")
_STATUS = re.compile(r"0?[1-9]|10")
_T = TypeVar("_T")

_Text = Annotated[str, Field(min_length=1, max_length=4000)]
_UNSTATED: Any = None  # defaults are not validated, so null is refused and absence is None


@dataclass(frozen=True, slots=True)
class BrokenEvent:
    """An event that is refused by itself. `event_id` is None where it has none that could be named."""

    event_id: str | None
    errors: tuple[FieldError, ...]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class _Party(_Body):
    id_type: _Text
    id: _Text
    role: _Text


class _Component(_Body):
    code: _Text
    name: _Text = _UNSTATED
    obtained: Literal[
        "registry", "store", "earlier_dossier", "card", "prefilled", "typed", "upload", "paper", "waived"
    ] = _UNSTATED
    lookup_id: _Text = _UNSTATED
    digitised: bool = _UNSTATED
    reused: bool = _UNSTATED
    required: bool = _UNSTATED


class _Result(_Body):
    name: _Text = _UNSTATED
    electronic: bool = _UNSTATED


class _Officer(_Body):
    id: _Text = _UNSTATED
    name: _Text = _UNSTATED
    unit: _Text = _UNSTATED


class _Event(_Body):
    event_id: _Text
    dossier: _Text
    procedure: _Text
    agency: _Text
    status: Any
    occurred_at: _Text
    received_at: _Text = _UNSTATED
    due_at: _Text = _UNSTATED
    channel: Literal["counter", "online", "post"] = _UNSTATED
    fee_due: bool = _UNSTATED
    parties: Annotated[list[_Party], Field(max_length=_LIST_LIMIT)] = _UNSTATED
    components: Annotated[list[_Component], Field(max_length=_LIST_LIMIT)] = _UNSTATED
    result: _Result = _UNSTATED
    officer: _Officer = _UNSTATED
    note: _Text = _UNSTATED


class _Envelope(_Body):
    events: Annotated[list[Any], Field(min_length=1, max_length=EVENTS_LIMIT)]


class _Faults:
    """Collects an event's faults under its own pointer."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.errors: list[FieldError] = []

    def add(self, pointer: str, detail: str) -> None:
        self.errors.append(FieldError(self.root + pointer, detail))

    def take(self, pointer: str, check: Callable[[str], _T], text: str, otherwise: _T) -> _T:
        """Return the checked value, or `otherwise` after noting what `check` said."""
        try:
            return check(text)
        except ValueError as error:
            self.add(pointer, str(error))
            return otherwise


def parse_events(obj: Any, now: datetime) -> list[DossierEvent | BrokenEvent]:
    """Read the body, in the order sent; `now` is the gateway's clock. Raises `SchemaError` for a broken envelope."""
    envelope = validated(_Envelope, obj)
    return [parse_event(item, now, f"/events/{number}") for number, item in enumerate(envelope.events)]


def parse_event(obj: Any, now: datetime, root: str = "") -> DossierEvent | BrokenEvent:
    """Read one event; its faults point below `root`."""
    try:
        body = validated(_Event, obj)
    except SchemaError as error:
        errors = tuple(FieldError(root + fault.pointer, fault.detail) for fault in error.errors)
        return BrokenEvent(_nameable(obj), errors)
    faults = _Faults(root)
    event = _event(body, now, faults)
    return BrokenEvent(_nameable(obj), tuple(faults.errors)) if faults.errors else event


def _event(body: _Event, now: datetime, faults: _Faults) -> DossierEvent:
    occurred_at = faults.take("/occurred_at", parse_time, body.occurred_at, now)
    if occurred_at > now + AHEAD:
        faults.add("/occurred_at", "this lies more than 5 minutes ahead of the gateway's clock")
    return DossierEvent(
        faults.take("/event_id", _event_id, body.event_id, ""),
        faults.take("/dossier", checked_dossier, body.dossier, ""),
        faults.take("/procedure", procedure_national, body.procedure, ""),
        faults.take("/agency", canonical_agency, body.agency, ""),
        _status(body.status, faults),
        occurred_at,
        _stated(body, faults),
        None if body.components is None else _components(body.components, faults),
        None if body.parties is None else _parties(body.parties, faults),
        None if body.officer is None else _officer(body.officer, faults),
        None if body.note is None else faults.take("/note", _note, body.note, ""),
    )


def parse_time(text: str) -> datetime:
    """Read RFC 3339 with an offset as UTC, to microseconds; `ValueError` otherwise."""
    sentence = "a time is written as 2026-11-21T08:30:00+07:00"
    if not _TIME.fullmatch(text):
        raise ValueError(sentence)
    try:
        plain = _FRACTION.sub(r"\1", text) if "." in text else text
        moment = datetime.fromisoformat(plain.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(sentence) from None
    if moment.year < _FIRST_YEAR:
        raise ValueError("this time is too long ago")
    return moment


def _stated(body: _Event, faults: _Faults) -> Mapping[str, Any]:
    stated: dict[str, Any] = {}
    for name in ("received_at", "due_at"):
        text = getattr(body, name)
        if text is not None:
            stated[name] = faults.take(f"/{name}", _utc, text, "")
    if body.channel is not None:
        stated["channel"] = body.channel
    if body.fee_due is not None:
        stated["fee_due"] = body.fee_due
    if body.result is not None:
        stated["result"] = body.result.model_dump(exclude_unset=True)
        if body.result.name is not None:
            faults.take("/result/name", _text, body.result.name, "")
    return stated


def _components(bodies: list[_Component], faults: _Faults) -> tuple[Mapping[str, Any], ...]:
    components = []
    for number, body in enumerate(bodies):
        pointer = f"/components/{number}"
        component = {name: value for name in _COMPONENT if (value := getattr(body, name)) is not None}
        faults.take(f"{pointer}/code", _code, body.code, "")
        if body.name is not None:
            faults.take(f"{pointer}/name", _text, body.name, "")
        if body.lookup_id is not None:
            component["lookup_id"] = faults.take(f"{pointer}/lookup_id", _uuid, body.lookup_id, "")
        components.append(component)
    if len({component["code"] for component in components}) != len(components):
        faults.add("/components", "a component is named twice")
    return tuple(components)


def _parties(bodies: list[_Party], faults: _Faults) -> tuple[Party, ...]:
    parties = []
    for number, body in enumerate(bodies):
        pointer, id_type = f"/parties/{number}", body.id_type
        identifier = faults.take(f"{pointer}/id", lambda text, kind=id_type: canonical(kind, text), body.id, "")  # type: ignore[misc]  # the default binds this turn's type
        parties.append(Party(id_type, identifier, faults.take(f"{pointer}/role", _role, body.role, "")))
    return tuple(parties)


def _officer(body: _Officer, faults: _Faults) -> Mapping[str, str]:
    officer: dict[str, str] = {}
    for name, check in _OFFICER.items():
        text = getattr(body, name)
        if text is not None:
            officer[name] = faults.take(f"/officer/{name}", check, text, "")
    return officer


def _status(value: Any, faults: _Faults) -> int:
    if type(value) is str and _STATUS.fullmatch(value):
        return int(value)
    if type(value) is int and 1 <= value <= 10:  # noqa: PLR2004 — the portal's ten statuses
        return value
    faults.add("/status", "a status is a number from 1 to 10")
    return 1


def _nameable(obj: Any) -> str | None:
    """Return the event's own id, so that its sender can tell which one was refused."""
    try:
        return _event_id(obj["event_id"]) if isinstance(obj, dict) and type(obj.get("event_id")) is str else None
    except ValueError:
        return None


def _event_id(text: str) -> str:
    return checked_word(text, _EVENT_ID_LIMIT)


def _code(text: str) -> str:
    return checked_word(text, 64)


def _text(text: str) -> str:
    return checked_text(text, _TEXT_LIMIT)


def _note(text: str) -> str:
    return checked_text(text, _NOTE_LIMIT)


def _utc(text: str) -> str:
    return utc_text(parse_time(text))


def _role(text: str) -> str:
    if not _ROLE.fullmatch(text):
        raise ValueError("a role is a word of lower-case letters and _, such as applicant or child")
    return text


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("a lookup_id is the one of an answer")
    return text.lower()


_COMPONENT = ("code", "name", "obtained", "lookup_id", "digitised", "reused", "required")
_OFFICER: Mapping[str, Callable[[str], str]] = {"id": _code, "name": _text, "unit": canonical_agency}
