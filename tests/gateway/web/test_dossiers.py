"""The dossiers' handlers: what is recorded before what is done, and what is refused before either."""

import os
from datetime import UTC, datetime
from itertools import count

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.dossiers.receiving import Receiver
from gateway.evidence.contract import EvidenceUnavailable, Kind
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.web.dossiers import Dossiers

EVENTS = "/v1/dossiers/events"
_numbers = count(1)


def event(**changes):
    """Make an event of a dossier of its own."""
    number = next(_numbers)
    return {
        "event_id": f"W{number}",
        "dossier": f"H99.09-261121-{number:05d}",
        "procedure": "9.999901",
        "agency": "H99.09",
        "status": 2,
        "occurred_at": "2026-11-21T08:30:00+07:00",
        **changes,
    }


class Port:
    """The handlers behind a caller whose signature verified."""

    def __init__(self, kit, live, evidence, database):
        self.kit, self.live, self.evidence = kit, live, evidence
        receiver = Receiver(
            database,
            pseudonyms=Pseudonyms({2026: os.urandom(32)}),
            sealer=MinuteSealer(X25519PrivateKey.generate().public_key()),
        )
        self.handlers = Dossiers(database, evidence, live, receiver, "https://gateway.test")

    def exchange(self, method, target, value=None, query=""):
        """Return an exchange of the caller."""
        body = None if value is None else value if isinstance(value, bytes) else orjson.dumps(value)
        exchange = self.kit.exchange(self.live.snapshot, method=method, target=target, body=body)
        exchange.query = dict(part.split("=") for part in query.split("&") if part)
        return exchange

    async def push(self, *events):
        """Report events."""
        reply = await self.handlers.push(self.exchange("POST", EVENTS, {"events": events}), {})
        return orjson.loads(reply.body)["results"]

    async def show(self, segment):
        """Read a dossier."""
        reply = await self.handlers.show(self.exchange("GET", f"/v1/dossiers/{segment}"), {"dossier": segment})
        return orjson.loads(reply.body)

    async def feed(self, query=""):
        """Read the feed."""
        return orjson.loads((await self.handlers.feed(self.exchange("GET", EVENTS, query=query), {})).body)


@pytest.fixture
def port(kit, live, memory_evidence, database):
    """Serve dossiers."""
    return Port(kit, live, memory_evidence, database)


async def refused(work):
    """Return the refusal that work ends in."""
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value


async def test_a_push_is_one_status_entry(port):
    """Counts stand in clear, the body's digest only salted; of one dossier the entry names it."""
    one = event()
    await port.push(one, {**one, "event_id": "W-more", "status": 4}, {"event_id": "broken"})
    (entry,) = port.evidence.entries
    assert (entry.kind, entry.dossier, entry.procedure) == (Kind.STATUS, one["dossier"], "9.999901")
    assert entry.detail == {"events": 3, "broken": 1, "dossiers": 1}
    assert entry.commitment is not None
    assert {"salt", "body_digest", "signature"} <= entry.sealed.keys()
    assert entry.sealed["body_digest"] not in str(entry.detail)


async def test_an_entry_comes_before_its_events(port):
    """Without a log nothing is stored."""
    one = event()
    port.evidence.down = True
    with pytest.raises(EvidenceUnavailable):
        await port.push(one)
    port.evidence.down = False
    assert (await refused(port.show(one["dossier"]))).code == "not-found"


async def test_a_store_that_fails_after_the_entry_is_503_and_mended_by_repeating(port, monkeypatch):
    """The same events with a new nonce are accepted once, whether the first time reached the store or not."""
    one = event()

    async def fails(*_, **__):
        raise EvidenceUnavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(Receiver, "receive", fails)
        with pytest.raises(EvidenceUnavailable):
            await port.push(one)
    assert [line["result"] for line in [*await port.push(one), *await port.push(one)]] == ["accepted", "duplicate"]
    assert port.evidence.kinds() == ["status"] * 3


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "request-malformed"), (b'{"events":1}', "request-invalid"), (b'{"events":[NaN]}', "request-malformed")],
)
async def test_a_broken_envelope_is_refused(port, body, code):
    """Nothing is recorded as reported."""
    assert (await refused(port.handlers.push(port.exchange("POST", EVENTS, body), {}))).code == code
    assert port.evidence.entries == []


