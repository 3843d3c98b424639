"""Dialogues with the mocks: requests as a caller would write them, and registries as processes."""

import base64
import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from lxml import etree

from mocks.clock import compact_local
from mocks.credentials import insurance_secrets, population_secrets, write_missing
from mocks.server import Message
from signing.wsse import sign_envelope

NOW = 1_795_400_000.0
ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{}</soap:Body></soap:Envelope>'
)


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory):
    """Write a folder with one fresh set of secrets."""
    folder = tmp_path_factory.mktemp("mocks") / "secrets"
    write_missing(folder, datetime.now(UTC))
    return folder


@pytest.fixture(scope="session")
def start(secrets_folder):
    """Start a registry as a process and return its address and the process; all are stopped at the end."""
    started = []

    def run(name, *options):
        command = [sys.executable, "-m", "mocks", "serve", name, "--secrets", str(secrets_folder), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        word, url = process.stdout.readline().split()
        assert word == "READY"
        return url, process

    yield run
    for process in started:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def never():
    """Behave: no mode is on."""
    return lambda _serial: None


@pytest.fixture
def ask_population(secrets_folder):
    """Write a look-up as the population registry wants it; headers can be overruled."""
    known = population_secrets(secrets_folder)

    def message(
        url="http://127.0.0.1:1",
        *,
        number="099191000001",
        name="NGUYỄN THỊ THỬ",
        born="<NgayThangNam>19910502</NgayThangNam>",
        operation="TraCuuThongTinCongDan",
        code="037",
        tag="SoDinhDanh",
        stamp=None,
        now=NOW,
        **overruled,
    ):
        stamp = stamp or compact_local(now)
        digest = hashlib.sha256(f"{url}/dancu{known.user}{stamp}{known.secret}".encode()).hexdigest()
        headers = {
            "Authorization": "Basic " + base64.b64encode(f"{known.user}:{digest}".encode()).decode(),
            "Timestamp": stamp,
            "X-Road-Client": known.xroad_client,
            "ApiKey": known.api_key,
            "SOAPAction": '""',
            "Content-Type": "text/xml; charset=utf-8",
        }
        inner = (
            f'<{operation} xmlns="http://dancuquocgia.bca"><MaYeuCau>0199-r1</MaYeuCau><MaDVC>9.999901</MaDVC>'
            f"<MaTichHop>{code}</MaTichHop><MaCanBo>099085000009</MaCanBo><MaDonVi>H99.01</MaDonVi>"
            f"<{tag}>{number}</{tag}><HoVaTen>{name}</HoVaTen><NgayThangNamSinh>{born}</NgayThangNamSinh></{operation}>"
        )
        headers |= {key.replace("_", "-"): value for key, value in overruled.items()}
        return Message("/dancu", "", headers, ENVELOPE.format(inner).encode(), now)

    return message


@pytest.fixture
def log_in(secrets_folder):
    """Write the insurer's log-in, and from its answer the query string of further calls."""
    known = insurance_secrets(secrets_folder)

    def request(password=known.password, now=NOW):
        body = json.dumps({"username": known.username, "password": password}).encode()
        return Message("/api/token/take", "", {}, body, now)

    def query(answer):
        key = json.loads(answer)["APIKey"]
        digest = hashlib.sha256(known.password.encode()).hexdigest()
        return f"token={key['access_token']}&id_token={key['id_token']}&username={known.username}&password={digest}"

    return request, query


@pytest.fixture
def ask_tax(secrets_folder):
    """Write a look-up signed by the gateway as the tax registry wants it."""
    key = (secrets_folder / "tax-gateway.key.pem").read_bytes()
    certificate = (secrets_folder / "tax-gateway.crt.pem").read_bytes()

    def message(
        operation="TraCuuNguoiNopThue", number="099191000001", tag="SoDinhDanh", now=None, signer=(key, certificate)
    ):
        when = datetime.now(UTC) if now is None else now
        inner = (
            f'<{operation} xmlns="http://gdt.example.vn/tracuu/1.0"><MaYeuCau>0199-r1</MaYeuCau>'
            f"<{tag}>{number}</{tag}></{operation}>"
        )
        envelope = etree.fromstring(ENVELOPE.format(inner))
        sign_envelope(
            envelope, *signer, message_id="urn:uuid:1", created=when, expires=when.replace(year=when.year + 1)
        )
        return Message("/thue", "", {}, etree.tostring(envelope), datetime.now(UTC).timestamp())

    return message
