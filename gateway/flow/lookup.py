"""A look-up (PROTOCOL section 3): the asked and granted fields of one person, or `no_match`."""

from functools import lru_cache
from typing import Any

from adapters.contract import RegistryAnswer
from gateway.flow.asking import Disclosure, Wish
from gateway.flow.exchange import timestamp
from schemas.envelopes import parse_lookup
from schemas.grants import Grant
from schemas.services import ServiceSpec


def parse(value: Any, spec: ServiceSpec) -> Wish:
    """Step 3. Raises `SchemaError`."""
    request = parse_lookup(value, spec)
    return Wish(request.subject, request.purpose, request.fields, disclose, _pointers(len(request.fields)))


@lru_cache(maxsize=64)
def _pointers(count: int) -> tuple[str, ...]:
    return tuple(f"/fields/{index}" for index in range(count))


def disclose(grant: Grant, answer: RegistryAnswer) -> Disclosure:
    """Step 7: exactly the granted fields, `null` where the registry has no value. Pure."""
    if not answer.found:
        # Unknown, misnamed and restricted persons are one answer, to the byte.
        return Disclosure({"outcome": "no_match", "data": {}, "source_as_of": None}, "no_match", ())
    data = {name: answer.record[name] for name in grant.fields}
    as_of = None
    if answer.source_as_of is not None:
        as_of = timestamp(answer.source_as_of, to_seconds=True)
    body = {"outcome": "found", "data": data, "source_as_of": as_of}
    return Disclosure(body, "found", tuple([name for name, value in data.items() if value is not None]))
