"""Population adapter: against the sandbox's registry, every misbehaviour, and replies mutated at random."""

import asyncio
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract import RegistryAnswer, RegistryError, RegistryInvalid
from adapters.population import WSDL, _answer
from adapters.soap import Contract
from mocks.behaviour import TRANSPORT_MODES
from mocks.population import Population
from schemas.records import validate_record

REQUEST = "0199aa00-0000-7000-8000-00000000000a"
CITIZEN = """<CongDan><SoDinhDanh>099191000001</SoDinhDanh><SoCMND>915720506</SoCMND>
<HoVaTen><Ho></Ho><ChuDem></ChuDem><Ten>NGUYỄN THỊ THỬ</Ten></HoVaTen><GioiTinh>2</GioiTinh><DanToc>01</DanToc>
<TonGiao>00</TonGiao><TinhTrangHonNhan>2</TinhTrangHonNhan><NhomMau>3</NhomMau>
<NgayThangNamSinh><NgayThangNam>19910502</NgayThangNam></NgayThangNamSinh><QuocTich>VN</QuocTich>
<ThuongTru><MaTinhThanh>99</MaTinhThanh><MaPhuongXa>99001</MaPhuongXa><ChiTiet>Số 1</ChiTiet><QuocGia>VN</QuocGia>
</ThuongTru><Cha><HoVaTen>NGUYỄN GIA TÍN</HoVaTen><QuocTich>VN</QuocTich><SoDinhDanh>099063000112</SoDinhDanh></Cha>
<ChuHo><HoVaTen>VÕ QUỐC HOÀNG</HoVaTen><QuanHe>Vợ</QuanHe><SoDinhDanh>099088000111</SoDinhDanh></ChuHo>
<SoSoHoKhau>990158400111</SoSoHoKhau></CongDan>"""


def envelope(citizens: str = CITIZEN, count: str = "1", request: str = REQUEST) -> str:
    """Write a reply of the registry."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<CongdanCollection xmlns="http://www.mic.gov.vn/dancu/1.0" SoCongDan="{count}" '
        f'ThoiDiemDuLieu="2026-11-21T08:30:00" MaYeuCau="{request}">{citizens}'
        "</CongdanCollection></s:Body></s:Envelope>"
    )


@pytest.fixture(scope="module")
def read(grant):
    """Read a reply's bytes as the answer to a question about the example person."""
    contract = Contract(WSDL, {WSDL: (resources.files("adapters") / "wsdl" / WSDL).read_text("utf-8")})
    operation = contract.operation("TraCuuThongTinCongDan")

    def reading(text: str | bytes, **question) -> RegistryAnswer:
        data = text.encode() if isinstance(text, str) else text
        return _answer(contract.reply(data, operation), grant("population/person", **question), REQUEST)

    return reading


async def test_found_person_has_every_field(mocks, grant, call):
    """The example person of PROTOCOL section 3 is found with every field of the service in canonical form."""
    adapter = mocks("population").adapter()
    question = grant("population/person")
    answer = await adapter.ask(question, call())
    await adapter.close()
    validate_record(question.service, answer.record)
    assert answer.found
    assert answer.person_id == answer.record["personal_id"] == "099191000001"
    assert answer.record["full_name"] == "NGUYỄN THỊ THỬ"
    assert answer.record["birth_date"] == "1991-05-02"
    assert answer.record["permanent_address"]["ward"] == "99001"
    assert str(answer.source_as_of.tzinfo) == "Asia/Ho_Chi_Minh"


async def test_old_card_leads_to_the_same_person(mocks, grant, call):
    """A person is found by the nine-digit card as well, and the answer tells the personal number."""
    adapter = mocks("population").adapter()
    card = (await adapter.ask(grant("population/person"), call())).record["old_id_card"]
    answer = await adapter.ask(grant("population/person", "old_id_card", card), call())
    await adapter.close()
    assert answer.person_id == "099191000001"


