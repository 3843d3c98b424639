"""The sandbox's catalogue of procedures: what each asks of a citizen, and which look-up would replace the paper.

Twelve synthetic procedures in the shape of real ones (DESIGN section 6, DOMAIN sections 5 and 8), with the two linked
chains: birth → residence → health card of a child under six, and death → removal of residence → funeral
allowance. Pure: from this table to the texts of `config/procedures/*.toml`.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Replacement(NamedTuple):
    """The look-up that replaces a paper: about the dossier's party with this role."""

    service: str
    fields: str
    role: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A component. Without `by` no registry holds it (yet)."""

    name: str
    by: Replacement | None = None
    mandatory: bool = True
    by_law: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure and its papers, which are numbered TP01, TP02 …"""

    name: str
    papers: tuple[Paper, ...]
    result_due: bool = True
    fee_due: bool = False


def _birth(role: str) -> Paper:
    fields = "full_name birth_date registration_number"
    return Paper("Giấy khai sinh", Replacement("civil-status/birth", fields, role))


def _residence(role: str) -> Paper:
    name = "Giấy tờ chứng minh nơi cư trú"
    return Paper(name, Replacement("population/person", "full_name permanent_address", role))


def _identity(role: str, whose: str = "", *, mandatory: bool = True) -> Paper:
    fields = "full_name birth_date personal_id"
    return Paper(f"Bản sao giấy tờ tùy thân{whose}", Replacement("population/person", fields, role), mandatory)


def _marriage(role: str, *, mandatory: bool = True) -> Paper:
    fields = "husband wife registration_number"
    return Paper("Giấy chứng nhận kết hôn", Replacement("civil-status/marriage", fields, role), mandatory)


def _single(role: str, whose: str) -> Paper:
    name = f"Giấy xác nhận tình trạng hôn nhân {whose}"
    return Paper(name, Replacement("population/person", "full_name marital_status", role))


def _death() -> Paper:
    fields = "full_name died_on registration_number"
    return Paper("Giấy chứng tử", Replacement("civil-status/death", fields, "deceased"))


def _card(role: str) -> Paper:
    return Paper("Thẻ bảo hiểm y tế", Replacement("insurance/health-card", "card_number valid_to", role))


_TAX_PAID = Paper("Chứng từ nộp thuế", Replacement("tax/obligations", "total_amount", "applicant"))
_TAX_CODE = Paper("Giấy chứng nhận đăng ký thuế", Replacement("tax/taxpayer", "tax_code name status", "applicant"))
_INSURED = Replacement("insurance/social-insurance", "insurance_code status", "deceased")

CATALOGUE: dict[str, Procedure] = {
    "9.999901": Procedure(
        "Đăng ký thường trú",
        (
            _birth("applicant"),
            _residence("applicant"),
            Paper("Giấy tờ chứng minh chỗ ở hợp pháp"),
            _marriage("applicant", mandatory=False),
        ),
        fee_due=True,
    ),
    "9.999902": Procedure("Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi", (_birth("child"), _residence("child"))),
    "9.999903": Procedure(
        "Đăng ký khai sinh",
        (
            _identity("mother", " của mẹ"),
            _marriage("mother", mandatory=False),
            Paper("Giấy chứng sinh", by_law=True),
            _identity("father", " của cha", mandatory=False),
        ),
    ),
    "9.999904": Procedure(
        "Đăng ký khai tử",
        (
            _identity("deceased", " của người chết"),
            Paper("Giấy báo tử", by_law=True),
            _identity("applicant", " của người đi khai"),
        ),
    ),
    "9.999905": Procedure(
        "Hỗ trợ chi phí mai táng",
        (_death(), _identity("applicant"), Paper("Sổ bảo hiểm xã hội của người chết", _INSURED, mandatory=False)),
    ),
    "9.999906": Procedure(
        "Đăng ký kết hôn",
        (
            _identity("applicant", " của một bên"),
            _identity("spouse", " của bên kia"),
            _single("applicant", "của một bên"),
            _single("spouse", "của bên kia"),
        ),
    ),
    "9.999907": Procedure(
        "Cấp giấy chứng nhận đăng ký hộ kinh doanh",
        (
            _identity("applicant"),
            _TAX_PAID,
            _TAX_CODE,
            Paper("Hợp đồng thuê địa điểm kinh doanh", mandatory=False),
        ),
        fee_due=True,
    ),
    "9.999908": Procedure("Xác nhận hoàn thành nghĩa vụ thuế", (_TAX_PAID, _TAX_CODE)),
    "9.999909": Procedure("Cấp lại thẻ bảo hiểm y tế", (_card("applicant"), _identity("applicant"))),
    "9.999910": Procedure("Xóa đăng ký thường trú", (_death(), _identity("applicant"))),
    "9.999911": Procedure(
        "Cấp bản sao bằng tốt nghiệp, bảng điểm từ sổ gốc",
        (_identity("applicant"), Paper("Giấy ủy quyền có chứng thực", mandatory=False, by_law=True)),
        fee_due=True,
    ),
    "9.999912": Procedure(
        "Chuyển trường cho học sinh trung học cơ sở",
        (_birth("child"), _residence("child"), Paper("Học bạ"), Paper("Đơn xin chuyển trường", by_law=True)),
        result_due=False,
    ),
}
"""Procedures by their national code. The provinces' agreements cover the first nine (PROTOCOL section 9)."""


def procedure_document(code: str) -> str:
    """Return the text of a procedure's file. Raises `KeyError`."""
    procedure = CATALOGUE[code]
    head = (
        f'procedure = "{code}"\nname = "{procedure.name}"\n'
        f"result_due = {_flag(procedure.result_due)}\nfee_due = {_flag(procedure.fee_due)}\n"
    )
    return "\n".join((head, *(_component(number, paper) for number, paper in enumerate(procedure.papers, 1))))


def _component(number: int, paper: Paper) -> str:
    text = (
        f'[[components]]\ncode = "TP{number:02}"\nname = "{paper.name}"\n'
        f"mandatory = {_flag(paper.mandatory)}\npaper_by_law = {_flag(paper.by_law)}\n"
    )
    if paper.by is None:
        return text
    fields = ", ".join(f'"{field}"' for field in paper.by.fields.split())
    return (
        f'{text}\n[[components.replaced_by]]\nservice = "{paper.by.service}"\nfields = [{fields}]\n'
        f'role = "{paper.by.role}"\n'
    )


def _flag(value: bool) -> str:
    return str(value).lower()
