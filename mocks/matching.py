"""Whether a name and a birth date fit the record: the way registries decide between a person and nobody.

A wrong name and an unknown person must look the same, so this says only yes or no. Names are compared by
`schemas.names`, dates on the precision both have.
"""

from mocks.names import full_name
from mocks.numbers import Key
from mocks.people import birth
from schemas.dates import compare_dates, parse_partial
from schemas.names import compare_names


def name_fits(key: Key, claimed: str) -> bool:
    """Whether the claimed whole name is the record's."""
    recorded = full_name(key)
    if claimed == recorded:
        return True
    try:
        return compare_names(recorded, claimed) == "match"
    except ValueError:
        return False


def birth_fits(key: Key, claimed: str) -> bool:
    """Whether a claimed `YYYY`, `YYYY-MM` or `YYYY-MM-DD` is compatible with the record."""
    recorded = birth(key).iso()
    if claimed == recorded:
        return True
    try:
        return compare_dates(parse_partial(claimed), parse_partial(recorded)) != "mismatch"
    except ValueError:
        return False


def iso_from_compact(text: str) -> str:
    """Turn `yyyyMMdd`, `yyyyMM` or `yyyy` into a partial date; other text fits nobody and stays as it is."""
    if not (text.isascii() and text.isdigit()):
        return text
    return "-".join(part for part in (text[:4], text[4:6], text[6:]) if part)


def iso_from_local(text: str, separator: str) -> str:
    """Turn `dd/MM/yyyy`, `MM/yyyy` or `yyyy` into a partial date."""
    return "-".join(reversed(text.split(separator)))


def other_person(key: Key) -> Key:
    """Somebody else of the same sex and year, insured where the person is: for answers about the wrong one."""
    return key._replace(serial=key.serial - 10 if key.serial >= 10 else key.serial + 10)  # noqa: PLR2004 — one block of serials
