"""The configuration in force, made ready for the hot path: keys built, grants indexed, services listed.

A snapshot never changes; a new version of the configuration makes a new one (`gateway.live`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from adapters.factory import services_of
from schemas.configuration import Client, Configuration, ConfigurationError, load_configuration
from schemas.services import ServiceSpec
from signing.errors import KeyFormatError
from signing.keys import Algorithm, VerificationKey


@dataclass(frozen=True, slots=True, eq=False)
class GrantRow:
    """One row of an agreement, with its lists as sets; it equals itself alone, so that it is quickly found again."""

    agreement: str
    row: int
    client: str
    service: ServiceSpec
    procedures: frozenset[str]
    fields: frozenset[str]
    field_order: tuple[str, ...]
    legal_bases: frozenset[str]
    agencies: tuple[str, ...]
    dossier_rule: str
    valid_from: date
    valid_until: date
    daily_quota: int
    explain: bool


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A registered key and the client it speaks for."""

    client: Client
    key: VerificationKey


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of the configuration."""

    version: int
    configuration: Configuration
    keys: Mapping[str, KnownKey]
    grants: Mapping[tuple[str, str], tuple[GrantRow, ...]]
    services: Mapping[str, ServiceSpec]

    def grants_of(self, client: str) -> list[GrantRow]:
        """Every row of one client."""
        return [row for (owner, _), rows in self.grants.items() if owner == client for row in rows]


def build_snapshot(version: int, documents: Mapping[str, str]) -> Snapshot:
    """Load and check the configuration's documents. Raises `ConfigurationError`, naming every fault."""
    configuration = load_configuration(documents)
    services = {spec.name: spec for registry in configuration.registries.values() for spec in services_of(registry)}
    return Snapshot(
        version,
        configuration,
        MappingProxyType(_keys(configuration)),
        MappingProxyType(_grants(configuration, services)),
        MappingProxyType(services),
    )


def _keys(configuration: Configuration) -> dict[str, KnownKey]:
    keys: dict[str, KnownKey] = {}
    faults: list[tuple[str, str, str]] = []
    for client in configuration.clients.values():
        for position, entry in enumerate(client.keys):
            try:
                key = VerificationKey.from_pem(
                    entry.public_key.encode(),
                    entry.keyid,
                    Algorithm(entry.algorithm),
                    not_before=entry.not_before,
                    not_after=entry.not_after,
                    revoked_at=entry.revoked_at,
                )
            except KeyFormatError as error:
                faults.append((f"clients/{client.client}.toml", f"/keys/{position}/public_key", str(error)))
            else:
                keys[entry.keyid] = KnownKey(client, key)
    if faults:
        raise ConfigurationError(tuple(faults))
    return keys


def _grants(
    configuration: Configuration, services: Mapping[str, ServiceSpec]
) -> dict[tuple[str, str], tuple[GrantRow, ...]]:
    rows: dict[tuple[str, str], tuple[GrantRow, ...]] = {}
    for agreement in configuration.agreements.values():
        for number, grant in enumerate(agreement.grants):
            spec = services.get(grant.service)
            if spec is None:  # the agreement is ready before its registry: nothing to ask yet
                continue
            row = GrantRow(
                agreement=agreement.agreement,
                row=number,
                client=agreement.client,
                service=spec,
                procedures=frozenset(grant.procedures),
                fields=frozenset(grant.fields),
                field_order=tuple(grant.fields),
                legal_bases=frozenset(grant.legal_bases),
                agencies=tuple(grant.agencies),
                dossier_rule=grant.dossier_rule,
                valid_from=grant.valid_from,
                valid_until=grant.valid_until,
                daily_quota=grant.daily_quota,
                explain=grant.explain,
            )
            key = (agreement.client, grant.service)
            rows[key] = (*rows.get(key, ()), row)
    return rows
