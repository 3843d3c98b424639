"""The population registry: SOAP 1.1, HTTP Basic over a hash of address, user, time and secret (DOMAIN 4).

Not found is a collection without a person. A wrong name, a wrong birth date, an unknown person and a
restricted one look the same.
"""

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from lxml import etree

from mocks.behaviour import HELD_BACK, Mode, Reply
from mocks.clock import iso_local, unix_of_compact
from mocks.credentials import PopulationSecrets
from mocks.envelopes import (
    SOAP_MODES,
    RequestError,
    fault,
    only_child,
    parse,
    parser,
    reply,
    with_entity_bomb,
    with_external_entity,
    with_two_bodies,
)
from mocks.families import parents, spouse
from mocks.journal import Entry
from mocks.matching import birth_fits, iso_from_compact, name_fits, other_person
from mocks.names import full_name
from mocks.numbers import Key, draw, index, key_of, key_of_old_card, old_id_card, personal_id
from mocks.people import (
    ADULT,
    Address,
    age,
    birth,
    birth_place,
    current_address,
    ethnicity,
    head_now,
    home_town,
    household_number,
    marital_status,
    permanent_address,
    relation_to_head,
    restricted,
)
from mocks.server import TRAP, Handled, Message, Take
from mocks.special import EXAMPLE
from mocks.words import words

PATH = "/dancu"
REQUEST_NS = "http://dancuquocgia.bca"
REPLY_NS = "http://www.mic.gov.vn/dancu/1.0"
LOOK_UP, VERIFY = "TraCuuThongTinCongDan", "XacThucThongTinCongDan"

_INTEGRATION = {LOOK_UP: "037", VERIFY: "003"}
_CLOCK_SKEW_S = 600
_MARITAL = {"single": 1, "married": 2, "widowed": 3, "divorced": 4}
_TAG = f"{{{REQUEST_NS}}}"
_OPERATIONS = {_TAG + name: name for name in _INTEGRATION}
_LAYOUTS = {
    tuple(
        _TAG + tag for tag in words(f"MaYeuCau MaDVC MaTichHop MaCanBo MaDonVi {id_type} HoVaTen NgayThangNamSinh")
    ): id_type
    for id_type in ("SoDinhDanh", "SoCMND")
}
_BIRTH_LENGTHS = {f"{_TAG}NgayThangNam": 8, f"{_TAG}Nam": 4}


class Question(NamedTuple):
    """A parsed request; `birth_date` is a partial date."""

    operation: str
    request_id: str
    id_type: str
    number: str
    full_name: str
    birth_date: str


