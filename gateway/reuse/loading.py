"""From database rows to facts: dossiers as they are, and the log's entries about them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

import orjson

from gateway.reuse.catalogue import Catalogue, catalogues_of
from gateway.reuse.facts import Component, Dossier, Event, Lookup
from gateway.store.database import Database
from gateway.store.reuse import Page, configurations, dossier_rows, fact_rows
from gateway.store.scope import Scope

_T = TypeVar("_T")
_IN_TIME = attrgetter("at", "lookup_id")


async def load_catalogues(database: Database) -> list[Catalogue]:
    """Read the catalogue of every configuration that ever was in force, from its documents."""
    return catalogues_of(await configurations(database))


async def load_pages(database: Database, scope: Scope, page: Page) -> AsyncIterator[list[Dossier]]:
    """Yield the dossiers from a page on, `page.limit` at a time."""
    while True:
        dossiers = await load_page(database, scope, page)
        if not dossiers:
            return
        yield dossiers
        page = replace(page, after=(dossiers[-1].received_at, dossiers[-1].code))


async def load_page(database: Database, scope: Scope, page: Page) -> list[Dossier]:
    """Return one page of dossiers with all their facts."""
    rows = await dossier_rows(database, scope, page)
    codes = [row[0] for row in rows]
    if not codes:
        return []
    events = _by_dossier(await fact_rows(database, "events", codes), lambda row: Event._make(row[1:]))
    components = _by_dossier(await fact_rows(database, "components", codes), lambda row: Component._make(row[1:]))
    parties = _by_dossier(await fact_rows(database, "parties", codes), lambda row: (row[1], row[2]))
    lookups: defaultdict[str, list[Lookup]] = defaultdict(list)
    for row in await fact_rows(database, "lookups", codes):
        lookups[row[0]].append(_lookup(row))
    found: list[Dossier] = []
    for row in rows:
        code = row[0]
        asked = tuple(sorted(lookups.get(code, ()), key=_IN_TIME))
        facts = (events.get(code, ()), components.get(code, ()), _roles(parties.get(code, ())), asked)
        found.append(Dossier(*[*row, *facts]))
    return found


def from_the_start(since: datetime, until: datetime, limit: int, **filters: str) -> Page:
    """Return the first page of dossiers accepted in [since, until)."""
    return Page(since, until, (since, ""), limit, **filters)


def _by_dossier(rows: Iterable[Any], make: Callable[[Any], _T]) -> dict[str, tuple[_T, ...]]:
    return {code: tuple(map(make, group)) for code, group in groupby(rows, key=itemgetter(0))}


def _roles(pairs: Sequence[tuple[str, bytes]]) -> dict[str, frozenset[bytes]]:
    people: dict[str, set[bytes]] = defaultdict(set)
    for role, pseudonym in pairs:
        people[role].add(pseudonym)
    return {role: frozenset(found) for role, found in people.items()}


def _lookup(row: Sequence[Any]) -> Lookup:
    """Read an answered entry; the fields of a verification that matched are those its question claimed."""
    _, lookup_id, client, service, at, outcome, subject, person, leaf, mismatch, asked = row
    members = orjson.loads(leaf)
    told = orjson.loads(asked) if asked is not None else members if outcome != "match" else {}
    return Lookup(
        lookup_id,
        client,
        service,
        members.get("component"),
        at,
        outcome,
        frozenset(told.get("fields", ())),
        frozenset(found for found in (subject, person) if found is not None),
        mismatch,
    )
