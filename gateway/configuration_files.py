"""The configuration directory: five folders, `portal.toml`, `compat.toml`, as files to documents (DESIGN 7).

The rule: what is checked is what is applied; every fault is found before anything is put in force.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.errors import MappingError
from adapters.factory import build_adapter, build_portal
from gateway.compat.accounts import read_hash
from gateway.snapshot import Snapshot, build_snapshot
from schemas.configuration import ConfigurationError

_FOLDERS = ("clients", "agreements", "registries", "procedures", "staff")
_SIZE_LIMIT = 4 * 1024 * 1024


def read_documents(directory: Path) -> dict[str, str]:
    """Read every file of the four folders, by relative path. Raises `ConfigurationError`."""
    documents: dict[str, str] = {}
    problems: list[tuple[str, str, str]] = []
    if not directory.is_dir():
        raise ConfigurationError(((str(directory), "", "there is no such directory"),))
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_dir() or any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            if path.stat().st_size > _SIZE_LIMIT:
                problems.append((name, "", "the file is larger than 4 MiB"))
                continue
            documents[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            problems.append((name, "", "the file is not UTF-8 text"))
        except OSError as error:
            problems.append((name, "", f"the file cannot be read: {error.strerror}"))
    if not documents and not problems:
        folders = ", ".join(_FOLDERS)
        problems.append((str(directory), "", f"there is no configuration here: the folders are {folders}"))
    if problems:
        raise ConfigurationError(tuple(problems))
    return documents


def check_documents(documents: Mapping[str, str], secrets_dir: Path | None = None) -> Snapshot:
    """Build everything a gateway would build of the documents. Raises `ConfigurationError` with every fault.

    Adapters are built too where `secrets_dir` is given, since they read their secrets when they are made.
    """
    snapshot = build_snapshot(0, documents)
    if secrets_dir is None:
        return snapshot
    problems: list[tuple[str, str, str]] = []
    for name, registry in snapshot.configuration.registries.items():
        try:
            build_adapter(registry, snapshot.configuration.files, secrets_dir)
        except MappingError as error:
            problems.append((f"registries/{name}.toml", "", str(error)))
    problems.extend(_doors(snapshot, secrets_dir))
    if problems:
        raise ConfigurationError(tuple(problems))
    return snapshot


def _doors(snapshot: Snapshot, secrets_dir: Path) -> Iterator[tuple[str, str, str]]:
    """Try what the portal and the drop-in door read from the secrets directory."""
    portal, compat = snapshot.configuration.portal, snapshot.configuration.compat
    try:
        if portal is not None:
            build_portal(portal, secrets_dir)
    except MappingError as error:
        yield "portal.toml", "", str(error)
    for account in compat.accounts if compat is not None else ():
        try:
            read_hash(secrets_dir, account)
        except MappingError as error:
            yield "compat.toml", "", str(error)
