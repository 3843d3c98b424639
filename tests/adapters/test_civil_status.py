"""Civil status adapter: three modules, echoes, every misbehaviour, mutated replies."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.civil_status import _MODULES, _answer, _only_record
from adapters.contract import RegistryAnswer, RegistryError, RegistryFault, RegistryInvalid
from adapters.rest import read_object
from mocks.behaviour import TRANSPORT_MODES
from mocks.civil_status import CivilStatus
from schemas.records import validate_record

REQUEST = "0199aa00-0000-7000-8000-00000000000a"
HUSBAND, WIFE = "099088000111", "099191000001"
MARRIAGE = {
    "soDinhDanh": WIFE,
    "so": "12",
    "quyenSo": "01/2015",
    "trangSo": "12",
    "ngayDangKy": "20.10.2015",
    "noiDangKy": "UBND phường Thử Nghiệm",
    "thoiDiemDuLieu": "2026-11-21T08:30:00",
    "chongHoTen": "VÕ QUỐC HOÀNG",
    "chongNgaySinh": "01.02.1988",
    "chongSoGiayToTuyThan": HUSBAND,
    "voHoTen": "NGUYỄN THỊ THỬ",
    "voNgaySinh": "02.05.1991",
    "voSoGiayToTuyThan": WIFE,
    "ngayXacLapQuanHeHonNhan": "20.10.2015",
    "tinhTrangKetHon": "1",
}


def envelope(**changes) -> dict:
    """Write an answer of the registry about a marriage."""
    answer = {"status": 1, "errorCode": "", "errorDescription": "", "maYeuCau": REQUEST, "value": [MARRIAGE]}
    return answer | changes


def read(answer: dict) -> RegistryAnswer:
    """Read an answer to a question about the wife's marriage."""
    record = _only_record(read_object(json.dumps(answer, ensure_ascii=False).encode()), REQUEST)
    return RegistryAnswer(found=False) if record is None else _answer(_MODULES["marriage"], record, WIFE)


@pytest.mark.parametrize("module", ["birth", "marriage"])
async def test_found_record_has_every_field(mocks, grant, call, module):
    """The example person's birth and marriage are found with every field of the service."""
    adapter = mocks("civil_status").adapter()
    question = grant(f"civil-status/{module}", name=None, birth=None)
    answer = await adapter.ask(question, call())
    await adapter.close()
    validate_record(question.service, answer.record)
    assert answer.person_id == "099191000001"
    if module == "marriage":
        assert answer.record["wife"] == {"full_name": "NGUYỄN THỊ THỬ", "personal_id": "099191000001"}
    else:
        assert answer.record["full_name"] == "NGUYỄN THỊ THỬ"
        assert answer.record["mother"]["personal_id"]


async def test_death_of_the_dead_is_found_and_of_the_living_is_not(mocks, grant, call):
    """A dead person's death record has every field; a living person has none: `no_match`."""
    adapter = mocks("civil_status").adapter()
    dead = grant("civil-status/death", identifier="099101000001", name=None, birth=None)
    answer = await adapter.ask(dead, call())
    living = await adapter.ask(grant("civil-status/death", name=None, birth=None), call())
    await adapter.close()
    validate_record(dead.service, answer.record)
    assert answer.record["died_on"]
    assert living == RegistryAnswer(found=False)


async def test_wrong_token_is_a_fault(mocks, grant, call, tmp_path):
    """A token the registry refuses is told as its fault."""
    registry = mocks("civil_status")
    (tmp_path / "civil_status.token").write_text("not-the-token\n")
    adapter = type(registry)("civil_status", registry.url, tmp_path).adapter()
    with pytest.raises(RegistryFault):
        await adapter.ask(grant("civil-status/birth"), call())
    await adapter.close()


MODES = sorted((TRANSPORT_MODES | CivilStatus.content_modes) - {"slow"})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("module", ["birth", "marriage", "death"])
async def test_misbehaviour_has_its_error(misbehaving, grant, module, mode):
    """Each way the registry can misbehave raises its own class of error, in all three modules."""
    await misbehaving("civil_status", mode, grant(f"civil-status/{module}"))


def test_registration_number_joins_number_and_book():
    """The registration number is number and book, the place and day those of the registration."""
    record = read(envelope()).record
    assert record["registration_number"] == "12/01/2015"
    assert (record["registered_on"], record["status"]) == ("2015-10-20", "married")


def marriage(**changes) -> dict:
    """Write an answer with a changed record; None takes a member away."""
    changed = {name: value for name, value in (MARRIAGE | changes).items() if value is not None}
    return envelope(value=[changed])


INVALID = {
    "other_request": (envelope(maYeuCau="another"), "wrong-request"),
    "no_request": ({name: value for name, value in envelope().items() if name != "maYeuCau"}, "schema-drift"),
    "text_status": (envelope(status="1"), "schema-drift"),
    "true_status": (envelope(status=True), "schema-drift"),
    "unknown_status": (envelope(status=2), "schema-drift"),
    "failed_without_code": (envelope(status=0), "schema-drift"),
    "nobody_but_a_record": (envelope(status=0, errorCode="201"), "half-empty"),
    "found_but_nobody": (envelope(value=[]), "empty"),
    "found_but_null": (envelope(value=None), "empty"),
    "two_records": (envelope(value=[MARRIAGE, MARRIAGE]), "two-results"),
    "record_without_list": (envelope(value=MARRIAGE), "schema-drift"),
    "other_person": (marriage(soDinhDanh=HUSBAND), "wrong-person"),
    "somebody_elses_marriage": (marriage(voSoGiayToTuyThan="099191000002"), "wrong-person"),
    "missing_member": (marriage(trangSo=None), "schema-drift"),
    "extra_member": (marriage(ghiChu=""), "schema-drift"),
    "number_for_text": (marriage(so=12), "schema-drift"),
    "unknown_code": (marriage(tinhTrangKetHon="3"), "unknown-code"),
    "no_name": (marriage(voHoTen=""), "half-empty"),
    "iso_date": (marriage(ngayDangKy="2015-10-20"), "bad-date"),
}


@pytest.mark.parametrize("name", INVALID)
def test_broken_answers_are_invalid_for_their_reason(name):
    """An answer that contradicts itself, its shape or the question is `registry-invalid`, never `no_match`."""
    answer, reason = INVALID[name]
    with pytest.raises(RegistryInvalid) as caught:
        read(answer)
    assert caught.value.reason == reason


def test_other_error_codes_are_faults():
    """Only 201 says "not on record"; any other code is the registry's fault."""
    assert read(envelope(status=0, errorCode="201", value=None)) == RegistryAnswer(found=False)
    for code in ("100", "101", "106", "200", "302", "500"):
        with pytest.raises(RegistryFault):
            read(envelope(status=0, errorCode=code, value=None))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_mutated_replies_never_tell_of_another(data):
    """A valid answer with bytes changed or cut is still about the person asked for, or an error."""
    valid = json.dumps(envelope(), ensure_ascii=False).encode()
    at = data.draw(st.integers(0, len(valid) - 1))
    end = data.draw(st.integers(at, min(len(valid), at + 30)))
    try:
        record = _only_record(read_object(valid[:at] + data.draw(st.binary(max_size=4)) + valid[end:]), REQUEST)
        answer = _answer(_MODULES["marriage"], record, WIFE)
    except RegistryError:
        return
    assert answer.person_id == WIFE
    assert WIFE in {answer.record["husband"]["personal_id"], answer.record["wife"]["personal_id"]}
