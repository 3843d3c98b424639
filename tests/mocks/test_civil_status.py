"""The civil status registry answers as DOMAIN 4 says."""

import json

import pytest

from mocks.behaviour import Mode
from mocks.civil_status import MODULES, CivilStatus
from mocks.families import parents
from mocks.numbers import Key, personal_id
from mocks.people import death
from mocks.registers import birth_record
from mocks.server import Message
from mocks.special import EXAMPLE

HEADERS = {"Authorization": "Bearer secret"}


@pytest.fixture
def registry():
    """Make a registry with a known token."""
    return CivilStatus("secret")


def ask(registry, module, number, mode=None, headers=HEADERS):
    """Ask about a person; the answer, and the line for the journal."""
    body = json.dumps({"module": module, "soDinhDanh": number, "maYeuCau": "0199-r1"}).encode()
    handled = registry.handle(Message("/hotich/traHoSo", "", headers, body, 0.0), lambda _serial: mode)
    return json.loads(handled.reply.body), handled.entry


def test_a_birth_names_both_parents(registry):
    """KS holds the child and the parents with their numbers, and echoes the request."""
    answer, entry = ask(registry, "KS", "099191000001")
    (record,) = answer["value"]
    father, mother = parents(EXAMPLE)
    assert (answer["status"], answer["maYeuCau"]) == (1, "0199-r1")
    assert (record["nksHoTen"], record["nksNgaySinh"], record["nksGioiTinh"]) == ("NGUYỄN THỊ THỬ", "02.05.1991", "2")
    assert record["chaSoGiayToTuyThan"] == personal_id(father)
    assert record["meSoGiayToTuyThan"] == personal_id(mother)
    assert record["meLoaiGiayToTuyThan"] == "4"
    assert entry == ("traHoSo/KS", "099191000001", "0199-r1", "found")


def test_unknown_parents_are_empty_texts(registry):
    """Where the parents are unknown every one of their members is there and empty."""
    key = next(k for n in range(99) if parents(k := Key(0, 1930, n)) is None and birth_record(k) is not None)
    (record,) = ask(registry, "KS", personal_id(key))[0]["value"]
    assert {record[member] for member in record if member.startswith(("me", "cha"))} == {""}


def test_both_spouses_are_told_of_their_marriage(registry):
    """KH is about the one asked for, and names both."""
    for number in ("099191000001", "099088000111"):
        (record,) = ask(registry, "KH", number)[0]["value"]
        assert record["soDinhDanh"] == number
        assert (record["chongSoGiayToTuyThan"], record["voSoGiayToTuyThan"]) == ("099088000111", "099191000001")
        assert record["tinhTrangKetHon"] == "1"


def test_a_death_has_day_place_and_cause(registry):
    """KT holds a dead person's record."""
    key = Key(0, 1910, 7)
    assert death(key) is not None
    (record,) = ask(registry, "KT", personal_id(key))[0]["value"]
    assert record["nktNgayChet"][2] == "."
    assert record["nktNoiChet"]
    assert record["nktNguyenNhanChet"]


@pytest.mark.parametrize(
    ("module", "number"), [("KT", "099191000001"), ("KH", "099216000000"), ("KS", "099191900001"), ("KS", "x")]
)
def test_what_is_not_on_record_is_201(registry, module, number):
    """The living, the unmarried and the unknown are status 0 with code 201."""
    answer, entry = ask(registry, module, number)
    assert (answer["status"], answer["errorCode"], answer["value"]) == (0, "201", None)
    assert answer["maYeuCau"] == "0199-r1"
    assert entry.outcome == "no_match"


def test_restricted_people_are_not_on_record(registry):
    """Nothing is told of restricted people."""
    assert ask(registry, "KS", personal_id(Key(0, 1985, 281)))[0]["errorCode"] == "201"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "secret"}])
def test_without_the_token_nothing_is_told(registry, headers):
    """A missing or wrong token is code 100."""
    answer, entry = ask(registry, "KS", "099191000001", headers=headers)
    assert (answer["status"], answer["errorCode"]) == (0, "100")
    assert entry.outcome == "refused"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"module":"XX","soDinhDanh":"1","maYeuCau":"r"}'])
def test_incomplete_requests_are_200(registry, never, body):
    """Missing members and unknown modules are code 200."""
    handled = registry.handle(Message("/hotich/traHoSo", "", HEADERS, body, 0.0), never)
    assert json.loads(handled.reply.body)["errorCode"] == "200"


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("name", sorted(CivilStatus.content_modes))
def test_misbehaviour_changes_the_answer(registry, module, name):
    """Each mode of content shows in every module, whether or not the person is on record."""
    answer, entry = ask(registry, module, "099191000001", Mode(name))
    assert entry.outcome == name
    records = answer["value"] or []
    seen = {
        "fault": answer["errorCode"] == "500",
        "another_person": any(record["soDinhDanh"] != "099191000001" for record in records),
        "two_results": len(records) == 2,
        "wrong_request": answer["maYeuCau"] != "0199-r1",
        "bad_boolean": answer["status"] == "maybe",
        "bad_date": "31.02.19x1" in (records[0].values() if records else ()),
        "drift": bool(records) and "hoVaTen" in records[0],
    }
    assert seen[name]


def test_other_paths_are_not_found(registry, never):
    """There is one path."""
    assert registry.handle(Message("/hotich/khac", "", HEADERS, b"{}", 0.0), never) is None