@pytest.mark.parametrize(
    "question",
    [
        {"identifier": "099191900001"},
        {"name": "NGUYỄN THỊ KHÁC"},
        {"birth": "1991-05-03"},
        {"birth": "1990"},
    ],
)
async def test_nobody_is_no_match(mocks, grant, call, question):
    """An unknown number, a wrong name and a wrong birth date are one and the same `no_match`."""
    adapter = mocks("population").adapter()
    answer = await adapter.ask(grant("population/person", **question), call())
    await adapter.close()
    assert answer == RegistryAnswer(found=False)


@pytest.mark.parametrize("birth", ["1991", "1991-05", "1991-05-02"])
async def test_partial_birth_dates_are_asked_as_years(mocks, grant, call, birth):
    """A claim of a year or a month is sent as the year, which the registry's full date fits."""
    adapter = mocks("population").adapter()
    answer = await adapter.ask(grant("population/person", birth=birth), call())
    await adapter.close()
    assert answer.record["birth_date"] == "1991-05-02"


async def test_many_at_once_get_their_own_answers(mocks, grant, call):
    """Concurrent questions over one pool are each answered about their own person."""
    adapter = mocks("population").adapter()
    first = (await adapter.ask(grant("population/person"), call())).record
    kin = [first[role] for role in ("father", "mother", "spouse")]
    asked = [(person["personal_id"], person["full_name"]) for person in kin] * 8

    async def one(number: str, name: str) -> str:
        birth = ("20" if number[3] in "23" else "19") + number[4:6]
        return (
            await adapter.ask(grant("population/person", identifier=number, name=name, birth=birth), call())
        ).person_id

    answers = await asyncio.gather(*(one(*person) for person in asked))
    await adapter.close()
    assert answers == [number for number, _ in asked]


MODES = sorted((TRANSPORT_MODES | Population.content_modes) - {"slow"})


@pytest.mark.parametrize("mode", MODES)
async def test_misbehaviour_has_its_error(misbehaving, grant, mode):
    """Each way the registry can misbehave raises its own class of error, and its traps are never followed."""
    await misbehaving("population", mode, grant("population/person"))


async def test_slow_answer_within_the_deadline_counts(mocks, grant, call):
    """A late answer before the deadline is an answer."""
    registry = mocks("population")
    adapter = registry.adapter()
    registry.behave("slow", seconds=0.2)
    assert (await adapter.ask(grant("population/person"), call())).found
    await adapter.close()


async def test_connection_dropped_before_the_answer_may_be_asked_again(mocks, grant, call):
    """A registry that hangs up without a byte is unanswered, so that asking again is safe."""
    registry = mocks("population")
    adapter = registry.adapter()
    registry.behave("drop", times=1)
    with pytest.raises(RegistryError) as caught:
        await adapter.ask(grant("population/person"), call())
    assert (caught.value.code, caught.value.unanswered) == ("registry-unavailable", True)
    assert (await adapter.ask(grant("population/person"), call())).found
    await adapter.close()


def test_codes_are_read_by_this_registrys_table(read):
    """Sex, marital status and blood type follow this registry's own numbers; no value is None."""
    record = read(envelope()).record
    assert (record["sex"], record["marital_status"], record["blood_type"]) == ("female", "married", "AB")
    assert record["father"] == {"full_name": "NGUYỄN GIA TÍN", "personal_id": "099063000112"}
    assert record["household_head"] == {"full_name": "VÕ QUỐC HOÀNG", "personal_id": "099088000111"}
    assert record["mother"] is None
    assert record["permanent_address"]["district"] is None


def test_only_what_was_granted_is_read(read, grant):
    """Beside what the person is checked by, a record has the granted fields alone, with the values of a whole one."""
    whole = read(envelope()).record
    assert set(whole) == set(grant("population/person").fields)
    for name in whole:
        record = read(envelope(), fields=(name,)).record
        assert record == {part: whole[part] for part in {name, "personal_id", "full_name", "birth_date"}}


