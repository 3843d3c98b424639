"""The portal's client against a scripted portal: sessions, codes, and what an answer must look like."""

from collections import deque
from datetime import UTC, datetime

import orjson
import pytest

from adapters.contract import RegistryFault, RegistryInvalid
from adapters.http import Reply
from adapters.portal import Credentials, PortalBusy, PortalClient, PortalExists, PortalMissing, PortalRefused

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
WITHIN = {"now": NOW, "timeout_s": 1.0}


class Script:
    """A transport that gives prepared answers and notes what was sent."""

    def __init__(self, *answers):
        self.answers, self.sent, self.closed = deque(answers), [], False

    def url(self, path=""):
        """Name an address."""
        return path

    async def post(self, url, body, _headers, _timeout_s):
        """Answer the next."""
        self.sent.append((url, orjson.loads(body)))
        answer = self.answers.popleft()
        return Reply(200, "application/json", answer if isinstance(answer, bytes) else orjson.dumps(answer))

    async def close(self):
        """Note the end."""
        self.closed = True


def _client(*answers):
    script = Script(*answers)
    return PortalClient(script, Credentials("me", "secret"), "H99"), script


def _in(session="s1"):
    return {"session": session, "error_code": 0}


@pytest.mark.parametrize("success", [0, "0", "00"])
async def test_success_in_its_three_spellings(success):
    """0, "0" and "00" are success; a session is opened once and serves further calls."""
    client, script = _client(_in(), {"error_code": success}, {"error_code": success, "message": None})
    await client.sync([{"MaHoSo": "A"}], updating=False, **WITHIN)
    await client.progress([{"MaHoSo": "A"}], **WITHIN)
    assert script.sent == [
        ("/mapi/login", {"username": "me", "password": "secret"}),
        (
            "/mapi/g",
            {
                "session": "s1",
                "madonvi": "H99",
                "service": "DongBoHoSoMC",
                "isUpdating": "False",
                "data": [{"MaHoSo": "A"}],
            },
        ),
        (
            "/mapi/g",
            {"session": "s1", "madonvi": "H99", "service": "CapNhatTienDoHoSoMC", "data": [{"MaHoSo": "A"}]},
        ),
    ]


async def test_a_session_that_ended_is_renewed_once():
    """One new log-in, one more try; a portal that still does not know us is busy."""
    ended = {"error_code": "-1"}
    client, script = _client(_in(), ended, _in("s2"), {"error_code": "0"})
    await client.sync([], updating=True, **WITHIN)
    assert [body.get("session") for _, body in script.sent] == [None, "s1", None, "s2"]
    client, _ = _client(_in(), ended, _in("s2"), ended)
    with pytest.raises(PortalBusy):
        await client.sync([], updating=True, **WITHIN)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error_code": "2", "message": ""}, PortalExists),
        ({"error_code": 15, "message": "Hồ sơ ĐÃ TỒN TẠI trên hệ thống"}, PortalExists),
        ({"error_code": "3"}, PortalMissing),
        ({"error_code": "99"}, PortalBusy),
        ({"error_code": "1", "message": "Thiếu MaHoSo"}, PortalRefused),
        ({"error_code": "E<script>1"}, PortalRefused),
    ],
)
async def test_codes_say_what_happened(answer, error):
    """Every refusal is one of four; only letters and digits of its code are kept, nothing of its text."""
    client, _ = _client(_in(), answer)
    with pytest.raises(error) as caught:
        await client.sync([], updating=False, **WITHIN)
    assert caught.value.code.isalnum()
    assert "Thiếu" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", {"message": "ok"}, {"error_code": None}, {"error_code": True}, {"error_code": 0.0}]
)
async def test_an_answer_without_a_code_is_no_answer(answer):
    """What is not an object with a code broke the contract: nobody knows what was done."""
    client, _ = _client(_in(), answer)
    with pytest.raises(RegistryInvalid):
        await client.sync([], updating=False, **WITHIN)


async def test_a_refused_log_in_is_the_portals_fault():
    """A log-in that is refused, or that gives no session, is an error without a word of the portal's."""
    client, _ = _client({"error_code": "1", "message": "Sai"})
    with pytest.raises(RegistryFault, match="login-refused"):
        await client.sync([], updating=False, **WITHIN)
    client, _ = _client({"error_code": 0, "session": ""})
    with pytest.raises(RegistryInvalid):
        await client.sync([], updating=False, **WITHIN)


async def test_what_it_holds():
    """Dossiers by code, those asked for alone; a portal that knows none of them holds nothing."""
    rows = [{"MaHoSo": "A", "TrangThaiHoSo": "2"}, {"MaHoSo": "X"}]
    client, _ = _client(_in(), {"error_code": "0", "data": rows}, {"error_code": "3"}, {"error_code": "0"})
    assert await client.held(["A", "B"], **WITHIN) == {"A": rows[0]}
    assert await client.held(["A"], **WITHIN) == {}
    with pytest.raises(RegistryInvalid):
        await client.held(["A"], **WITHIN)


async def test_its_procedures():
    """Name and field of each procedure, by code."""
    row = {"MaTTHC": "9.999901", "TenTTHC": "Đăng ký", "MaLinhVuc": "LV", "TenLinhVuc": "Lĩnh vực"}
    client, script = _client(_in(), {"error_code": 0, "data": [row]})
    found = await client.procedures(**WITHIN)
    assert found["9.999901"].name == "Đăng ký"
    await client.close()
    assert script.closed


def test_the_password_is_not_shown():
    """Credentials never show their password."""
    assert "secret" not in repr(Credentials("me", "secret"))
