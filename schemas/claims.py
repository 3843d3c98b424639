"""Verification of claims: each claimed value against the recorded one, then one verdict (PROTOCOL 4).

The rule: a verdict never says more than the claim did. Only claimed members are compared, a claim less
precise than the record is `partial`, and a value that the registry does not hold is `unknown`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from schemas.dates import compare_dates, parse_partial
from schemas.identifiers import canonical
from schemas.names import checked_name, compare_names
from schemas.records import (
    ADDRESS_MEMBERS,
    FIELD_KINDS,
    RELATIVE_MEMBERS,
    TEXT_LIMIT,
    Kind,
    check_amount,
    check_date,
    check_history,
    check_obligations,
    check_sex,
    kind_of,
)
from schemas.services import ServiceSpec
from schemas.texts import as_text, checked_text, text_key

ClaimVerdict = Literal["match", "mismatch", "review", "partial", "unknown"]
Verdict = Literal["match", "review", "mismatch"]

_WORST_FIRST: tuple[ClaimVerdict, ...] = ("mismatch", "review", "partial", "unknown")
_NODES = 500


def check_claim(spec: ServiceSpec, field: str, value: Any) -> None:
    """`ValueError` unless the claimed value has a shape that the service's field may have (THREATS C17 to C20).

    Objects may leave members out, or claim null for "not claimed"; a claim itself is never null. Names
    are held to the rule for requests. A field that the catalogue does not know may be any small JSON value.
    """
    if value is None:
        raise ValueError("a claim needs a value")
    kind = kind_of(spec, field)
    if kind is None:
        _check_small(value, [_NODES])
    else:
        _SHAPES[kind](value)


def compare_claim(field: str, claimed: Any, recorded: Any) -> ClaimVerdict:
    """Compare one well-formed claim (`check_claim`) with the registry's value of that field.

    Objects are compared by the members claimed, the worst one decides. A value that cannot be compared
    (a registry's name in another script, a date that is none) is `review`, never a match.
    """
    if recorded is None:
        return "unknown"
    compare, shape = _COMPARE.get(FIELD_KINDS.get(field, "text"), (_compare_plain, object))
    if not isinstance(claimed, shape) or not isinstance(recorded, shape):
        return _compare_plain(claimed, recorded)
    try:
        return compare(claimed, recorded)
    except ValueError:
        return "review"


def verdict(verdicts: Iterable[ClaimVerdict]) -> Verdict:
    """Sum up: any `mismatch` is a mismatch, all `match` a match, all else `review`.

    `ValueError` without any claim: nothing claimed is nothing verified.
    """
    words = set(verdicts)
    if not words:
        raise ValueError("no claim was compared")
    if "mismatch" in words:
        return "mismatch"
    return "match" if words == {"match"} else "review"


def _worst(verdicts: Iterable[ClaimVerdict]) -> ClaimVerdict:
    words = list(verdicts)
    if not words:
        return "unknown"
    return next((word for word in _WORST_FIRST if word in words), "match")


def _compare_plain(claimed: Any, recorded: Any) -> ClaimVerdict:
    if isinstance(claimed, str) and isinstance(recorded, str):
        return "match" if text_key(claimed) == text_key(recorded) else "mismatch"
    return "match" if type(claimed) is type(recorded) and claimed == recorded else "mismatch"


def _compare_date(claimed: Any, recorded: Any) -> ClaimVerdict:
    return compare_dates(parse_partial(claimed), parse_partial(recorded))


def _compare_members(claimed: Mapping[str, Any], recorded: Mapping[str, Any]) -> ClaimVerdict:
    return _worst(
        compare_claim(member, value, recorded.get(member)) for member, value in claimed.items() if value is not None
    )


def _check_small(value: Any, budget: list[int]) -> None:
    budget[0] -= 1
    if budget[0] < 0:
        raise ValueError("this value is too large")
    if isinstance(value, str):
        if value:
            checked_text(value, TEXT_LIMIT)
    elif isinstance(value, list):
        for item in value:
            _check_small(item, budget)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_small(name, budget)
            _check_small(item, budget)


def _check_claimed_name(value: Any) -> None:
    checked_name(as_text(value))


def _check_claimed_text(value: Any) -> None:
    checked_text(as_text(value), TEXT_LIMIT)


def _check_claimed_number(value: Any) -> None:
    canonical("personal_id", as_text(value))


def _members(checks: Mapping[str, Callable[[Any], None]]) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not isinstance(value, dict) or not value or not set(value) <= set(checks):
            raise ValueError("this must be an object with members of " + ", ".join(checks))
        if all(member is None for member in value.values()):
            raise ValueError("a claim needs a value")
        for name, member in value.items():
            if member is not None:
                checks[name](member)

    return check


_SHAPES: Mapping[Kind, Callable[[Any], None]] = {
    "date": check_date,
    "name": _check_claimed_name,
    "sex": check_sex,
    "address": _members(dict.fromkeys(ADDRESS_MEMBERS, _check_claimed_text)),
    "relative": _members(dict(zip(RELATIVE_MEMBERS, (_check_claimed_name, _check_claimed_number), strict=True))),
    "text": _check_claimed_text,
    "amount": check_amount,
    "obligations": check_obligations,
    "history": check_history,
}
_COMPARE: Mapping[Kind, tuple[Callable[[Any, Any], ClaimVerdict], type]] = {
    "date": (_compare_date, str),
    "name": (compare_names, str),
    "address": (_compare_members, dict),
    "relative": (_compare_members, dict),
}
