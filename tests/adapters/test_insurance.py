"""Insurance adapter: tokens, both services, every code of the insurer, every misbehaviour, mutated replies."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import Call, RegistryAnswer, RegistryError, RegistryFault, RegistryInvalid
from adapters.insurance import _card_answer, _social_answer
from adapters.rest import read_object
from mocks.behaviour import TRANSPORT_MODES
from mocks.insurance import Insurance
from schemas.records import validate_record

CARD = {
    "maKetQua": "000",
    "ghiChu": "",
    "maThe": "DN4999999938506",
    "hoTen": "NGUYỄN THỊ THỬ",
    "ngaySinh": "02/05/1991",
    "gioiTinh": "2",
    "diaChi": "Số 229 thôn Mẫu 7",
    "maDKBD": "99010",
    "tenDKBD": "Trạm Y tế phường Thử Nghiệm 10",
    "cqBHXH": "Bảo hiểm xã hội tỉnh 99",
    "gtTheTu": "01/01/2025",
    "gtTheDen": "31/12/2026",
    "maKV": "",
    "ngayDu5Nam": "01/01/2030",
    "maSoBHXH": "9999938506",
    "maTheCu": "",
    "maTheMoi": "",
    "gtTheTuMoi": "",
    "gtTheDenMoi": "",
    "maDKBDMoi": "",
    "tenDKBDMoi": "",
    "soDinhDanh": "099191000001",
    "thoiDiemDuLieu": "20261121083000",
    "dsLichSuKCB2018": [],
    "dsLichSuKT2018": [],
}
SOCIAL = {
    "errorCode": "0",
    "errorDescription": "",
    "maSoBhxh": "9999938506",
    "hoTen": "NGUYỄN THỊ THỬ",
    "ngaySinh": "19910502",
    "loaiNgaySinh": "0",
    "gioiTinh": "2",
    "trangThai": "1",
    "maHoGiaDinh": "0219527395",
    "soDinhDanh": "099191000001",
    "thoiDiemDuLieu": "20261121083000",
}


@pytest.mark.parametrize("service", ["insurance/health-card", "insurance/social-insurance"])
async def test_found_person_has_every_field(mocks, grant, call, service):
    """The example person is found with every field of the service in canonical form."""
    adapter = mocks("insurance").adapter()
    question = grant(service)
    answer = await adapter.ask(question, call())
    await adapter.close()
    validate_record(question.service, answer.record)
    assert answer.person_id == "099191000001"
    assert answer.record["full_name"] == "NGUYỄN THỊ THỬ"
    assert answer.source_as_of.utcoffset() == timedelta(hours=7)


async def test_card_and_code_lead_to_the_same_person(mocks, grant, call):
    """The card's number and the insurance code are identifiers as good as the personal number."""
    adapter = mocks("insurance").adapter()
    record = (await adapter.ask(grant("insurance/health-card"), call())).record
    by_card = await adapter.ask(grant("insurance/health-card", "health_card", record["card_number"]), call())
    by_code = await adapter.ask(grant("insurance/health-card", "insurance_code", record["insurance_code"]), call())
    social = await adapter.ask(grant("insurance/social-insurance", "insurance_code", record["insurance_code"]), call())
    await adapter.close()
    assert by_card.person_id == by_code.person_id == social.person_id == "099191000001"


async def test_history_is_dropped_unless_asked_for(mocks, grant, call):
    """The sensitive treatment history is read only where the grant holds that very field."""
    adapter = mocks("insurance").adapter()
    plain = await adapter.ask(grant("insurance/health-card", fields=("full_name",)), call())
    asked = await adapter.ask(grant("insurance/health-card", fields=("treatment_history",)), call())
    await adapter.close()
    assert plain.record["treatment_history"] is None
    assert {"facility", "diagnosis"} <= asked.record["treatment_history"][0].keys()


@pytest.mark.parametrize("service", ["insurance/health-card", "insurance/social-insurance"])
@pytest.mark.parametrize("question", [{"identifier": "099191900001"}, {"name": "NGUYỄN THỊ KHÁC"}, {"birth": "1990"}])
async def test_nobody_is_no_match(mocks, grant, call, service, question):
    """An unknown number, a wrong name and a wrong birth date are one and the same `no_match`."""
    adapter = mocks("insurance").adapter()
    answer = await adapter.ask(grant(service, **question), call())
    await adapter.close()
    assert answer == RegistryAnswer(found=False)


