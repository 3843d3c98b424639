"""The services a gateway can offer: their fields, their keys and what else they ask of a subject.

The table is PROTOCOL section 3. A service is named `registry/service`; a breaking change of a
service gets a new name. Registries added by configuration bring their own `ServiceSpec`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What a service can be asked, and by which identifiers.

    `subject_requires` names members of the subject that must be present besides the identifier.
    `sensitive` is a subset of `fields` that an agreement must name one by one.
    """

    registry: str
    service: str
    id_types: tuple[str, ...]
    subject_requires: tuple[str, ...]
    fields: tuple[str, ...]
    sensitive: frozenset[str] = frozenset()
    name: str = field(init=False, repr=False)
    """The full name, `registry/service`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.registry}/{self.service}")


_NAMED = ("full_name", "birth_date")


def _spec(name: str, id_types: str, requires: tuple[str, ...], fields: str) -> ServiceSpec:
    registry, service = name.split("/")
    words = fields.split()
    return ServiceSpec(
        registry,
        service,
        tuple(id_types.split()),
        requires,
        tuple(word.rstrip("!") for word in words),
        frozenset(word.rstrip("!") for word in words if word.endswith("!")),
    )


_TABLE = (
    _spec(
        "population/person",
        "personal_id old_id_card",
        _NAMED,
        "personal_id old_id_card full_name birth_date sex ethnicity nationality marital_status birth_place "
        "home_town permanent_address current_address father mother spouse household_head household_number "
        "religion! blood_type!",
    ),
    _spec(
        "insurance/health-card",
        "personal_id health_card insurance_code",
        _NAMED,
        "card_number insurance_code full_name birth_date sex address status valid_from valid_to "
        "first_care_place first_care_place_name five_years_on area_code replaced_by treatment_history!",
    ),
    _spec(
        "insurance/social-insurance",
        "personal_id insurance_code",
        _NAMED,
        "insurance_code full_name birth_date sex status household_code",
    ),
    _spec(
        "civil-status/birth",
        "personal_id",
        (),
        "full_name birth_date sex birth_place home_town ethnicity nationality father mother "
        "registration_number registered_on registered_at",
    ),
    _spec(
        "civil-status/marriage",
        "personal_id",
        (),
        "husband wife status registration_number registered_on registered_at",
    ),
    _spec(
        "civil-status/death",
        "personal_id",
        (),
        "full_name died_on died_at registration_number registered_on registered_at cause!",
    ),
    _spec("tax/taxpayer", "personal_id tax_code", (), "tax_code name kind status address tax_office issued_on"),
    _spec("tax/obligations", "personal_id tax_code", (), "obligations total_amount"),
)

CATALOGUE: dict[str, ServiceSpec] = {spec.name: spec for spec in _TABLE}
"""The built-in services by full name."""
