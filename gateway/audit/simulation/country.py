"""The simulated country: its callers, units, officers, persons, staff lists. The same seed makes the same one."""

from dataclasses import dataclass
from random import Random

from gateway.sandbox.procedures import CATALOGUE, procedure_document

PROCEDURES = tuple(f"9.99990{number}" for number in range(1, 10))
PERSONS = 30_000
CLIENTS = ("H97.sim", "H98.sim", "H99.sim")
UNITS, _OFFICERS = 4, 4


@dataclass(frozen=True, slots=True)
class SimOfficer:
    """An officer, who is a person of the country too."""

    id: str
    unit: str
    client: str
    pace: float
    """Dossiers a working day."""
    relatives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """A look-up that a procedure calls for: about whom, and what is asked."""

    service: str
    fields: tuple[str, ...]
    role: str


class Country:
    """Everybody, by number."""

    def __init__(self, random: Random, units: int = UNITS) -> None:
        self._random = random
        numbers = random.sample(range(100 * 10**6), PERSONS)
        self.persons = [f"0990{number // 10**6:02d}{number % 10**6:06d}" for number in numbers]
        self.citizens = self.persons
        """Officers and their relatives are citizens too, and sometimes have dossiers."""
        staff = iter(self.persons)
        self.officers = [
            self._officer(client, f"{client.partition('.')[0]}.{unit:02d}", next(staff))
            for client in CLIENTS
            for unit in range(1, units + 1)
            for _ in range(_OFFICERS)
        ]
        self.protected = self.persons[2000:2200]
        self.decoys = [f"0990{99:02d}{number:06d}" for number in random.sample(range(10**6), 20)]
        self.job_officer, self.inspectors = "SIM-JOB", {client: f"SIM-KT-{client}" for client in CLIENTS}

    def _officer(self, client: str, unit: str, number: str) -> SimOfficer:
        relatives = tuple(self._random.sample(self.persons, 5))
        return SimOfficer(number, unit, client, self._random.uniform(4, 9), relatives)

    def colleagues(self, officer: SimOfficer) -> list[SimOfficer]:
        """Return the others of the unit."""
        return [one for one in self.officers if one.unit == officer.unit and one.id != officer.id]

    def documents(self, since: str, until: str) -> dict[str, str]:
        """Return the configuration's files that the audit reads: procedures and staff lists."""
        texts = {f"procedures/{code}.toml": procedure_document(code) for code in PROCEDURES}
        texts["staff/simulated.toml"] = self._staff(since, until)
        return texts

    def _staff(self, since: str, until: str) -> str:
        lines = ['staff = "simulated"']
        for one in self.officers:
            half = len(one.relatives) // 2
            lines += [
                "[[officers]]",
                f'id = "{one.id}"\nunit = "{one.unit}"',
                f"relatives = {_texts(one.relatives[:half])}\nhousehold = {_texts(one.relatives[half:])}",
            ]
        dates = f'since = "{since}"\nuntil = "{until}"'
        lines += [f'[[jobs]]\napproval = "QĐ-SIM-01"\nofficers = ["{self.job_officer}"]\n{dates}']
        for client, inspector in self.inspectors.items():
            lines += [f'[[reviews]]\napproval = "QĐ-SIM-02"\nofficers = ["{inspector}"]\nclient = "{client}"\n{dates}']
        lines += [f'[[protected]]\nid = "{one}"' for one in self.protected]
        lines += [f'[[decoys]]\nid = "{one}"' for one in self.decoys]
        return "\n".join(lines) + "\n"


def needs(procedure: str) -> list[Need]:
    """Return the look-ups that a procedure calls for."""
    return [
        Need(paper.by.service, tuple(paper.by.fields.split()), paper.by.role)
        for paper in CATALOGUE[procedure].papers
        if paper.by
    ]


def _texts(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