@pytest.mark.parametrize("service", ["insurance/health-card", "insurance/social-insurance"])
@pytest.mark.parametrize("officer", ["099085000054", "099085000055"])
async def test_refused_officer_is_a_fault(mocks, grant, call, service, officer):
    """An officer the insurer does not know is its fault, not a missing person."""
    adapter = mocks("insurance").adapter()
    with pytest.raises(RegistryFault):
        await adapter.ask(grant(service, officer=officer), call())
    await adapter.close()


async def test_token_is_taken_once_for_many(mocks, grant, call):
    """Fifty questions at once over a new pool log in one single time."""
    registry = mocks("insurance")
    adapter = registry.adapter()
    before, seen = registry.calls(), []
    log_in = adapter._tokens._log_in

    async def counted(*arguments):
        seen.append(arguments)
        return await log_in(*arguments)

    adapter._tokens._log_in = counted
    answers = await asyncio.gather(*(adapter.ask(grant("insurance/health-card"), call()) for _ in range(50)))
    await adapter.close()
    assert all(answer.found for answer in answers)
    assert (len(seen), registry.calls() - before) == (1, 50)


async def test_refused_token_is_renewed_once(mocks, grant, call):
    """A token the insurer no longer takes is renewed and the question asked again; refused twice is its fault."""
    registry = mocks("insurance")
    adapter = registry.adapter()
    registry.behave("refuse_auth", times=1)
    assert (await adapter.ask(grant("insurance/health-card"), call())).found
    registry.behave("refuse_auth")
    with pytest.raises(RegistryFault) as caught:
        await adapter.ask(grant("insurance/social-insurance"), call())
    await adapter.close()
    assert caught.value.reason == "token-refused"


async def test_token_is_renewed_before_it_expires(mock_process, grant):
    """A question after the token's life has a new one at once, without meeting a refusal."""
    registry = mock_process("insurance", "--token-ttl", "100")
    adapter = registry.adapter()
    now = datetime.now(UTC)
    await adapter.ask(grant("insurance/health-card"), Call("a", now, 5.0))
    first = adapter._tokens._token
    await adapter.ask(grant("insurance/health-card"), Call("b", now + timedelta(seconds=80), 5.0))
    assert adapter._tokens._token is first
    await adapter.ask(grant("insurance/health-card"), Call("c", now + timedelta(seconds=95), 5.0))
    assert adapter._tokens._token is not first
    assert registry.calls() == 3
    await adapter.close()


async def test_wrong_password_is_a_fault(mocks, grant, call, tmp_path):
    """Credentials that the insurer refuses are told as its fault, without the password in the error."""
    registry = mocks("insurance")
    (tmp_path / "insurance.toml").write_text('username = "lienthong_99"\npassword = "not-the-password"\n')
    registry = type(registry)("insurance", registry.url, tmp_path)
    adapter = registry.adapter()
    with pytest.raises(RegistryFault) as caught:
        await adapter.ask(grant("insurance/health-card"), call())
    await adapter.close()
    assert str(caught.value) == "login-refused"


MODES = sorted((TRANSPORT_MODES | Insurance.content_modes) - {"slow", "refuse_auth"})


@pytest.mark.parametrize("service", ["insurance/health-card", "insurance/social-insurance"])
@pytest.mark.parametrize("mode", MODES)
async def test_misbehaviour_has_its_error(misbehaving, grant, service, mode):
    """Each way the insurer can misbehave raises its own class of error."""
    await misbehaving("insurance", mode, grant(service))


FOUND = ["000", "003", "004", "010", "110", "120", "121", "122", "123", "124"]
NO_MATCH = ["001", "002", "050", "051", "052", "053", "060", "061", "070", "130"]
FAULT = ["054", "055", "090", "100", "101", "205", "500", "999"]
NOBODY = {**CARD, **{name: "" for name, value in CARD.items() if value and isinstance(value, str)}}


@pytest.mark.parametrize("code", FOUND)
def test_found_codes_carry_the_record(grant, code):
    """The codes that are matches give the record, the code as status and the replacing card."""
    answer = _card_answer({**CARD, "maKetQua": code, "maTheMoi": "DN5999999938506"}, grant("insurance/health-card"))
    assert (answer.record["status"], answer.record["replaced_by"]) == (code, "DN5999999938506")