def test_name_in_parts_is_joined(read):
    """A registry that fills the family and middle name gets one whole name."""
    parts = "<Ho>NGUYỄN</Ho><ChuDem>THỊ</ChuDem><Ten>THỬ</Ten>"
    whole = "<Ho></Ho><ChuDem></ChuDem><Ten>NGUYỄN THỊ THỬ</Ten>"
    assert read(envelope(CITIZEN.replace(whole, parts))).record["full_name"] == "NGUYỄN THỊ THỬ"


def test_empty_collection_is_no_match(read):
    """A collection that says it holds nobody and holds nobody is `no_match`."""
    assert read(envelope("", "0")) == RegistryAnswer(found=False)


DAY = "<NgayThangNam>19910502</NgayThangNam>"
BROKEN = {
    "count_without_person": (envelope("", "1"), "wrong-count"),
    "person_without_count": (envelope(CITIZEN, "0"), "wrong-count"),
    "two_persons": (envelope(CITIZEN * 2, "2"), "two-results"),
    "other_request": (envelope(request="another"), "wrong-request"),
    "other_number": (envelope(CITIZEN.replace("099191000001", "099191000002")), "wrong-person"),
    "other_name": (envelope(CITIZEN.replace("THỊ THỬ", "VĂN KHÁC")), "wrong-person"),
    "look_alike_letters": (envelope(CITIZEN.replace("THỬ", "ТHỬ")), "bad-name"),
    "other_birth_date": (envelope(CITIZEN.replace("19910502", "19910503")), "wrong-person"),
    "no_birth_date": (envelope(CITIZEN.replace(DAY, "")), "wrong-person"),
    "blank_birth_date": (envelope(CITIZEN.replace(DAY, " ")), "wrong-person"),
    "impossible_birth_date": (envelope(CITIZEN.replace("19910502", "19910231")), "bad-date"),
    "contradicting_dates": (envelope(CITIZEN.replace(DAY, "<Nam>1990</Nam>" + DAY)), "bad-date"),
    "empty_sex": (envelope(CITIZEN.replace("<GioiTinh>2</GioiTinh>", "<GioiTinh/>")), "schema-drift"),
    "unknown_element": (envelope(CITIZEN.replace("<SoSoHoKhau>", "<Moi/><SoSoHoKhau>")), "schema-drift"),
    "missing_count": (envelope().replace(' SoCongDan="1"', ""), "schema-drift"),
    "bad_time": (envelope().replace("T08:30:00", "T28:30:00"), "schema-drift"),
    "text_between": (envelope("nothing here", "0"), "schema-drift"),
    "number_cut_by_comment": (envelope(CITIZEN.replace("099191000001", "099191<!-- -->000001")), "garbage"),
    "utf_16": (envelope().replace("utf-8", "utf-16").encode("utf-16"), "garbage"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_replies_are_invalid_for_their_reason(read, name):
    """A reply that contradicts itself, the schema or the question is `registry-invalid`, never `no_match`."""
    text, reason = BROKEN[name]
    with pytest.raises(RegistryInvalid) as caught:
        read(text)
    assert caught.value.reason == reason


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_replies_never_tell_of_another(read, data):
    """A valid reply with bytes changed, cut or doubled is still about the person asked for, or an error."""
    valid = envelope().encode()
    at = data.draw(st.integers(0, len(valid) - 1))
    end = data.draw(st.integers(at, min(len(valid), at + 40)))
    put = data.draw(
        st.one_of(
            st.binary(max_size=4), st.sampled_from([b"<CongDan>", b"</CongDan>", b"0", b"&lt;", valid[at:end] * 2])
        )
    )
    try:
        answer = read(valid[:at] + put + valid[end:])
    except RegistryError:
        return
    assert answer.found
    assert answer.person_id == "099191000001"
