"""The sandbox's configuration: three callers, what is agreed with them, the registries, the procedures.

Everything is synthetic (DOMAIN section 8): agencies H98, H99, G99 and procedures 9.9999xx do not exist. Pure:
from names and addresses to the texts of files.
"""

from collections.abc import Mapping

from gateway.sandbox.layout import MINISTRY, PROVINCE, REGISTRIES, STRICT_PROVINCE
from gateway.sandbox.procedures import CATALOGUE as CATALOGUE_OF_PROCEDURES
from gateway.sandbox.procedures import procedure_document
from gateway.sandbox.staff import staff_document
from schemas.services import CATALOGUE, ServiceSpec

_VALID = 'valid_from = "2020-01-01"\nvalid_until = "2039-12-31"\ndaily_quota = 50000000\n'
PROCEDURES = tuple(f"9.99990{number}" for number in range(1, 10))
"""Those that the provinces' agreements cover."""


def documents() -> dict[str, str]:
    """Return the agreements, procedures and staff list by path under `config`; none names an address or a key."""
    texts = {
        f"agreements/{PROVINCE}.toml": _agreement(PROVINCE, "H99*", "none", explained="population/person"),
        f"agreements/{STRICT_PROVINCE}.toml": _agreement(STRICT_PROVINCE, "H98*", "party"),
        f"agreements/{MINISTRY}.toml": _head(MINISTRY, "G99*"),
    }
    texts.update({f"procedures/{code}.toml": procedure_document(code) for code in CATALOGUE_OF_PROCEDURES})
    texts["staff/sandbox.toml"] = staff_document()
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


def _words(words: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