class Population:
    """Answers look-ups and verifications."""

    content_modes = SOAP_MODES

    def __init__(self, public_url: str, secrets: PopulationSecrets) -> None:
        self._url = public_url + PATH
        self._trap = public_url + TRAP
        self._secrets = secrets
        self._parser = parser()

    def handle(self, message: Message, take: Take) -> Handled | None:
        """Answer a POST to `/dancu`."""
        if message.path != PATH:
            return None
        if not self._authentic(message):
            return Handled(fault("Client", "Xác thực không thành công", 401), Entry("?", "", None, "refused"))
        try:
            asked = question(only_child(parse(message.body, self._parser)))
        except RequestError as error:
            return Handled(fault("Client", str(error)), Entry("?", "", None, "refused"))
        key = key_of(asked.number) if asked.id_type == "SoDinhDanh" else key_of_old_card(asked.number)
        mode = take(key.serial if key is not None else None)
        known = key if key is not None and _fits(key, asked) else None
        answered, outcome = self._answer(asked, known, mode, message.now)
        return Handled(answered, Entry(asked.operation, asked.number, asked.request_id, outcome), mode)

    def _authentic(self, message: Message) -> bool:
        headers, known = message.headers, self._secrets
        stamp = headers.get("Timestamp", "")
        digest = hashlib.sha256((self._url + known.user + stamp + known.secret).encode()).hexdigest()
        expected = b"Basic " + base64.b64encode(f"{known.user}:{digest}".encode())
        same = (
            hmac.compare_digest(headers.get("Authorization", "").encode(), expected)
            & hmac.compare_digest(headers.get("ApiKey", "").encode(), known.api_key.encode())
            & hmac.compare_digest(headers.get("X-Road-Client", "").encode(), known.xroad_client.encode())
        )
        return same and "SOAPAction" in headers and _fresh(stamp, message.now)

    def _answer(self, asked: Question, key: Key | None, mode: Mode | None, now: float) -> tuple[Reply, str]:
        if asked.operation == VERIFY:
            answered = reply(
                f'<KetQuaXacThuc xmlns="{REPLY_NS}"><TonTai>{str(key is not None).lower()}</TonTai></KetQuaXacThuc>'
            )
        else:
            answered = reply(collection(asked.request_id, (key,) if key is not None else (), now))
        if mode is None or mode.name in HELD_BACK:
            return answered, "found" if key is not None else "no_match"
        if mode.name in self.content_modes:
            return self._broken(mode.name, asked, key or EXAMPLE, now), mode.name
        return answered, mode.name

    def _broken(self, mode: str, asked: Question, key: Key, now: float) -> Reply:  # noqa: PLR0911 — one answer a mode
        right = reply(collection(asked.request_id, (key,), now))
        match mode:
            case "fault":
                return fault("Server", "Lỗi hệ thống dữ liệu dân cư: ORA-00942 tại DANCU.CONGDAN")
            case "another_person":
                return reply(collection(asked.request_id, (other_person(key),), now))
            case "two_results":
                return reply(collection(asked.request_id, (key, other_person(key)), now))
            case "wrong_request":
                return reply(collection("0" * 8 + asked.request_id[8:] + "0", (key,), now))
            case "two_bodies":
                return with_two_bodies(right)
            case "xxe":
                return with_external_entity(right, full_name(key), self._trap)
            case "entity_bomb":
                return with_entity_bomb(right, full_name(key))
        old, new = {
            "drift": ("HoVaTen>", "HoTen>"),
            "bad_boolean": ('SoCongDan="1"', 'SoCongDan="maybe"'),
            "bad_date": ("<NgayThangNamSinh>", "<NgayThangNamSinh><Nam>19x1</Nam>"),
            "wrong_namespace": (REPLY_NS, REPLY_NS.replace("1.0", "2.0")),
        }[mode]
        return Reply(right.status, right.content_type, right.body.replace(old.encode(), new.encode()))


def question(operation: etree._Element) -> Question:
    """Read the operation's children, which come in one fixed order; `RequestError` where they do not."""
    name = _OPERATIONS.get(str(operation.tag))
    members = list(operation)
    id_type = _LAYOUTS.get(tuple(str(member.tag) for member in members))
    if name is None or id_type is None:
        raise RequestError("unexpected operation or elements")
    request_id, _, code, officer, _, number, full, _ = [member.text or "" for member in members]
    if code != _INTEGRATION[name] or not request_id or not officer or full != full.upper():
        raise RequestError("unexpected integration code, or a name in small letters")
    return Question(name, request_id, id_type, number, full, iso_from_compact(_claimed_birth(members[7])))


def _claimed_birth(element: etree._Element) -> str:
    children = list(element)
    if len(children) != 1:
        raise RequestError("unexpected birth date")
    text = children[0].text or ""
    if _BIRTH_LENGTHS.get(str(children[0].tag)) != len(text):
        raise RequestError("unexpected birth date")
    return text


def _fits(key: Key, asked: Question) -> bool:
    return not restricted(key) and name_fits(key, asked.full_name) and birth_fits(key, asked.birth_date)


def _fresh(stamp: str, now: float) -> bool:
    made = unix_of_compact(stamp)
    return made is not None and abs(made - now) <= _CLOCK_SKEW_S