async def test_a_client_that_reports_for_nobody_is_refused(kit, memory_evidence, database):
    """Neither push nor feed is open to a client whose agreements name no agency."""

    class Fixed:
        async def current(self):
            agreement = kit.agreement_file({}).replace('push_agencies = ["H99*"]\n', "")
            return 1, kit.documents(agreements__A1__toml=None) | {"agreements/A1.toml": agreement}

    documents = {name: text for name, text in (await Fixed().current())[1].items() if text is not None}

    class Store:
        async def current(self):
            return 1, documents

    async def unwatched(_):
        return None

    port = Port(kit, await LiveConfiguration.load(Store(), unwatched), memory_evidence, database)
    for work in (port.push(event()), port.feed()):
        assert (await refused(work)).code == "agreement-missing"
    assert (await refused(port.show("H99.01-261121-0001"))).code == "not-found"


async def test_a_read_is_one_entry_that_names_the_dossier(port):
    """Only of what was found; a refused look is the edge's to record, with the code in its context."""
    one = event()
    await port.push(one)
    assert (await port.show(one["dossier"]))["status"] == 2
    entry = port.evidence.entries[-1]
    assert (entry.kind, entry.dossier, entry.outcome) == (Kind.READ, one["dossier"], "found")
    exchange = port.exchange("GET", "/v1/dossiers/x")
    assert (await refused(port.handlers.show(exchange, {"dossier": "x"}))).code == "not-found"
    assert exchange.context["dossier"] == "x"


@pytest.mark.parametrize("segment", ["~", "%0A", "~*"])
async def test_what_names_no_dossier_is_not_found(port, segment):
    """A segment that is no code is a dossier that is not there."""
    assert (await refused(port.show(segment))).code == "not-found"


async def test_nothing_is_shown_without_its_entry(port):
    """Neither the dossier nor the feed."""
    one = event()
    await port.push(one)
    port.evidence.down = True
    for work in (port.show(one["dossier"]), port.feed()):
        with pytest.raises(EvidenceUnavailable):
            await work


async def test_the_feed_is_paged(port):
    """`next` leads on, and stays where it is when there is no more."""
    start = int((await port.feed("limit=500"))["next"])
    await port.push(event(), event(), event())
    page = await port.feed(f"after={start}&limit=2")
    assert [line["sequence"] for line in page["events"]] == [start + 1, start + 2]
    rest = await port.feed(f"after={page['next']}")
    assert (len(rest["events"]), rest["next"]) == (1, str(start + 3))
    assert await port.feed(f"after={rest['next']}") == {"events": [], "next": rest["next"]}
    assert port.evidence.entries[-1].detail == {"after": start + 3, "events": 0}


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "after=-1", "after=1e3", "after=٣", f"after={2**63}"])
async def test_odd_cursors_are_refused(port, query):
    """A number within its bounds, in ASCII digits."""
    assert (await refused(port.feed(query))).code == "request-invalid"


@pytest.mark.parametrize(
    "lookup_id", ["x", "0199a5a0-0000-7000-8000-00000000abcd", "0199a5a0-0000-4000-8000-00000000abcd", "0" * 36]
)
async def test_an_outcome_of_no_lookup_is_not_found(port, lookup_id):
    """Ids that were never given out, and what is no id at all, are alike."""
    exchange = port.exchange("POST", f"/v1/lookups/{lookup_id}/outcome", {"used": [], "mismatch": []})
    assert (await refused(port.handlers.outcome(exchange, {"lookup_id": lookup_id}))).code == "not-found"


@pytest.mark.parametrize(("body", "code"), [(b"[", "request-malformed"), (b"{}", "request-invalid")])
async def test_a_broken_outcome_is_refused(port, body, code):
    """Form comes before the look-up is searched."""
    exchange = port.exchange("POST", "/v1/lookups/x/outcome", body)
    assert (await refused(port.handlers.outcome(exchange, {"lookup_id": "x"}))).code == code


async def test_a_database_that_is_away_is_503(port, database):
    """Reads fail as the log does, and are not told as absent."""
    await database.close()
    for work in (port.show("H99.01-261121-0001"), port.feed()):
        with pytest.raises(EvidenceUnavailable):
            await work


def test_times_of_the_tests_lie_in_the_past():
    """The events above are never refused for the future."""
    assert datetime(2026, 11, 21, 1, 30, tzinfo=UTC) < datetime.now(UTC)
