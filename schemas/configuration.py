"""The configuration: who may call, what is agreed, which registries there are, what procedures ask (DESIGN 7).

Pure: from the texts of the files to one frozen value, or to one `ConfigurationError` that names every fault
of every file. Whether a PEM text is a sound key, and whether a mapping works, is judged where keys and
adapters are built.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from schemas.configuration_diff import Change, diff
from schemas.configuration_models import (
    Agreement,
    Breaker,
    Client,
    Component,
    GrantRow,
    Key,
    Procedure,
    Registry,
    Replacement,
    ServiceTable,
    Tls,
)
from schemas.configuration_portal import Compat, CompatAccount, Portal
from schemas.configuration_staff import StaffList
from schemas.configuration_terms import Frozen
from schemas.services import CATALOGUE

__all__ = [
    "Agreement",
    "Breaker",
    "Change",
    "Client",
    "Compat",
    "CompatAccount",
    "Component",
    "Configuration",
    "ConfigurationError",
    "ConfigurationProblem",
    "GrantRow",
    "Key",
    "Portal",
    "Procedure",
    "Registry",
    "Replacement",
    "ServiceTable",
    "StaffList",
    "Tls",
    "diff",
    "load_configuration",
]

_FOLDERS = ("clients", "agreements", "registries", "procedures", "staff")
_SINGLE = ("portal.toml", "compat.toml")
_Table = TypeVar("_Table", bound=Frozen)


class ConfigurationProblem(NamedTuple):
    """One fault: in which file, where in it (RFC 6901 pointer), and what is wrong."""

    file: str
    pointer: str
    sentence: str


class ConfigurationError(Exception):
    """A configuration that must not come into force. `problems` names every fault found."""

    def __init__(self, problems: tuple[tuple[str, str, str], ...]) -> None:
        self.problems = tuple(ConfigurationProblem(*problem) for problem in problems)
        super().__init__("\n".join(f"{file} {pointer or '/'}: {sentence}" for file, pointer, sentence in self.problems))


@dataclass(frozen=True, slots=True)
class Configuration:
    """One whole configuration, each table by its own name; `files` are the texts beside the tables (WSDLs)."""

    clients: Mapping[str, Client]
    agreements: Mapping[str, Agreement]
    registries: Mapping[str, Registry]
    procedures: Mapping[str, Procedure]
    files: Mapping[str, str]
    portal: Portal | None = None
    compat: Compat | None = None
    staff: Mapping[str, StaffList] = field(default_factory=dict)
    """Only of files that are being checked: in force they are pseudonyms, among `files`."""


class _Offer:
    """What other tables may refer to. A table that is itself at fault is not blamed on those that name it."""

    def __init__(self, configuration: Configuration, documents: Mapping[str, str]) -> None:
        self._documents = documents
        self._services = dict(CATALOGUE)
        for registry in configuration.registries.values():
            self._services.update({spec.name: spec for spec in registry.specs})
        self._registries = configuration.registries

    def knows_client(self, client: str) -> bool:
        return f"clients/{client}.toml" in self._documents

    def check(self, path: str, pointer: str, service: str, fields: tuple[str, ...]) -> Iterator[ConfigurationProblem]:
        spec = self._services.get(service)
        if spec is None:
            registry = service.partition("/")[0]
            if registry in self._registries or f"registries/{registry}.toml" not in self._documents:
                yield ConfigurationProblem(path, f"{pointer}/service", "no registry offers this service")
            return
        for position, name in enumerate(fields):
            if name not in spec.fields:
                yield ConfigurationProblem(path, f"{pointer}/fields/{position}", f"{service} has no field {name}")


def load_configuration(documents: Mapping[str, str]) -> Configuration:
    """Read a configuration from its files, by relative path (`clients/H99.igate.toml`, `registries/vat.wsdl`).

    `ConfigurationError` lists every fault.
    """
    problems: list[ConfigurationProblem] = []
    tables, files = _sorted_out(documents, problems)
    configuration = Configuration(
        _read(tables["clients"], Client, "client", problems),
        _read(tables["agreements"], Agreement, "agreement", problems),
        _read(tables["registries"], Registry, "registry", problems),
        _read(tables["procedures"], Procedure, "procedure", problems),
        MappingProxyType(files),
        _read_single(tables["portal.toml"], Portal, problems),
        _read_single(tables["compat.toml"], Compat, problems),
        _read(tables["staff"], StaffList, "staff", problems),
    )
    offer = _Offer(configuration, documents)
    for check in (
        _keys_differ(configuration),
        _agreed(configuration, offer),
        _replaced(configuration, offer),
        _doors(configuration, offer),
    ):
        problems.extend(check)
    if problems:
        raise ConfigurationError(tuple(problems))
    return configuration


def _sorted_out(
    documents: Mapping[str, str], problems: list[ConfigurationProblem]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    tables: dict[str, dict[str, str]] = {name: {} for name in (*_FOLDERS, *_SINGLE)}
    files: dict[str, str] = {}
    for path, text in sorted(documents.items()):
        folder, _, name = path.partition("/")
        if path in _SINGLE:
            tables[path][path] = text
        elif folder in _FOLDERS and name.endswith(".toml") and "/" not in name:
            tables[folder][path] = text
        elif (folder == "registries" and name) or (folder == "staff" and name.endswith(".json")):
            files[path] = text
        else:
            sentence = "no file is expected here: the folders are clients, agreements, registries, procedures and staff"
            problems.append(ConfigurationProblem(path, "", sentence))
    return tables, files


def _read(
    documents: Mapping[str, str], model: type[_Table], member: str, problems: list[ConfigurationProblem]
) -> Mapping[str, _Table]:
    """Read the tables of one folder, each named as its file is."""
    tables: dict[str, _Table] = {}
    for path, text in documents.items():
        table = _table(path, text, model, problems)
        if table is not None:
            name = path.partition("/")[2].removesuffix(".toml")
            if getattr(table, member) != name:
                problems.append(ConfigurationProblem(path, f"/{member}", "this must be the file's name"))
            tables[name] = table
    return MappingProxyType(tables)


def _read_single(
    documents: Mapping[str, str], model: type[_Table], problems: list[ConfigurationProblem]
) -> _Table | None:
    """Read the one table that stands beside the folders; None where it is not there."""
    for path, text in documents.items():
        return _table(path, text, model, problems)
    return None


def _table(path: str, text: str, model: type[_Table], problems: list[ConfigurationProblem]) -> _Table | None:
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        problems.append(ConfigurationProblem(path, "", f"this is not TOML: {error}"))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems.extend(ConfigurationProblem(path, _pointer(item["loc"]), _sentence(item)) for item in found)
    return None


def _pointer(location: tuple[int | str, ...]) -> str:
    """Point at a fault; pydantic's own steps into a union or a tuple are not in the file."""
    steps = [str(step) for step in location if not str(step).startswith(("tuple[", "function-", "constrained-"))]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _sentence(found: Any) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    words = {"missing": "this member is required", "extra_forbidden": "this member is not known"}
    return words.get(found["type"], str(found["msg"]))


