"""The drop-in door over a database, with a log in memory and one account."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.compat.accounts import password_hash
from gateway.compat.door import Door
from gateway.dossiers.receiving import Receiver
from gateway.evidence.floods import RefusalQueue
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.flow.exchange import Exchange
from gateway.live import LiveConfiguration
from signing.message import Request

PASSWORD = "mat khau rat dai"
COMPAT = (
    '[[accounts]]\nusername = "motcua"\nclient = "H99.test"\npassword_file = "motcua.argon2"\n'
    'sources = ["10.0.0.0/8"]\n'
)
_serials = count(1)


@pytest.fixture
def compat_toml() -> str:
    """Return the door's configuration; tests may override it."""
    return COMPAT


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory):
    """Make the secrets directory with the account's hash."""
    folder = tmp_path_factory.mktemp("door")
    (folder / "motcua.argon2").write_text(password_hash(PASSWORD) + "\n")
    (folder / "broken.argon2").write_text("password")
    return folder


@dataclass
class Visit:
    """Somebody in front of the door."""

    door: Door
    evidence: Any
    live: LiveConfiguration
    configured: Any
    peer: str = "10.1.2.3"
    session: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    async def send(self, operation: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Send a call; its status and answer come back."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        request = Request("POST", "https", "gateway.test", f"/compat/dvcqg/{operation}", self.headers)
        number, peer = next(_serials), self.peer
        exchange = Exchange(f"r-{number}", datetime.now(UTC), peer, "compat", request, content, address=peer)
        reply = await self.door.handle(exchange, {"operation": operation})
        return reply.status, orjson.loads(reply.body)

    async def log_in(self, username: str = "motcua", password: str = PASSWORD) -> str:
        """Log in; the answer's code comes back."""
        _, answer = await self.send("login", {"username": username, "password": password})
        self.session = answer.get("session", "")
        return answer["error_code"]

    async def call(self, service: str, data: Any = None, **members: Any) -> dict[str, Any]:
        """Call a service; its answer comes back."""
        body = {"session": self.session, "madonvi": "H99", "service": service, "data": data, **members}
        return (await self.send("service", body))[1]

    def last(self) -> Any:
        """Return the newest entry."""
        return self.evidence.entries[-1]


@pytest.fixture
async def visit(database, secrets_dir, memory_evidence, compat_toml, configured) -> Visit:
    """Stand in front of the door, not logged in."""

    async def unwatched(_: Any) -> None:
        return None

    configured.apply({**configured.documents, "compat.toml": compat_toml})
    live = await LiveConfiguration.load(configured, unwatched)
    pseudonyms = Pseudonyms({2026: bytes(range(32))})
    receiver = Receiver(database, pseudonyms=pseudonyms, sealer=MinuteSealer(X25519PrivateKey.generate().public_key()))
    strangers = RefusalQueue(memory_evidence, clock=lambda: datetime.now(UTC), monotonic=lambda: 0.0)
    door = Door(database, memory_evidence, strangers, live, receiver, secrets_dir)
    return Visit(door, memory_evidence, live, configured)


@pytest.fixture
def item() -> dict[str, Any]:
    """Return a dossier as real software sends it, of a code no other test uses."""
    return {
        "MaHoSo": f"H99.01-261121-{next(_serials):04}",
        "MaTTHC": "9.999901.000.00.00.H99",
        "TenTTHC": "Đăng ký thường trú",
        "KenhThucHien": "2",
        "ChuHoSo": "NGUYỄN THỊ THỬ",
        "NgayTiepNhan": "20261121083000",
        "NgayNopHoSo": "20261121080000",
        "TrangThaiHoSo": "2",
        "DonViXuLy": "Công an phường",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "099191000001"}],
        "TaiLieuNop": [{"MaThanhPhanHoSo": "TP01", "DuocSoHoa": "1", "DuocTaiSuDung": "2"}],
    }
