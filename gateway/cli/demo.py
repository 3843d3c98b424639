"""`lienthong demo`: a sandbox and a guided story through it."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel

from gateway.cli.common import fail, out
from gateway.client import ClientError
from gateway.demo import tell
from gateway.sandbox.installation import Sandbox
from gateway.sandbox.layout import SandboxError
from gateway.sandbox.processes import ProcessFailed, StopSignals
from gateway.store.embedded import EmbeddedPostgresError


def demo(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Keep the sandbox here; by default it is temporary.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Public port; 0 takes a free one.")] = 0,
    leave: Annotated[bool, typer.Option("--exit", help="End after the story instead of waiting for Ctrl-C.")] = False,
) -> None:
    """Start a sandbox, tell its story step by step, and stay until Ctrl-C. Exit code 1 where a step goes wrong."""
    home = directory or Path(tempfile.mkdtemp(prefix="lienthong-demo-"))
    sandbox = Sandbox(home, port)
    try:
        with StopSignals() as signals:
            _play(sandbox, signals, leave=leave)
    except (SandboxError, ProcessFailed, EmbeddedPostgresError, ClientError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or home}: {error.strerror or type(error).__name__}")
    finally:
        if directory is None:
            sandbox.remove()
            shutil.rmtree(home, ignore_errors=True)
        else:
            sandbox.stop()


def _play(sandbox: Sandbox, signals: StopSignals, *, leave: bool) -> None:
    out.print("Liên Thông: đang khởi động … (PostgreSQL, 4 cơ sở dữ liệu, cổng kết nối)")
    public = sandbox.start()
    mocks = sandbox.addresses.mocks if sandbox.addresses else {}
    told = asyncio.run(tell(sandbox.layout, public, mocks, Console(highlight=False, markup=False)))
    if not told:
        fail(f"the story did not go as told — see {sandbox.layout.logs}")
    if leave:
        return
    console = sandbox.addresses.console if sandbox.addresses else ""
    lines = (
        f"API: {public}/docs",
        f"Bảng kiểm soát · Audit console: {console} (đăng nhập · log in: {sandbox.layout.auditor})",
        f"LIENTHONG_ENV_FILE={sandbox.layout.env} lienthong call GET /v1/registries",
        *(f"{name}: {url}" for name, url in mocks.items()),
        "Ctrl-C để kết thúc · Ctrl-C ends it",
    )
    out.print(Panel("\n".join(lines), title="Đang chạy · Running"))
    while not signals.wait():
        sandbox.check()


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(demo)