def _keys_differ(configuration: Configuration) -> Iterator[ConfigurationProblem]:
    owners: dict[str, str] = {}
    for name, client in configuration.clients.items():
        for position, key in enumerate(client.keys):
            if key.keyid in owners:
                sentence = f"this keyid is taken, by the client {owners[key.keyid]}"
                yield ConfigurationProblem(f"clients/{name}.toml", f"/keys/{position}/keyid", sentence)
            owners.setdefault(key.keyid, name)


def _agreed(configuration: Configuration, offer: _Offer) -> Iterator[ConfigurationProblem]:
    for name, agreement in configuration.agreements.items():
        path = f"agreements/{name}.toml"
        if not offer.knows_client(agreement.client):
            yield ConfigurationProblem(path, "/client", "there is no such client")
        for position, row in enumerate(agreement.grants):
            yield from offer.check(path, f"/grants/{position}", row.service, row.fields)


def _doors(configuration: Configuration, offer: _Offer) -> Iterator[ConfigurationProblem]:
    for position, account in enumerate(configuration.compat.accounts if configuration.compat else ()):
        if not offer.knows_client(account.client):
            yield ConfigurationProblem("compat.toml", f"/accounts/{position}/client", "there is no such client")


def _replaced(configuration: Configuration, offer: _Offer) -> Iterator[ConfigurationProblem]:
    for name, procedure in configuration.procedures.items():
        for position, component in enumerate(procedure.components):
            for number, look_up in enumerate(component.replaced_by):
                pointer = f"/components/{position}/replaced_by/{number}"
                yield from offer.check(f"procedures/{name}.toml", pointer, look_up.service, look_up.fields)
