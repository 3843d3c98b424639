"""The sandbox's configuration: three callers, what is agreed with them, the registries, nine procedures.

Everything is synthetic (DOMAIN section 8): agencies H98, H99, G99 and procedures 9.9999xx do not exist. Pure:
from names and addresses to the texts of files.
"""

from collections.abc import Mapping

from gateway.sandbox.layout import MINISTRY, PROVINCE, REGISTRIES, STRICT_PROVINCE
from schemas.services import CATALOGUE, ServiceSpec

_VALID = 'valid_from = "2020-01-01"\nvalid_until = "2039-12-31"\ndaily_quota = 50000000\n'
_TITLES = {
    "9.999901": "Đăng ký thường trú",
    "9.999902": "Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi",
    "9.999903": "Đăng ký khai sinh",
    "9.999904": "Đăng ký khai tử",
    "9.999905": "Hỗ trợ chi phí mai táng",
    "9.999906": "Đăng ký kết hôn",
    "9.999907": "Cấp giấy phép kinh doanh hộ cá thể",
    "9.999908": "Xác nhận hoàn thành nghĩa vụ thuế",
    "9.999909": "Cấp lại thẻ bảo hiểm y tế",
}
PROCEDURES = tuple(_TITLES)

_BIRTH = ("Giấy khai sinh", "civil-status/birth", "full_name birth_date registration_number")
_RESIDENCE = ("Giấy tờ chứng minh nơi cư trú", "population/person", "full_name permanent_address")
_IDENTITY = ("Bản sao giấy tờ tùy thân", "population/person", "full_name birth_date personal_id")
_MARRIAGE = ("Giấy chứng nhận kết hôn", "civil-status/marriage", "husband wife registration_number")
_DEATH = ("Giấy chứng tử", "civil-status/death", "full_name died_on registration_number")
_CARD = ("Thẻ bảo hiểm y tế", "insurance/health-card", "card_number valid_to")
_TAX = ("Chứng từ nộp thuế", "tax/obligations", "total_amount")
_PAPERS = {
    "9.999901": ((*_BIRTH, "applicant"), (*_RESIDENCE, "applicant")),
    "9.999902": ((*_BIRTH, "child"), (*_RESIDENCE, "child")),
    "9.999903": ((*_IDENTITY, "mother"), (*_MARRIAGE, "mother")),
    "9.999904": ((*_IDENTITY, "deceased"),),
    "9.999905": ((*_DEATH, "deceased"), (*_IDENTITY, "applicant")),
    "9.999906": ((*_IDENTITY, "applicant"), (*_IDENTITY, "spouse")),
    "9.999907": ((*_IDENTITY, "applicant"), (*_TAX, "applicant")),
    "9.999908": ((*_TAX, "applicant"),),
    "9.999909": ((*_CARD, "applicant"), (*_IDENTITY, "applicant")),
}


def documents() -> dict[str, str]:
    """Return the agreements' and procedures' files by path under `config`; none of them names an address or a key."""
    texts = {
        f"agreements/{PROVINCE}.toml": _agreement(PROVINCE, "H99*", "none", explained="population/person"),
        f"agreements/{STRICT_PROVINCE}.toml": _agreement(STRICT_PROVINCE, "H98*", "party"),
        f"agreements/{MINISTRY}.toml": _head(MINISTRY, "G99*"),
    }
    texts.update({f"procedures/{code}.toml": _procedure(code) for code in PROCEDURES})
    return texts


def registry_document(mock: str, url: str) -> str:
    """Return one registry's file. Figures are those of PROTOCOL section 9."""
    auth = "\n".join(f'{name} = "{value}"' for name, value in _AUTH[mock].items())
    return (
        f'registry = "{REGISTRIES[mock]}"\nadapter = "{mock}"\nurl = "{url}"\ndeadline_s = 3.0\nmax_concurrent = 64\n'
        f"retry_budget = 0.1\n\n[breaker]\nmin_calls = 20\nfailure_rate = 0.5\nwindow_s = 10.0\nprobe_after_s = 2.0\n\n"
        f"[auth]\n{auth}\n"
    )


_AUTH: Mapping[str, Mapping[str, str]] = {
    "population": {"credentials_file": "population.toml"},
    "insurance": {"credentials_file": "insurance.toml"},
    "civil_status": {"token_file": "civil_status.token"},
    "tax": {
        "key_file": "tax-gateway.key.pem",
        "certificate_file": "tax-gateway.crt.pem",
        "registry_certificate_file": "tax-registry.crt.pem",
    },
}


def _head(client: str, agencies: str) -> str:
    return f'agreement = "{client}"\nclient = "{client}"\npush_agencies = ["{agencies}"]\n'


def _agreement(client: str, agencies: str, rule: str, explained: str = "") -> str:
    """Give a province every service with every field but the sensitive ones."""
    rows = [_grant(spec, agencies, rule, explain=spec.name == explained) for spec in CATALOGUE.values()]
    return "\n".join((_head(client, agencies), *rows))


def _grant(spec: ServiceSpec, agencies: str, rule: str, *, explain: bool) -> str:
    fields = [name for name in spec.fields if name not in spec.sensitive]
    return (
        f'[[grants]]\nservice = "{spec.name}"\nprocedures = {_words(PROCEDURES)}\nfields = {_words(fields)}\n'
        f'legal_bases = ["law", "consent", "vital_interest"]\nagencies = ["{agencies}"]\ndossier_rule = "{rule}"\n'
        f"{_VALID}explain = {str(explain).lower()}\n"
    )


def _procedure(code: str) -> str:
    parts = [f'procedure = "{code}"\nname = "{_TITLES[code]}"\nresult_due = true\nfee_due = false\n']
    for number, (name, service, fields, role) in enumerate(_PAPERS[code], 1):
        parts.append(
            f'[[components]]\ncode = "TP{number:02}"\nname = "{name}"\nmandatory = true\npaper_by_law = false\n\n'
            f'[[components.replaced_by]]\nservice = "{service}"\nfields = {_words(fields.split())}\nrole = "{role}"\n'
        )
    return "\n".join(parts)


def _words(words: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
