"""Identity verification (PROTOCOL section 4): the registry is asked, the comparison is ours, no value is told."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from adapters.contract import RegistryAnswer
from gateway.flow.asking import Disclosure, Wish
from schemas.claims import compare_claim, verdict
from schemas.envelopes import parse_verification
from schemas.grants import Grant
from schemas.services import ServiceSpec


def parse(value: Any, spec: ServiceSpec) -> Wish:
    """Step 3. Raises `SchemaError`."""
    request = parse_verification(value, spec)
    names = tuple(request.claims)
    pointers = tuple(f"/claims/{name}" if name in spec.fields else "/claims" for name in names)  # echo nothing
    return Wish(request.subject, request.purpose, names, partial(disclose, request.claims), pointers)


def disclose(claims: Mapping[str, Any], grant: Grant, answer: RegistryAnswer) -> Disclosure:
    """Step 7: the verdict, and per claim only where the grant has `explain`. Pure."""
    if not answer.found:
        body: dict[str, Any] = {"verdict": "no_match"}
        if grant.explain:
            body["claims"] = {}
        return Disclosure(body, "no_match", ())
    verdicts = {name: compare_claim(name, claimed, answer.record[name]) for name, claimed in claims.items()}
    overall = verdict(verdicts.values())
    body = {"verdict": overall}
    if grant.explain:
        body["claims"] = verdicts
    return Disclosure(body, overall, tuple(verdicts) if grant.explain else ())
