"""A registry as a process: look-ups, journal, switches, an end at once."""

import asyncio
import json
import time

import aiohttp
import pytest

BIRTH = {"module": "KS", "soDinhDanh": "099191000001", "maYeuCau": "r-1"}


@pytest.fixture
def authorization(secrets_folder):
    """Return the civil status registry's header."""
    return {"Authorization": "Bearer " + (secrets_folder / "civil_status.token").read_text().strip()}


async def count(session, url):
    """Read how many calls there were."""
    async with session.get(url + "/_journal/count") as answer:
        return (await answer.json())["calls"]


async def test_population_over_http(start, ask_population):
    """The address that the caller posts to is part of the secret's hash, and the example person is found."""
    url, _ = start("population")
    asked = ask_population(url, now=time.time())
    async with aiohttp.ClientSession() as session:
        async with session.post(url + "/dancu", data=asked.body, headers=asked.headers) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/xml"
            assert "NGUYỄN THỊ THỬ" in await answer.text()
        assert await count(session, url) == 1


async def test_a_public_url_takes_the_place_of_the_bound_one(start, ask_population):
    """Behind a proxy the hash is over the proxy's address."""
    url, _ = start("population", "--public-url", "https://dancu.example.vn/")
    right, wrong = (ask_population(base, now=time.time()) for base in ("https://dancu.example.vn", url))
    async with aiohttp.ClientSession() as session:
        for asked, status in ((right, 200), (wrong, 401)):
            async with session.post(url + "/dancu", data=asked.body, headers=asked.headers) as answer:
                assert answer.status == status


async def test_logins_are_not_counted(start, log_in):
    """A log-in is no call; a look-up is, refused or not."""
    url, _ = start("insurance", "--token-ttl", "0.2")
    request, query_of = log_in
    question = {"maThe": "099191000001", "hoTen": "NGUYỄN THỊ THỬ", "ngaySinh": "1991"}
    question |= {"hoTenCb": "Trần Văn Cán", "cccdCb": "099085000009"}
    async with aiohttp.ClientSession() as session:
        async with session.post(url + "/api/token/take", data=request().body) as answer:
            query = query_of(await answer.read())
        assert await count(session, url) == 0
        codes = []
        for _ in range(2):
            async with session.post(f"{url}/api/egw/NhanLichSuKCB2024?{query}", json=question) as answer:
                codes.append((await answer.json())["maKetQua"])
            await asyncio.sleep(0.25)
        assert codes == ["000", "401"]
        assert await count(session, url) == 2


async def test_tax_over_http(start, ask_tax):
    """A signed question gets a signed answer."""
    url, _ = start("tax")
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + "/thue", data=ask_tax().body, headers={"Content-Type": "text/xml"}) as answer,
    ):
        assert answer.status == 200
        assert b"BinarySecurityToken" in await answer.read()


async def test_journal_file_delay_and_behaviour(start, authorization, tmp_path):
    """Lines are in the file when the answer is; a delay is kept; a mode is switched on and off."""
    file = tmp_path / "journal.jsonl"
    url, _ = start("civil_status", "--journal", str(file), "--delay-ms", "100")
    async with aiohttp.ClientSession(headers=authorization) as session:
        began = time.monotonic()
        async with session.post(url + "/hotich/traHoSo", json=BIRTH) as answer:
            assert (await answer.json(content_type=None))["status"] == 1
        assert time.monotonic() - began >= 0.1
        line = json.loads(file.read_bytes())
        assert (line["operation"], line["subject"], line["request_id"]) == ("traHoSo/KS", "099191000001", "r-1")
        async with session.put(url + "/_behaviour", json={"mode": "fault"}) as answer:
            assert answer.status == 204
        for code in ("500", "500", ""):
            async with session.post(url + "/hotich/traHoSo", json=BIRTH) as answer:
                assert (await answer.json(content_type=None))["errorCode"] == code
            if len(file.read_bytes().splitlines()) == 3:
                async with session.delete(url + "/_behaviour") as answer:
                    assert answer.status == 204
        async with session.get(url + "/_journal") as answer:
            assert await answer.read() == file.read_bytes()


async def test_other_requests(start, authorization):
    """Unknown modes and broken JSON are 400, unknown paths 404, GET 405; a followed trap shows in the journal."""
    url, _ = start("civil_status")
    async with aiohttp.ClientSession(headers=authorization) as session:
        for body in (b'{"mode": "bad_signature"}', b"{", b""):
            async with session.put(url + "/_behaviour", data=body) as answer:
                assert answer.status == 400
        for method, path, status in (
            ("POST", "/khac", 404),
            ("GET", "/_khac", 404),
            ("GET", "/hotich/traHoSo", 405),
            ("GET", "/_trap", 204),
        ):
            async with session.request(method, url + path) as answer:
                assert answer.status == status
        async with session.get(url + "/_journal") as answer:
            assert json.loads(await answer.read())["operation"] == "trap"


async def test_sigterm_ends_it_at_once(start, authorization):
    """With a call hanging the process still ends cleanly within a second."""
    url, process = start("civil_status")
    async with aiohttp.ClientSession(headers=authorization) as session:
        async with session.put(url + "/_behaviour", json={"mode": "hang"}):
            pass
        hanging = asyncio.create_task(session.post(url + "/hotich/traHoSo", json=BIRTH))
        await asyncio.sleep(0.3)
        assert await count(session, url) == 1
        process.terminate()
        began = time.monotonic()
        assert await asyncio.to_thread(process.wait, 5) == 0
        assert time.monotonic() - began < 1
        with pytest.raises(aiohttp.ClientError):
            await hanging
