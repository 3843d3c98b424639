"""The database and the pure core tell one story of dossiers, whatever the arrival, the batches and the workers."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.store.database import Database, StoreRefused, StoreUnavailable
from gateway.store.dossiers import (
    Batch,
    EventRow,
    Received,
    put_outcome,
    read_dossier,
    read_facts,
    read_feed,
    receive_events,
    reopen_dossier,
)
from gateway.store.scope import Scope
from schemas.dossiers import RANK, STATUS_ORDER, DossierEvent, Party, canonical_event, fate, project

START = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
ALL = Scope.everything()
PEOPLE = tuple(Party("personal_id", f"09919100000{number}", role) for number, role in enumerate(("child", "mother")))
_numbers = count(1)


def event(number, code, status=2, minute=0, *, agency="H99.01", **members):
    """Make an event of the dossier `code`."""
    at = START + timedelta(minutes=minute)
    return DossierEvent(f"{code}/{number}", code, "9.999901", agency, status, at, **members)


def row(held: DossierEvent) -> EventRow:
    """Turn an event into what the database takes; its people's numbers stand for their pseudonyms."""
    content = dict(held.stated)
    if held.components is not None:
        content["components"] = held.components
    parties = None
    if held.parties is not None:
        parties = orjson.dumps(
            [{"role": p.role, "id_type": p.id_type, "pseudonym": p.id.encode().hex()} for p in held.parties]
        ).decode()
    return EventRow(
        held.event_id,
        held.dossier,
        held.procedure,
        held.agency,
        held.status,
        RANK[held.status],
        held.occurred_at,
        canonical_event(held),
        orjson.dumps(content).decode(),
        parties,
        None,
        b"payload",
    )


async def receive(database, *events, client="H99.igate", binds=True):
    """Send one batch."""
    now = datetime.now(UTC)
    batch = Batch(client, "api", binds, "request", now, 2026, [row(held) for held in events], None)
    return await receive_events(database, batch)


def fresh():
    """Name a dossier that nobody knows yet."""
    return f"H99.01-261121-{next(_numbers):05d}"


