"""Staff lists from the files to pseudonyms, and from those to the audit's facts (DESIGN section 3, *Privacy*).

The rule: `lienthong apply` replaces every `staff/<name>.toml` by `staff/<name>.json`, which holds pseudonyms of all
live years and no number; so the configuration in force, its versions and the log's digests of them name nobody. After a
year's pseudonym key is added, apply the same directory again.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from gateway.audit.facts import Officer, Staff, Task
from gateway.evidence.pseudonyms import OFFICER, Pseudonyms
from gateway.store.database import Database
from gateway.store.findings import put_staff
from schemas.configuration import ConfigurationError
from schemas.configuration_staff import StaffList, StaffOfficer, StaffTask, WatchedPerson, hours_of
from schemas.identifiers import canonical

_FOLDER = "staff/"


def pseudonymised(documents: Mapping[str, str], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return documents with every staff list as pseudonyms. The same lists give the same texts.

    Raises `ConfigurationError` for a list that is not sound, or that comes as pseudonyms already.
    """
    found: dict[str, str] = {}
    for path, text in documents.items():
        if path.startswith(_FOLDER) and path.endswith(".toml"):
            try:
                staff = StaffList.model_validate(tomllib.loads(text))
            except (tomllib.TOMLDecodeError, ValidationError):
                raise ConfigurationError(((path, "", "the staff list is not sound: run `lienthong check`"),)) from None
            found[path.removesuffix(".toml") + ".json"] = _document(staff, pseudonyms)
        elif path.startswith(_FOLDER):
            raise ConfigurationError(((path, "", "a staff list is written as TOML: pseudonyms are made of it"),))
        else:
            found[path] = text
    return found


def _document(staff: StaffList, pseudonyms: Pseudonyms) -> str:
    members = {
        "staff": staff.staff,
        "officers": [_officer(one, pseudonyms) for one in staff.officers],
        "jobs": [_task(one, pseudonyms) for one in staff.jobs],
        "reviews": [_task(one, pseudonyms) for one in staff.reviews],
        "protected": _watched(staff.protected, pseudonyms),
        "decoys": _watched(staff.decoys, pseudonyms),
    }
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2).decode()


def _officer(officer: StaffOfficer, pseudonyms: Pseudonyms) -> dict[str, Any]:
    return {
        "officer": _hexes(pseudonyms.everywhere(OFFICER, officer.id)),
        "person": _people([officer.id], pseudonyms) if _is_number(officer.id) else [],
        "unit": officer.unit,
        "hours": officer.hours,
        "relatives": _people(officer.relatives, pseudonyms),
        "household": _people(officer.household, pseudonyms),
    }


def _task(task: StaffTask, pseudonyms: Pseudonyms) -> dict[str, Any]:
    officers = [one for officer in task.officers for one in pseudonyms.everywhere(OFFICER, officer)]
    return {
        "approval": task.approval,
        "officers": _hexes(officers),
        "client": task.client,
        "services": list(task.services),
        "agencies": list(task.agencies),
        "since": task.since.isoformat(),
        "until": task.until.isoformat(),
    }


def _watched(persons: Iterable[WatchedPerson], pseudonyms: Pseudonyms) -> list[str]:
    return _hexes(one for person in persons for one in pseudonyms.everywhere(person.id_type, person.id))


def _people(numbers: Iterable[str], pseudonyms: Pseudonyms) -> list[str]:
    return _hexes(one for number in numbers for one in pseudonyms.everywhere("personal_id", number))


def _hexes(pseudonyms: Iterable[bytes]) -> list[str]:
    return sorted(one.hex() for one in pseudonyms)


def _is_number(text: str) -> bool:
    try:
        return canonical("personal_id", text) == text
    except ValueError:
        return False


def _lists(documents: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        orjson.loads(text)
        for path, text in sorted(documents.items())
        if path.startswith(_FOLDER) and path.endswith(".json")
    ]


def staff_of(documents: Mapping[str, str]) -> Staff:
    """Return the staff lists of a configuration in force."""
    officers: dict[bytes, Officer] = {}
    people: dict[bytes, str] = {}
    lists = _lists(documents)
    for one in (officer for listed in lists for officer in listed["officers"]):
        begins, ends = hours_of(one["hours"])
        itself = _bytes(one["person"])
        known = Officer(one["unit"], begins, ends, itself, _bytes(one["relatives"]), _bytes(one["household"]))
        officers.update(dict.fromkeys(_bytes(one["officer"]), known))
        people.update(dict.fromkeys(itself, one["unit"]))
    return Staff(
        officers,
        tuple(_read_task(task) for listed in lists for task in listed["jobs"]),
        tuple(_read_task(task) for listed in lists for task in listed["reviews"]),
        frozenset(one for listed in lists for one in _bytes(listed["protected"])),
        frozenset(one for listed in lists for one in _bytes(listed["decoys"])),
        people,
    )


def _read_task(task: Mapping[str, Any]) -> Task:
    return Task(
        _bytes(task["officers"]),
        task["client"],
        frozenset(task["services"]),
        tuple(task["agencies"]),
        datetime.fromisoformat(task["since"]),
        datetime.fromisoformat(task["until"]),
        task["approval"],
    )


def _bytes(hexes: Sequence[str]) -> frozenset[bytes]:
    return frozenset(map(bytes.fromhex, hexes))


async def put_in_tables(database: Database, version: int, documents: Mapping[str, str]) -> None:
    """Show the staff lists to the console's queries. Raises `StoreError`."""
    lists = _lists(documents)
    staff = [
        {
            "officer": officer,
            "person": one["person"],
            "agency": one["unit"],
            "hours": {"hours": one["hours"]},
            "relatives": one["relatives"],
            "household": one["household"],
        }
        for listed in lists
        for one in listed["officers"]
        for officer in one["officer"]
    ]
    watched = [
        {"pseudonym": one, "kind": kind}
        for listed in lists
        for kind, member in (("protected", "protected"), ("decoy", "decoys"))
        for one in listed[member]
    ]
    tasks = [
        {"kind": kind, **task}
        for listed in lists
        for kind, member in (("batch", "jobs"), ("review", "reviews"))
        for task in listed[member]
    ]
    await put_staff(database, version, staff, watched, tasks)
