"""Leaves: canonical bytes, and the columns that follow from them."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evidence.contract import Draft, Kind
from gateway.evidence.leaf import LeafError, encode, parse, project, unix_of, uuid7
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer, unseal
from gateway.store.append import EntryRow

ORIGIN = "log.test.example/2026/0"
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(scope="module")
def make(keys):
    """Encode a draft for one log."""
    pseudonyms, sealer = Pseudonyms(keys.pseudonyms), MinuteSealer(keys.reveal)
    return lambda draft: encode(draft, ORIGIN, pseudonyms, sealer)


def test_a_leaf_is_compact_sorted_json(make, question):
    """Members are sorted, absent ones left out, times in UTC with Z, bytes in base64."""
    leaf = make(question(commitment=b"\0" * 32, unit=None)).row.leaf
    members = orjson.loads(leaf)
    assert orjson.dumps(members, option=orjson.OPT_SORT_KEYS) == leaf
    assert members["v"] == 1
    assert members["at"].endswith("Z")
    assert members["commitment"] == "A" * 43 + "="
    assert "unit" not in members


def test_nothing_personal_stands_in_clear(make, question):
    """Numbers, names and signatures are pseudonyms or sealed; the rest of the leaf never holds them."""
    secret = {"subject": {"full_name": "NGUYỄN THỊ THỬ"}, "signature": b"sig" * 20}
    leaf = make(question(subject=("personal_id", "099191000001"), person_id="099191000001", sealed=secret)).row.leaf
    for word in ("099191000001", "099085000009", "NGUYỄN", "sigsig"):
        assert word.encode() not in leaf


def test_an_address_is_a_pseudonym_and_sealed(make, question, keys, reveal_key):
    """Where a request came from is compared by its pseudonym; the address itself takes the reveal key."""
    encoded = make(question(address="192.0.2.7"))
    members = orjson.loads(encoded.row.leaf)["pseudonyms"]
    assert b64decode(members["address"]) == Pseudonyms(keys.pseudonyms).of_address(members["year"], "192.0.2.7")
    assert b"192.0.2.7" not in encoded.row.leaf
    assert unseal(encoded.row.leaf, ORIGIN, encoded.key.wrapped, reveal_key)["address"] == "192.0.2.7"


def test_identifiers_are_sealed_even_when_nothing_else_is(make, question, reveal_key):
    """A draft's plain identifiers can be read by the reveal key; what the caller says of them goes further."""
    encoded = make(question(subject=("old_id_card", "123456789"), person_id="099191000001", sealed={"x": None}))
    assert unseal(encoded.row.leaf, ORIGIN, encoded.key.wrapped, reveal_key) == {
        "subject": {"id_type": "old_id_card", "id": "123456789"},
        "officer": {"id": "099085000009"},
        "person_id": "099191000001",
    }


def test_an_entrys_id_carries_its_time(make, question):
    """Ids are UUIDs version 7 of the entry's own time."""
    draft = question()
    identifier = make(draft).row.entry_id
    assert UUID(identifier).version == 7
    assert UUID(identifier).variant == "specified in RFC 4122"
    assert abs(unix_of(identifier) - draft.at.timestamp()) < 0.002
    assert str(UUID(uuid7(0)))[:13] == "00000000-0000"


@settings(max_examples=60)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(timezone(timedelta(hours=7)))),  # noqa: DTZ001 — bounds are naive by contract
    st.tuples(texts, texts, texts, texts),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(-(2**40), 2**40) | st.booleans() | st.floats(0, 1)),
    st.sampled_from(Kind),
)
def test_columns_follow_from_the_leaf(make, at, words, detail, kind):
    """Whatever is handed over, the row's columns are what its leaf projects to."""
    client, dossier, unit, outcome = words
    row = make(
        Draft(kind, "r", at, client=client, dossier=dossier, unit=unit, outcome=outcome, detail=detail, officer="1",
              deadline=at, question=uuid7(5), person_id="2", subject=("personal_id", "3"))
    ).row  # fmt: skip
    projected = project(row.leaf)
    assert projected == {name: value for name, value in row._asdict().items() if name in projected}
    assert set(projected) | {"leaf"} == set(EntryRow._fields[:16])


def test_only_what_acts_under_a_grant_is_held_against_the_configuration(make, question):
    """Questions, reads and statuses name the version they were granted under; answers and refusals only record it."""
    checked = {kind for kind in Kind if make(question(kind=kind, config_version=3)).row.config == 3}
    assert checked == {Kind.ASKED, Kind.READ, Kind.STATUS}


def test_a_give_back_goes_to_the_day_of_its_question(make, question):
    """An answer after midnight gives back what the question reserved before it."""
    asked_at = datetime(2026, 11, 21, 16, 59, 59, tzinfo=UTC)
    asked = question(at=asked_at)
    row = make(asked).row
    answer = asked._replace(kind=Kind.ANSWERED, at=asked_at + timedelta(seconds=2), question=row.entry_id,
                     give_back=asked.reserve, reserve=None)  # fmt: skip
    assert make(answer).row.give == row.guess


@pytest.mark.parametrize(
    "leaf",
    [b"", b"x", b"[]", b'{"v":2}', b'{"v": 1}', b'{"b":1,"a":2,"v":1}', b"\xff", b'{"v":1}{"v":1}', b"null"],
)
def test_what_is_no_leaf_is_refused(leaf: bytes):
    """Anything but canonical JSON of our version is an error of its own kind."""
    with pytest.raises(LeafError):
        project(leaf)


@given(st.binary(max_size=60) | st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3).map(orjson.dumps))
def test_no_bytes_escape_as_another_error(leaf: bytes):
    """Reading a leaf gives members or a `LeafError`, whatever the bytes."""
    try:
        parse(leaf)
        project(leaf)
    except LeafError:
        return
    raise AssertionError("random bytes are no leaf")
