"""A PostgreSQL server of a benchmark's own, with the settings of an installation."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.store.embedded import EmbeddedPostgres


@contextmanager
def postgres(directory: Path | None = None) -> Iterator[EmbeddedPostgres]:
    """Start a server in `directory` and leave its data there; without one, in a new directory that is removed again."""
    place = directory or Path(tempfile.mkdtemp(prefix="lienthong-bench-"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)
    server = EmbeddedPostgres(place / "pg")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        if directory is None:
            server.remove()
            shutil.rmtree(place, ignore_errors=True)