shapes = st.lists(
    st.tuples(
        st.sampled_from(STATUS_ORDER),
        st.integers(0, 3),
        st.fixed_dictionaries(
            {}, optional={"channel": st.sampled_from(["online", "post"]), "due_at": st.just("2026-11-30T10:00:00Z")}
        ),
        st.none()
        | st.lists(
            st.fixed_dictionaries(
                {"code": st.sampled_from(["TP01", "TP02"])},
                optional={"name": st.sampled_from("ab"), "reused": st.booleans(), "obtained": st.just("paper")},
            ),
            max_size=2,
            unique_by=lambda part: part["code"],
        ).map(tuple),
        st.none() | st.lists(st.sampled_from(PEOPLE), unique=True, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=7,
)


async def check(database, code, events, lifted=()):
    """Hold the database's state against `project`."""
    wanted = project(events, lifted)
    held = await read_dossier(database, ALL, code)
    assert held is not None
    assert (held.status, held.occurred_at, held.final) == (wanted.status, wanted.occurred_at, wanted.final)
    assert held.channel == wanted.stated.get("channel")
    assert (held.due_at is not None) == ("due_at" in wanted.stated)
    assert {part["code"]: part for part in held.components} == wanted.components
    assert {line["event_id"] for line in held.events if not line["applied"]} == wanted.kept
    for person in PEOPLE:
        facts = await read_facts(database, ALL, code, [person.id.encode()])
        assert facts is not None
        assert facts.is_party == any(party.id == person.id for party in wanted.parties)
        assert facts.open == (not wanted.final)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(
    shapes=shapes,
    order=st.randoms(use_true_random=False),
    size=st.integers(1, 4),
    reopen_after=st.none() | st.integers(1, 3),
)
def test_any_arrival_leads_to_the_projected_state(store, shapes, order, size, reopen_after):
    """Shuffled, batched, repeated and reopened, the SQL agrees with the pure core on fates, warnings and state."""
    code = fresh()
    events = [
        event(number, code, status, minute, stated=stated, components=parts, parties=people)
        for number, (status, minute, stated, parts, people) in enumerate(shapes)
    ]
    order.shuffle(events)

    async def dialogue(database):
        arrived, lifted = [], frozenset()
        for start in range(0, len(events), size):
            batch = events[start : start + size]
            fates = await receive(database, *batch)
            for held, told in zip(batch, fates, strict=True):
                wanted = fate(arrived, held, lifted)
                assert (told.received == Received.LATE, told.warning) == (wanted.late, wanted.warning)
                arrived.append(held)
            await check(database, code, arrived, lifted)
            if reopen_after == start // size + 1:
                await reopen_dossier(database, code, datetime.now(UTC))
                lifted = frozenset(held.event_id for held in arrived)
                await check(database, code, arrived, lifted)
        again = await receive(database, *events)
        assert {told.received for told in again} == {Received.DUPLICATE}
        await check(database, code, events, lifted)

    store(dialogue)


@pytest.fixture
def store(database_urls):
    """Run a dialogue with the database in a loop of its own."""

    def run(dialogue):
        async def opened():
            database = await Database.connect(database_urls.application, max_size=1)
            try:
                await dialogue(database)
            finally:
                await database.close()

        asyncio.run(opened())

    return run


async def test_sequences_follow_the_order_sent(database):
    """Within a batch and over batches numbers rise; a duplicate is told its first number."""
    code, other = fresh(), fresh()
    first = await receive(database, event(1, code), event(1, other), event(2, code, 4, 1))
    numbers = [told.sequence for told in first]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    again = await receive(database, event(2, code, 4, 1), event(3, code, 5, 2))
    assert [(told.received, told.sequence) for told in again] == [
        (Received.DUPLICATE, numbers[2]),
        (Received.ACCEPTED, numbers[2] + 1),
    ]


async def test_other_content_under_a_known_id_is_a_conflict(database):
    """Also within one batch, and also for another dossier; nothing of it is kept."""
    code = fresh()
    fates = await receive(database, event(1, code), event(1, code, note="more"), event(1, code))
    assert [told.received for told in fates] == [Received.ACCEPTED, Received.CONFLICT, Received.DUPLICATE]
    assert fates[1].sequence is None
    held = await read_dossier(database, ALL, code)
    assert len(held.events) == 1


async def test_an_event_id_belongs_to_the_first_event_of_a_batch_that_is_kept(database):
    """One that was refused leaves its id free; the next one takes it, whatever stands between."""
    code = fresh()
    batch = [
        event(1, code),
        event(2, code, 4, 1, agency="H99.02"),
        event(2, code, 4, 1),
        event(3, code, 5, 2),
        event(2, code, 4, 1),
        event(2, code, 4, 1, agency="H99.02"),
    ]
    fates = await receive(database, *batch)
    assert [told.received for told in fates] == [
        Received.ACCEPTED,
        Received.FOREIGN,
        Received.ACCEPTED,
        Received.ACCEPTED,
        Received.DUPLICATE,
        Received.CONFLICT,
    ]
    assert fates[4].sequence == fates[2].sequence


async def test_each_client_has_its_own_event_ids(database):
    """Another client's event_id neither duplicates nor conflicts."""
    code = fresh()
    fates = [*await receive(database, event(1, code)), *await receive(database, event(1, code, 4, 1), client="other")]
    assert [told.received for told in fates] == [Received.ACCEPTED, Received.ACCEPTED]


async def test_of_two_clients_at_one_place_the_one_recorded_later_is_newer(database):
    """Also after an event that comes late has the whole dossier projected anew."""
    code = fresh()
    await receive(database, event(1, code, minute=5, stated={"channel": "post"}))
    await receive(database, event(1, code, minute=5, stated={"channel": "online"}), client="H99.other")
    before = await read_dossier(database, ALL, code)
    late = await receive(database, event(2, code, 1))
    after = await read_dossier(database, ALL, code)
    assert (before.channel, after.channel, late[0].received) == ("online", "online", Received.LATE)
    numbers = [line["sequence"] for line in after.events]
    assert numbers == [late[0].sequence, *sorted(numbers[1:])]


async def test_a_dossier_belongs_to_the_agency_that_first_reported_it(database):
    """An event of another agency is not kept, even within the first batch."""
    code = fresh()
    fates = await receive(database, event(1, code), event(2, code, 4, 1, agency="H99.02"), event(3, code, 4, 1))
    assert [told.received for told in fates] == [Received.ACCEPTED, Received.FOREIGN, Received.ACCEPTED]


async def test_a_dossier_takes_so_many_events_and_no_more(database, monkeypatch):
    """Beyond the limit new events are refused, and known ones are still duplicates."""
    monkeypatch.setattr("gateway.store.dossiers.MOST_EVENTS", 2)
    code = fresh()
    fates = await receive(database, *(event(number, code, 2, number) for number in range(3)), event(0, code))
    assert [told.received for told in fates] == [
        Received.ACCEPTED,
        Received.ACCEPTED,
        Received.TOO_MANY,
        Received.DUPLICATE,
    ]


async def test_concurrent_batches_never_show_a_gap_that_fills_later(database_urls):
    """Whoever reads the feed beside eight writers sees each number once, in order, and none behind the cursor."""
    writers = [await Database.connect(database_urls.application, max_size=1) for _ in range(4)]
    reader = await Database.connect(database_urls.application, max_size=1)
    before = await read_feed(reader, ALL, 0, 100_000)
    cursor = start = before[-1].sequence if before else 0
    seen: list[int] = []

    async def write(database):
        for _ in range(12):
            code = fresh()
            await receive(database, *(event(number, code, 2, number) for number in range(3)))

    async def read(done):
        nonlocal cursor
        while not done.is_set() or await read_feed(reader, ALL, cursor, 1):
            page = await read_feed(reader, ALL, cursor, 5)
            seen.extend(line.sequence for line in page)
            cursor = page[-1].sequence if page else cursor
            await asyncio.sleep(0)

    done = asyncio.Event()
    reading = asyncio.create_task(read(done))
    await asyncio.gather(*(write(database) for database in writers))
    done.set()
    await reading
    for database in (*writers, reader):
        await database.close()
    assert seen == list(range(start + 1, start + 1 + 4 * 12 * 3))


async def test_the_feed_and_the_view_keep_to_their_scope(database):
    """Events and dossiers of other agencies are not there at all."""
    mine, theirs = fresh(), fresh()
    fates = await receive(database, event(1, mine), event(1, theirs, agency="H98.01"))
    scope, after = Scope.of(["H98*"]), fates[0].sequence - 1
    assert [line.dossier for line in await read_feed(database, scope, after, 10)] == [theirs]
    assert [line.dossier for line in await read_feed(database, Scope.of(["H98*", "H99*"]), after, 10)] == [mine, theirs]
    assert await read_dossier(database, scope, mine) is None
    assert await read_facts(database, scope, mine, [b"x"]) is None
    assert await read_feed(database, Scope.of([]), 0, 10) == []


async def test_what_does_not_bind_opens_nothing(database):
    """Events from a door that is not trusted are kept and shown, yet no look-up can rest on them."""
    code, person = fresh(), PEOPLE[0]
    await receive(database, event(1, code, parties=(person,)), binds=False)
    facts = await read_facts(database, ALL, code, [person.id.encode()])
    assert (facts.open, facts.is_party) == (False, False)
    await receive(database, event(2, code, 4, 1))
    facts = await read_facts(database, ALL, code, [person.id.encode()])
    assert (facts.open, facts.is_party) == (True, False)


async def test_an_unknown_dossier_is_not_reopened(database):
    """There is nothing to reopen."""
    assert await reopen_dossier(database, fresh(), datetime.now(UTC)) is None


async def test_the_newest_word_on_an_answer_counts(database, database_urls):
    """An older word that arrives later changes nothing."""
    lookup = "0199a5a0-0000-7000-8000-00000000abcd"
    await put_outcome(database, lookup, "H99.igate", ["sex"], [], START + timedelta(minutes=1))
    await put_outcome(database, lookup, "H99.igate", [], ["sex"], START)
    connection = await asyncpg.connect(database_urls.application, server_settings={"search_path": "lienthong"})
    try:
        assert tuple(await connection.fetchrow("SELECT used, mismatch FROM lookup_outcome")) == (["sex"], [])
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dossier_event SET status = 9",
        "DELETE FROM dossier_event",
        "UPDATE dossier SET status = 9",
        "INSERT INTO dossier_party VALUES ('d', 'child', 'personal_id', '\\x00', 2026, true, 1)",
        "UPDATE dossier_feed SET last = 0",
        "SELECT dossier_project(ARRAY['d'])",
    ],
)
async def test_the_application_role_writes_through_the_functions_alone(database_urls, statement):
    """No event is changed and no state is made up beside them."""
    connection = await asyncpg.connect(database_urls.application, server_settings={"search_path": "lienthong"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_batch_is_stored_whole_or_not_at_all(database):
    """One impossible row (the parser lets none through) and nothing of the batch is there."""
    code, other = fresh(), fresh()
    broken = row(event(1, other))._replace(status=12)
    batch = Batch("H99.igate", "api", True, "request", START, 2026, [row(event(1, code)), broken], None)
    with pytest.raises((StoreRefused, StoreUnavailable)):
        await receive_events(database, batch)
    assert await read_dossier(database, ALL, code) is None
