"""The four kinds of configuration files as frozen values (DESIGN sections 2, 5, 6 and 7).

The rule: an allow-list is explicit and an empty one is a fault, never a permission. What needs more than
one file to be judged is checked in `schemas.configuration`.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from schemas.configuration_terms import (
    AgencyPattern,
    Day,
    Distinct,
    FieldName,
    Frozen,
    Identifier,
    Moment,
    ProcedureCode,
    SecretFile,
    ServiceName,
    ServiceWord,
    Several,
    Some,
    Title,
    Word,
    secret_file,
)
from schemas.services import CATALOGUE, ServiceSpec

BUILT_IN: Mapping[str, str] = {
    "population": "population",
    "insurance": "insurance",
    "civil_status": "civil-status",
    "tax": "tax",
}
"""The registry that each built-in adapter speaks to."""


class Key(Frozen):
    """A caller's public key. The algorithm belongs to the key, never to a message."""

    keyid: Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,128}$")]
    algorithm: Literal["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"]
    public_key: Annotated[str, Field(max_length=4096)]
    not_before: Moment | None = None
    not_after: Moment | None = None
    revoked_at: Moment | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        text = self.public_key.strip()
        if "PRIVATE KEY" in text:
            raise ValueError("this is a private key: take it out, it must never leave its owner")
        if not (text.startswith("-----BEGIN PUBLIC KEY-----") and text.endswith("-----END PUBLIC KEY-----")):
            raise ValueError("public_key must be one PEM block, BEGIN PUBLIC KEY to END PUBLIC KEY")
        if self.not_before and self.not_after and self.not_before >= self.not_after:
            raise ValueError("not_before must lie before not_after")
        return self


class Client(Frozen):
    """Who may call: `clients/<client>.toml`."""

    client: Identifier
    name: Title
    kind: Literal["province", "ministry", "other"]
    suspended: bool = False
    keys: Some[Key]


class GrantRow(Frozen):
    """One row: every part must cover the request, and rows are never pooled. Days are inclusive."""

    service: ServiceName
    procedures: Distinct[ProcedureCode]
    fields: Distinct[FieldName]
    legal_bases: Distinct[Literal["law", "consent", "vital_interest"]]
    agencies: Distinct[AgencyPattern]
    dossier_rule: Literal["none", "open_dossier", "party"]
    valid_from: Day
    valid_until: Day
    daily_quota: Annotated[int, Field(ge=1)]
    explain: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.valid_from > self.valid_until:
            raise ValueError("valid_from must not lie after valid_until")
        return self


class Agreement(Frozen):
    """What one client may ask and report: `agreements/<agreement>.toml`."""

    agreement: Identifier
    client: Identifier
    push_agencies: Distinct[AgencyPattern] = ()
    reuse_all: bool = False
    grants: Several[GrantRow] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.push_agencies or self.reuse_all or self.grants):
            raise ValueError("the agreement allows nothing: give it grants, push_agencies or reuse_all")
        return self


class Breaker(Frozen):
    """When a failing registry is spared: at `failure_rate` of at least `min_calls` in `window_s` seconds."""

    min_calls: Annotated[int, Field(ge=1)] = 20
    failure_rate: Annotated[float, Field(gt=0, le=1)] = 0.5
    window_s: Annotated[float, Field(gt=0, le=3600)] = 10.0
    probe_after_s: Annotated[float, Field(gt=0, le=3600)] = 2.0


class Tls(Frozen):
    """Files of the secrets directory: whom to trust, and who we are."""

    ca_file: SecretFile | None = None
    client_certificate_file: SecretFile | None = None
    client_key_file: SecretFile | None = None

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise ValueError("client_certificate_file and client_key_file go together")
        return self


class ServiceTable(Frozen):
    """A service of a declared registry; `mapping` is the adapters' to judge."""

    service: ServiceWord
    id_types: Distinct[Literal["personal_id", "old_id_card", "insurance_code", "health_card", "tax_code"]]
    subject_requires: Distinct[Literal["full_name", "birth_date"]] = ()
    fields: Distinct[FieldName]
    sensitive: Distinct[FieldName] = ()
    mapping: dict[str, Any]

    @model_validator(mode="after")
    def _sensitive_known(self) -> Self:
        if not set(self.sensitive) <= set(self.fields):
            raise ValueError("every sensitive field must be one of the fields")
        return self


def safe_url(text: str) -> str:
    """Return a URL of somebody we call, without a closing slash; `ValueError` where it will not do."""
    parts = urlsplit(text)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or not text.isascii() or not text.isprintable():
        raise ValueError("this must be an http or https URL")
    if parts.username is not None or parts.query or parts.fragment or (parts.port is not None and parts.port == 0):
        raise ValueError("a registry's URL has no user, query or fragment")
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError("http is for loopback only: use https")
    return text.rstrip("/")


def _secrets_relative(auth: dict[str, str]) -> dict[str, str]:
    for member, text in auth.items():
        if member.endswith("_file"):
            secret_file(text)
        elif not text:
            raise ValueError("a member of auth must not be empty")
    return auth


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Registry(Frozen):
    """A registry and how it is reached: `registries/<registry>.toml`. Times in seconds."""

    registry: ServiceWord
    adapter: Literal["population", "insurance", "civil_status", "tax", "soap", "rest"]
    url: Annotated[str, AfterValidator(safe_url)]
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 3.0
    max_concurrent: Annotated[int, Field(ge=1, le=10_000)] = 64
    breaker: Breaker = Breaker()
    retry_budget: Annotated[float, Field(ge=0, le=1)] = 0.1
    auth: Annotated[dict[str, str], AfterValidator(_secrets_relative)] = Field(default_factory=dict)
    tls: Tls | None = None
    services: Several[ServiceTable] = ()

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        built_in = BUILT_IN.get(self.adapter)
        if built_in is not None and (self.registry != built_in or self.services):
            raise ValueError(f"the adapter {self.adapter} serves the registry {built_in}, without [[services]]")
        if built_in is None and not self.services:
            raise ValueError("a soap or rest registry needs at least one [[services]]")
        if len({table.service for table in self.services}) != len(self.services):
            raise ValueError("a service is declared twice")
        return self

    @property
    def specs(self) -> tuple[ServiceSpec, ...]:
        """What this registry can be asked."""
        if self.adapter in BUILT_IN:
            return tuple(spec for spec in CATALOGUE.values() if spec.registry == self.registry)
        return tuple(
            ServiceSpec(
                self.registry,
                table.service,
                table.id_types,
                table.subject_requires,
                table.fields,
                frozenset(table.sensitive),
            )
            for table in self.services
        )


class Replacement(Frozen):
    """The look-up that makes a paper superfluous: about the party of the dossier with this role."""

    service: ServiceName
    fields: Distinct[FieldName]
    role: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]


class Component(Frozen):
    """One paper of a procedure."""

    code: Word
    name: Title
    mandatory: bool = True
    paper_by_law: bool = False
    replaced_by: Several[Replacement] = ()


class Procedure(Frozen):
    """What a procedure asks of a citizen: `procedures/<procedure>.toml`, owned by the operator."""

    procedure: ProcedureCode
    name: Title
    components: Several[Component] = ()
    result_due: bool = True
    fee_due: bool = False

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        if len({component.code for component in self.components}) != len(self.components):
            raise ValueError("a component's code is used twice")
        return self