@pytest.mark.parametrize("code", NO_MATCH)
def test_no_match_codes_carry_nothing(grant, code):
    """The codes that say "nobody to tell of" are `no_match`; with a person's data beside them they are nonsense."""
    assert _card_answer({**NOBODY, "maKetQua": code}, grant("insurance/health-card")) == RegistryAnswer(found=False)
    with pytest.raises(RegistryInvalid):
        _card_answer({**CARD, "maKetQua": code}, grant("insurance/health-card"))


@pytest.mark.parametrize("code", FAULT)
def test_other_codes_are_faults(grant, code):
    """Every other code is the registry's fault, never `no_match`."""
    with pytest.raises(RegistryFault):
        _card_answer({**NOBODY, "maKetQua": code}, grant("insurance/health-card"))


@pytest.mark.parametrize("code", [None, "", 0, ["000"], {}, True])
def test_answer_without_a_code_is_drift(grant, code):
    """An answer whose code is no text broke the contract."""
    with pytest.raises(RegistryInvalid):
        _card_answer({**CARD, "maKetQua": code}, grant("insurance/health-card"))


CHANGES = {
    "missing_member": ("ghiChu", None),
    "extra_member": ("moi", "x"),
    "null_member": ("diaChi", "null"),
    "number_for_text": ("maKV", 1),
    "text_for_list": ("dsLichSuKT2018", ""),
    "other_number": ("soDinhDanh", "099191000002"),
    "other_name": ("hoTen", "TRẦN VĂN KHÁC"),
    "empty_name": ("hoTen", ""),
    "other_birth": ("ngaySinh", "03/05/1991"),
    "empty_birth": ("ngaySinh", ""),
    "iso_birth": ("ngaySinh", "1991-05-02"),
    "bad_end": ("gtTheDen", "31/02/2026"),
    "bad_time": ("thoiDiemDuLieu", "20261121"),
    "unknown_sex": ("gioiTinh", "0"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_card_is_invalid(grant, name):
    """A card answer with one member off is `registry-invalid`."""
    member, value = CHANGES[name]
    answer = {**CARD, member: None if value == "null" else value}
    if value is None:
        del answer[member]
    with pytest.raises(RegistryInvalid):
        _card_answer(answer, grant("insurance/health-card"))


@pytest.mark.parametrize(
    ("day", "stated", "birth"), [("1991", "1", "1991"), ("199105", "2", "1991-05"), ("19910502", "0", "1991-05-02")]
)
def test_stated_precision_decides_the_birth_date(grant, day, stated, birth):
    """Social insurance states how precise a birth date is; a date of another precision broke the contract."""
    subject = grant("insurance/social-insurance").subject
    assert _social_answer({**SOCIAL, "ngaySinh": day, "loaiNgaySinh": stated}, subject).record["birth_date"] == birth
    with pytest.raises(RegistryInvalid):
        _social_answer({**SOCIAL, "ngaySinh": day, "loaiNgaySinh": {"0": "1", "1": "2", "2": "0"}[stated]}, subject)


def test_half_empty_social_answer_is_nonsense(grant):
    """No code but a name is neither found nor nobody."""
    subject = grant("insurance/social-insurance").subject
    nobody = dict.fromkeys(SOCIAL, "") | {"errorCode": "0"}
    assert _social_answer(nobody, subject) == RegistryAnswer(found=False)
    with pytest.raises(RegistryInvalid):
        _social_answer({**SOCIAL, "maSoBhxh": ""}, subject)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_replies_never_tell_of_another(grant, data):
    """A valid answer with bytes changed or cut is still about the person asked for, or an error."""
    social = data.draw(st.booleans())
    valid = json.dumps(SOCIAL if social else CARD, ensure_ascii=False).encode()
    at = data.draw(st.integers(0, len(valid) - 1))
    end = data.draw(st.integers(at, min(len(valid), at + 30)))
    mutated = valid[:at] + data.draw(st.binary(max_size=4)) + valid[end:]
    question = grant("insurance/social-insurance" if social else "insurance/health-card")
    try:
        answer = read_object(mutated)
        read = _social_answer(answer, question.subject) if social else _card_answer(answer, question)
    except RegistryError:
        return
    assert read.found
    assert read.person_id == "099191000001"
