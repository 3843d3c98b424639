"""A made-up country: dossiers with every flaw there is, as facts and as rows of the database."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from uuid import UUID

import asyncpg
import orjson
import pytest

from gateway.reuse.catalogue import Catalogue, procedures_of
from gateway.reuse.facts import Component, Dossier, Event, Lookup
from schemas.dossiers import RANK

START = datetime(2026, 3, 1, tzinfo=UTC)
CHANGE = datetime(2026, 4, 11, 2, tzinfo=UTC)
"""When the second catalogue came into force."""
DAYS = 75

BIRTH = ("civil-status/birth", ("full_name", "birth_date", "registration_number"))
HOME = ("population/person", ("full_name", "permanent_address"))
CARD = ("insurance/health-card", ("card_number", "valid_to"))
FIELDS = {
    "civil-status/birth": ("full_name", "birth_date", "registration_number", "sex", "father"),
    "population/person": ("full_name", "permanent_address", "birth_date", "ethnicity"),
    "insurance/health-card": ("card_number", "valid_to", "status", "full_name"),
}


def paper(code, *replacements, mandatory=True, by_law=False):
    """Write a component; each replacement is (service, fields, role)."""
    text = f'[[components]]\ncode = "{code}"\nname = "Giấy {code}"\nmandatory = {str(mandatory).lower()}\n'
    text += f"paper_by_law = {str(by_law).lower()}\n"
    for service, fields, role in replacements:
        text += f'[[components.replaced_by]]\nservice = "{service}"\nrole = "{role}"\nfields = {list(fields)}\n'
    return text.replace("'", '"')


def procedure(code, *papers, result_due=True):
    """Write a procedure."""
    head = f'procedure = "{code}"\nname = "Thủ tục {code}"\nresult_due = {str(result_due).lower()}\n'
    return head + "\n".join(papers)


OLD = {
    "procedures/9.999901.toml": procedure("9.999901", paper("TP01", (*BIRTH, "applicant")), paper("TP02")),
    "procedures/9.999902.toml": procedure("9.999902", paper("TP01", (*CARD, "child")), result_due=False),
}
NEW = {
    "procedures/9.999901.toml": procedure(
        "9.999901",
        paper("TP01", (*BIRTH, "applicant")),
        paper("TP02", (*HOME, "applicant"), (*CARD, "applicant")),
        paper("TP03", (*HOME, "mother"), mandatory=False),
    ),
    "procedures/9.999902.toml": procedure(
        "9.999902", paper("TP01", (*CARD, "child")), paper("TP02", (*BIRTH, "child"), by_law=True), result_due=False
    ),
}


@pytest.fixture(scope="session")
def catalogues():
    """Two catalogues, the second in force from the middle of the period."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    return [Catalogue(1, long_ago, procedures_of(OLD)), Catalogue(2, CHANGE, procedures_of(NEW))]


def person(number):
    """Return a pseudonym."""
    return sha256(b"%d" % number).digest()


