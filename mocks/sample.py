"""Synthetic people as JSON lines, each with what every service will say (PROTOCOL 9, `lienthong sandbox people`).

Seven in ten are drawn from the insured serials, the rest from the millions; most are alive. Nobody
here misbehaves: the serials of `mocks.special` are left out.
"""

import random
from collections.abc import Iterator
from typing import Any

from mocks.families import children, parents, spouse
from mocks.insured import FOUND_CODES, card_code, health_card, social_status
from mocks.names import full_name
from mocks.numbers import AS_OF, SERIALS, Key, insurance_code, old_id_card, personal_id
from mocks.people import birth, permanent_address, restricted
from mocks.registers import birth_record, death_record, marriage_record
from mocks.special import INSURED_SAMPLE, SPECIAL_SERIALS
from mocks.taxpayers import tax_code

_FROM_YEAR = 1935


def expectations(key: Key) -> dict[str, str]:
    """Say what each service answers when asked by the personal number with the registry's name and birth date."""
    found = {
        "population/person": not restricted(key),
        "insurance/health-card": card_code(key) in FOUND_CODES,
        "insurance/social-insurance": social_status(key) is not None,
        "civil-status/birth": birth_record(key) is not None,
        "civil-status/marriage": marriage_record(key) is not None,
        "civil-status/death": death_record(key) is not None,
        "tax/taxpayer": tax_code(key) is not None,
        "tax/obligations": tax_code(key) is not None,
    }
    return {service: "found" if yes else "no_match" for service, yes in found.items()}


def person(key: Key) -> dict[str, Any]:
    """One person as a JSON-ready object, with exactly the members of PROTOCOL 9."""
    couple = parents(key)
    other = spouse(key)
    return {
        "personal_id": personal_id(key),
        "old_id_card": old_id_card(key),
        "full_name": full_name(key),
        "birth_date": birth(key).iso(),
        "sex": ("male", "female")[key.sex],
        "health_card": health_card(key),
        "insurance_code": insurance_code(key),
        "tax_code": tax_code(key),
        "permanent_address": permanent_address(key)._asdict(),
        "father": personal_id(couple[0]) if couple else None,
        "mother": personal_id(couple[1]) if couple else None,
        "spouse": personal_id(other) if other else None,
        "children": [personal_id(child) for child in children(key)],
        "expect": expectations(key),
    }


def draw_key(source: random.Random) -> Key:
    """One person at random, never one of the special serials."""
    sex = source.randrange(2)
    year = source.randrange(_FROM_YEAR, AS_OF.year + 1)
    if source.randrange(10) < 7:  # noqa: PLR2004 — seven in ten
        return Key(sex, year, source.randrange(INSURED_SAMPLE))
    return Key(sex, year, source.randrange(SPECIAL_SERIALS.stop, SERIALS))


def people(n: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`n` different persons; the same seed gives the same ones."""
    source = random.Random(seed)  # noqa: S311 — reproducible samples, not secrets
    seen: set[Key] = set()
    while len(seen) < n:
        key = draw_key(source)
        if key not in seen:
            seen.add(key)
            yield person(key)
