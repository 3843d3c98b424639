"""The peer: nginx + Lua that verifies one signature and proxies (../shared/peers), where both are installed."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from bench.load import Client

URL = "http://127.0.0.1:9302"
PATH = "/v1/lookups/insurance/health-card"
COMPONENTS = ("@method", "@target-uri", "content-type", "content-digest")
SHARED = Path(__file__).resolve().parents[2] / "shared"
_LUA = Path("/usr/lib/nginx/modules/ngx_http_lua_module.so")


class Peer:
    """One running peer; `pids` are its worker processes."""

    def __init__(self, client: Client) -> None:
        self._dir = Path(tempfile.mkdtemp(prefix="lienthong-peer-"))
        self._dir.chmod(0o755)
        key = client.key.public_key().public
        (self._dir / "pub.raw").write_bytes(key.public_bytes_raw())
        (self._dir / "keyid").write_text(client.key.keyid + "\n")
        subprocess.run(["bash", str(SHARED / "peers" / "peer.sh"), "start", str(self._dir)], check=True)
        self._master = int((self._dir / "peer.pid").read_text())

    @staticmethod
    def missing() -> str | None:
        """Why the peer cannot run here; None where it can."""
        if not (SHARED / "peers" / "peer.sh").exists():
            return "shared/peers is not beside the project"
        if shutil.which("nginx") is None or not _LUA.exists():
            return "nginx with Lua is not installed (apt-get install nginx-light libnginx-mod-http-lua)"
        return None

    @property
    def pids(self) -> list[int]:
        """The worker processes."""
        children = Path(f"/proc/{self._master}/task/{self._master}/children").read_text().split()
        return [int(pid) for pid in children]

    def stop(self) -> None:
        """End it."""
        os.kill(self._master, signal.SIGTERM)
        shutil.rmtree(self._dir, ignore_errors=True)