@dataclass
class Country:
    """Makes dossiers; the same seed makes the same ones."""

    seed: int = 1
    dossiers: list[Dossier] = field(default_factory=list)

    def __post_init__(self):
        self.random = Random(self.seed)

    def grow(self, number):
        """Add dossiers."""
        self.dossiers += [self.dossier(len(self.dossiers) + one) for one in range(number)]
        return self

    def pick(self, *weighted):
        """Choose one of (weight, value)."""
        place = self.random.random() * sum(weight for weight, _ in weighted)
        for weight, value in weighted:
            place -= weight
            if place < 0:
                return value
        return weighted[-1][1]

    def uuid(self):
        """Return a fresh id."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def dossier(self, number):
        """Make one dossier with parties, events, look-ups and components that mostly fit."""
        r = self.random
        received = START + timedelta(minutes=r.randrange(DAYS * 1440), seconds=r.randrange(60))
        agency = f"H{r.choice((97, 98, 99))}.{r.randrange(1, 4):02}"
        code = f"{agency}-{received:%y%m%d}-{number:06}"
        client = self.pick((95, agency[:3] + ".igate"), (5, "H97.other"))
        procedure = self.pick((60, "9.999901"), (35, "9.999902"), (5, "9.999999"))
        parties = {role: frozenset({person(r.randrange(6000))}) for role in ("applicant", "mother", "child")}
        events = self.events(received)
        lookups, components = [], []
        for part in ("TP01", "TP02", "TP03"):
            if r.random() < 0.85:
                found = [
                    self.lookup(client, part, parties, received, events)
                    for _ in range(self.pick((3, 0), (6, 1), (1, 2)))
                ]
                lookups += found
                components.append(self.component(part, found))
        return Dossier(
            code, agency, client, procedure, received,
            due_at=self.pick((9, received + timedelta(hours=r.randrange(1, 240))), (1, None)),
            channel=r.choice((None, "counter", "online", "online", "post")),
            electronic=r.random() < 0.5,
            acknowledged=r.random() < 0.8,
            events=tuple(events), components=tuple(components), parties=parties, lookups=tuple(lookups),
        )  # fmt: skip

    def events(self, received):
        """Walk through statuses, now and then into a supplement, a refusal or nowhere."""
        path = list(self.pick(
            (8, (1, 2, 4, 9, 10)), (4, (1, 2, 4, 9)), (3, (2, 5, 2, 9)), (2, (2, 5)), (1, (2, 5, 4, 5)),
            (1, (2, 5, 4, 5, 4, 9)),
            (2, (1, 3)), (1, (1, 7)), (1, (1, 2, 7)), (1, (2, 8)), (2, (1, 2)), (1, (1, 5, 5, 2, 4, 10)),
            (1, (2, 8, 4, 9)),
        ))  # fmt: skip
        at, found = received - timedelta(minutes=5), []
        for status in path:
            at += timedelta(minutes=self.random.randrange(5, 2500))
            lag = self.pick((8, self.random.randrange(1, 300)), (2, self.random.randrange(300, 90_000)), (1, -60))
            found.append(Event(status, at, at + timedelta(seconds=lag)))
        return found

    def lookup(self, client, part, parties, received, events):
        """Look up, most often rightly."""
        r = self.random
        service, role = {"TP01": ("civil-status/birth", "applicant"), "TP02": ("population/person", "applicant"),
                         "TP03": ("population/person", "mother")}[part]  # fmt: skip
        service = self.pick((8, service), (3, "insurance/health-card"), (1, "civil-status/birth"))
        outcome = self.pick(
            (12, "found"), (2, "match"), (1, "no_match"), (1, "mismatch"), (1, "registry-timeout"), (1, "review")
        )
        fields = [name for name in FIELDS[service] if r.random() < 0.93] if outcome in {"found", "match"} else []
        role = self.pick((9, role), (3, "child"), (1, "mother"))
        people = {next(iter(parties[role]))} if r.random() < 0.9 else {person(-1)}
        if r.random() < 0.1:
            people.add(person(-2))
        at = received + timedelta(minutes=r.randrange(-60, 3000)) if r.random() < 0.8 else events[-1].recorded_at
        component = self.pick((7, part), (2, None), (1, "TP02"))
        return Lookup(self.uuid(), self.pick((95, client), (5, "H00.else")), service, component, at, outcome,
                      frozenset(fields), frozenset(people), mismatch=r.random() < 0.05)  # fmt: skip

    def component(self, part, lookups):
        """State a component that mostly names its look-up."""
        r = self.random
        named = lookups[0].lookup_id if lookups and r.random() < 0.7 else self.pick((9, None), (1, self.uuid()))
        obtained = self.pick(
            (12, "registry"), (2, "prefilled"), (2, "upload"), (2, "paper"), (1, "typed"), (1, "card"), (1, "store"),
            (1, "earlier_dossier"), (1, "waived"), (1, None),
        )  # fmt: skip
        return Component(part, obtained, named, *(r.choice((None, True, False)) for _ in range(3)))

    async def store(self, url):
        """Put everything into the database, as its owner."""
        connection = await asyncpg.connect(url, server_settings={"search_path": "lienthong"})
        try:
            await connection.execute("SELECT make_partitions('2026-04-15', 3)")
            for version, at, documents in ((1, datetime(2026, 1, 1, tzinfo=UTC), OLD), (2, CHANGE, NEW)):
                await connection.execute(
                    "INSERT INTO configuration VALUES ($1, $2::jsonb, '', 'test', $3)",
                    version, orjson.dumps(documents).decode(), at,
                )  # fmt: skip
            await connection.execute("UPDATE in_force SET configuration = 2")
            log = await connection.fetchval(
                "INSERT INTO log (origin, slot, year) VALUES ('made.up', 7, 2026) RETURNING log_id"
            )
            for table, (columns, rows) in tables_of(self.dossiers, log).items():
                await connection.copy_records_to_table(table, columns=columns.split(), records=rows)
            entries = sum(len(dossier.lookups) for dossier in self.dossiers)
            await connection.execute("INSERT INTO log_head (log_id, next_index) VALUES ($1, $2)", log, 2 * entries)
            await connection.execute("UPDATE dossier_feed SET last = (SELECT max(sequence) FROM dossier_event)")
            await connection.execute("ANALYZE dossier, dossier_event, dossier_component, dossier_party, entry")
        finally:
            await connection.close()


def tables_of(dossiers, log):
    """Return the rows of every table, by table: names of columns, tuples."""
    found = {
        "dossier": (("code agency client procedure status occurred_at first_at received_at due_at channel result binds "
                    "newest new_at new_rank new_id new_status"), []),
        "dossier_event": (("sequence client event_id dossier procedure agency status rank occurred_at recorded_at "
                          "digest content late applied source binds request_id"), []),
        "dossier_component": ("dossier code obtained lookup_id digitised reused required sequence", []),
        "dossier_party": ("dossier role id_type pseudonym year binds sequence", []),
        "entry": (("log_id index at entry_id kind request_id client service dossier subject person outcome "
                   "question leaf"), []),
        "lookup_outcome": ("lookup_id client used mismatch at", []),
        "delivery_head": ("dossier due_at acknowledged", []),
    }  # fmt: skip
    rows = {name: table[1] for name, table in found.items()}
    for d in dossiers:
        last = d.events[-1]
        result = orjson.dumps({"electronic": True}).decode() if d.electronic else None
        rows["dossier"].append((d.code, d.agency, d.client, d.procedure, last.status, last.occurred_at, d.received_at,
                                d.received_at, d.due_at, d.channel, result, True, 1, last.occurred_at,
                                RANK[last.status], "", last.status))  # fmt: skip
        for number, event in enumerate(d.events):
            content = orjson.dumps({} if number else {"received_at": d.received_at.isoformat()}).decode()
            rows["dossier_event"].append((
                len(rows["dossier_event"]) + 1, d.client, f"{d.code}-{number}", d.code, d.procedure, d.agency,
                event.status, RANK[event.status], event.occurred_at, event.recorded_at, b"", content, False, True,
                "api", True, "r",
            ))  # fmt: skip
        for c in d.components:
            named = UUID(c.lookup_id) if c.lookup_id else None
            rows["dossier_component"].append((d.code, c.code, c.obtained, named, c.digitised, c.reused, c.required, 1))
        for role, people in d.parties.items():
            rows["dossier_party"] += [(d.code, role, "personal_id", one, 2026, True, 1) for one in people]
        for item in d.lookups:
            rows["entry"] += entries_of(d, item, log, len(rows["entry"]))
            if item.mismatch:
                rows["lookup_outcome"].append((UUID(item.lookup_id), item.client, [], ["full_name"], item.at))
        if d.acknowledged:
            rows["delivery_head"].append((d.code, d.received_at, 1))
    return found


def entries_of(dossier, item, log, index):
    """Return the question's and the answer's entries of a look-up; a claim's fields stand in its question."""
    subject, *more = sorted(item.people)
    members = {"v": 1, "component": item.component} if item.component else {"v": 1}
    asked = orjson.dumps({**members, "fields": sorted(item.fields)})
    told = orjson.dumps({**members, "fields": [] if item.outcome == "match" else sorted(item.fields)})
    question = UUID(item.lookup_id)
    common = (item.client, item.service, dossier.code, subject)
    person = more[0] if more else None
    answered = ("answered", "r", *common, person, item.outcome, question, told)
    if item.outcome != "match":  # nobody reads the questions of look-ups
        return [(log, index, item.at, UUID(int=question.int ^ 1), *answered)]
    return [
        (log, index, item.at - timedelta(seconds=1), question, "asked", "r", *common, None, None, None, asked),
        (log, index + 1, item.at, UUID(int=question.int ^ 1), *answered),
    ]


@pytest.fixture(scope="session")
def country():
    """Grow three thousand dossiers."""
    return Country(seed=2).grow(3_000)


@pytest.fixture(scope="session")
def big_country():
    """Grow twenty thousand dossiers, or as many as LIENTHONG_TEST_DOSSIERS says."""
    return Country().grow(int(os.environ.get("LIENTHONG_TEST_DOSSIERS", "20000")))