def collection(request_id: str, keys: tuple[Key, ...], now: float) -> str:
    """Write the reply's root with the people in it; `MaYeuCau` repeats the request's."""
    people = "".join(citizen(key) for key in keys)
    return (
        f'<CongdanCollection xmlns="{REPLY_NS}" SoCongDan="{len(keys)}" ThoiDiemDuLieu="{iso_local(now)}" '
        f"MaYeuCau={quoteattr(request_id)}>{people}</CongdanCollection>"
    )


@lru_cache(maxsize=8192)
def citizen(key: Key) -> str:
    """Write one `CongDan`, the whole name in `Ten`."""
    couple = parents(key)
    head = head_now(key)
    chance = draw(index(key), 30)
    blood = chance % 6
    return "".join(
        (
            f"<CongDan><SoDinhDanh>{personal_id(key)}</SoDinhDanh>",
            _optional("SoCMND", old_id_card(key)),
            f"<HoVaTen><Ho></Ho><ChuDem></ChuDem><Ten>{full_name(key)}</Ten></HoVaTen>",
            f"<GioiTinh>{key.sex + 1}</GioiTinh><DanToc>{ethnicity(key)}</DanToc>",
            f"<TonGiao>{('00', '00', '00', '01')[(chance >> 8) % 4]}</TonGiao>",
            f"<TinhTrangHonNhan>{_MARITAL[marital_status(key)]}</TinhTrangHonNhan>",
            f"<NhomMau>{blood}</NhomMau>" if 1 <= blood <= 4 else "",  # noqa: PLR2004 — the code table's end
            _birth(key),
            _address("NoiDangKyKhaiSinh", birth_place(key)),
            "<QuocTich>VN</QuocTich>",
            _address("QueQuan", home_town(key)),
            _address("ThuongTru", permanent_address(key)),
            _address("NoiOHienTai", current_address(key)),
            _relative("Cha", couple[0] if couple else None),
            _relative("Me", couple[1] if couple else None),
            _relative("VoChong", spouse(key)),
            _relative("NguoiDaiDien", couple[1] if couple and age(key) < ADULT else None),
            f"<ChuHo><HoVaTen>{full_name(head)}</HoVaTen><QuanHe>{relation_to_head(key, head)}</QuanHe>",
            f"<SoDinhDanh>{personal_id(head)}</SoDinhDanh></ChuHo>",
            f"<SoSoHoKhau>{household_number(key)}</SoSoHoKhau></CongDan>",
        )
    )


def _birth(key: Key) -> str:
    """Write the birth date: a day has its own element; of a year and a month only the year can be said."""
    text = birth(key).compact()
    tag = "NgayThangNam" if len(text) == 8 else "Nam"  # noqa: PLR2004 — yyyyMMdd
    return f"<NgayThangNamSinh><{tag}>{text if tag != 'Nam' else text[:4]}</{tag}></NgayThangNamSinh>"


def _optional(tag: str, value: str | None) -> str:
    return f"<{tag}>{value}</{tag}>" if value is not None else ""


def _address(tag: str, place: Address | None) -> str:
    if place is None:
        return ""
    return (
        f"<{tag}><MaTinhThanh>{place.province}</MaTinhThanh>{_optional('MaQuanHuyen', place.district)}"
        f"<MaPhuongXa>{place.ward}</MaPhuongXa><ChiTiet>{place.detail}</ChiTiet><QuocGia>{place.country}</QuocGia></{tag}>"
    )


def _relative(tag: str, key: Key | None) -> str:
    if key is None:
        return ""
    return (
        f"<{tag}><HoVaTen>{full_name(key)}</HoVaTen><QuocTich>VN</QuocTich>"
        f"<SoDinhDanh>{personal_id(key)}</SoDinhDanh>{_optional('SoCMND', old_id_card(key))}</{tag}>"
    )
